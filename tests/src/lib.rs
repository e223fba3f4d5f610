//! What tests share: records, names that vanish, children that do not stay, a clock, a second view of
//! a segment's bytes, descriptors in flight; every mechanism, models, what fuzz targets do with an input,
//! examples, and sessions in READMEs.
#![cfg(target_os = "linux")]

pub mod confined;
pub mod deaths;
pub mod examples;
pub mod fuzz;
pub mod handshake;
pub mod interrupting;
pub mod mechanisms;
pub mod model;
pub mod peer_dead;
pub mod pipes;
pub mod queues;
pub mod semaphores;
pub mod sessions;
pub mod signals;
pub mod soak;
pub mod sockets;

mod bell;
mod children;
mod clock;
mod cores;
mod header;
mod interrupted;
mod maps;
mod names;
mod outlive;
mod passing;
mod race;
mod sheet;
mod stream;
mod view;
mod words;

pub use bell::Bell;
pub use children::{A_WHILE, Children, FOR_EVER, LIMIT, bequeath, child, hear, heir, inherited};
pub use clock::Clock;
pub use cores::{allowed_cores, stay_on};
pub use header::write_header;
pub use interrupted::be_interrupted;
pub use names::Name;
pub use outlive::{begin, outlive};
pub use passing::{receive, receive_packet, send, send_packet};
pub use race::{Gate, PRIZE, RACERS, STALE, mark};
pub use sheet::Sheet;
pub use stream::{Checksum, Labelled, Tick, Ticked, Wide, byte, consume_all};
pub use view::View;
pub use words::{Word, Words};

/// The root README's program is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
