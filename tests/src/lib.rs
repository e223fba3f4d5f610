//! What the tests between processes share: records, names that vanish, children that do not stay,
//! and a second view of a segment's bytes.
#![cfg(target_os = "linux")]

mod children;
mod names;
mod race;
mod stream;
mod view;

pub use children::{Children, LIMIT, child, inherited};
pub use names::Name;
pub use race::{Gate, PRIZE, RACERS, STALE, mark};
pub use stream::{Checksum, Tick, byte, consume_all};
pub use view::View;

/// The root README's program is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
