//! What is streamed, and how it is known again.

use std::error::Error;

use selvedge::{
    protocol::spsc::PopError,
    segment::{Record, RecordId, Shared, SpscRing},
};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// A record of two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Tick {
    /// Its place in the stream.
    pub seq: u64,
    /// A function of its place.
    pub mix: u64,
}

impl Record for Tick {
    const ID: RecordId = RecordId::new("selvedge-tests.tick/1");
}

impl Tick {
    /// The record at place `seq`.
    #[must_use]
    pub fn nth(seq: u64) -> Self {
        Self { seq, mix: mix(seq) }
    }
}

/// The byte at place `n` of a byte stream.
#[must_use]
pub fn byte(n: u64) -> u8 {
    mix(n) as u8
}

/// A cheap bijection that no shifted or repeated stream agrees with.
fn mix(n: u64) -> u64 {
    let n = (n ^ (n >> 31)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    n ^ (n >> 29)
}

/// Depends on every value and on their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum(u64);

impl Checksum {
    /// Adds the next value.
    pub fn add(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x0100_0000_01B3);
    }

    /// The sum so far.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }
}

/// Takes ticks until `ring` is closed, and says how many there were and their checksum.
///
/// # Errors
/// If one is not the next of the stream, or the ring fails.
pub fn consume_all(ring: &Shared<SpscRing<Tick>>) -> Result<String, Box<dyn Error>> {
    let mut consumer = ring.consumer()?;
    let mut checksum = Checksum::default();
    for seq in 0.. {
        match consumer.pop() {
            Ok(tick) if tick == Tick::nth(seq) => checksum.add(tick.mix),
            Ok(tick) => return Err(format!("{tick:?} at place {seq}").into()),
            Err(PopError::Closed) => return Ok(format!("{seq} {:#x}", checksum.value())),
            Err(error) => return Err(error.into()),
        }
    }
    unreachable!("2^64 ticks")
}
