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

/// A record of some cache lines: whoever copies it takes a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Wide(pub [u64; 32]);

impl Record for Wide {
    const ID: RecordId = RecordId::new("selvedge-tests.wide/1");
}

/// A record of one of many producers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Labelled {
    producer: u32,
    check: u32,
    seq: u64,
}

impl Record for Labelled {
    const ID: RecordId = RecordId::new("selvedge-tests.labelled/1");
}

impl Labelled {
    /// Tells a consumer that nothing more comes for it.
    pub const END: Self = Self { producer: u32::MAX, check: 0, seq: 0 };

    /// Record number `seq` of this producer.
    #[must_use]
    pub fn new(producer: u32, seq: u64) -> Self {
        Self { producer, check: mix(seq ^ u64::from(producer) << 48) as u32, seq }
    }

    /// Producer and number, if the parts belong together.
    #[must_use]
    pub fn checked(self) -> Option<(u32, u64)> {
        (self == Self::new(self.producer, self.seq)).then_some((self.producer, self.seq))
    }
}

/// Which of the numbers from 0 have come: a bit each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticked(Vec<u8>);

impl Ticked {
    /// None of so many, which are a multiple of 8.
    #[must_use]
    pub fn none_of(count: u64) -> Self {
        assert!(count.is_multiple_of(8), "whole bytes");
        Self(vec![0; (count / 8) as usize])
    }

    /// `number` has come.
    pub fn tick(&mut self, number: u64) {
        self.0[(number / 8) as usize] |= 1 << (number % 8);
    }

    /// The bits.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
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
