//! What the tests between processes share: records, names that vanish, children that do not stay, a
//! clock, and a second view of a segment's bytes.
#![cfg(target_os = "linux")]

mod children;
mod clock;
mod names;
mod stream;
mod view;

pub use children::{Children, LIMIT, child, inherited};
pub use clock::Clock;
pub use names::Name;
pub use stream::{Checksum, Labelled, Tick, Ticked, byte, consume_all};
pub use view::View;

/// The root README's program is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
