//! Plain, sequential models, and operations done to them and to an object in a segment side by side:
//! for generated tests and for fuzz targets.

pub mod queue;
pub mod ring;
pub mod semaphore;
