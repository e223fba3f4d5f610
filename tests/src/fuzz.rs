//! What the fuzz targets of `fuzz/` do with an input: plain functions, so that a committed corpus is
//! replayed without a fuzzer. Each panics if its oracle is contradicted.

mod attach;
mod frames;
mod words;

use arbitrary::{Arbitrary, Unstructured};
use selvedge::protocol::semaphore::MAX;

use crate::model;

/// A target: its name, which is also its corpus's, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: [Target; 6] = [
    ("attach", attach::attach),
    ("frames", frames::frames),
    ("mpmc", mpmc),
    ("mpmc_words", words::mpmc_words),
    ("semaphore", semaphore),
    ("spsc", spsc),
];

/// Runs the target of that name.
///
/// # Panics
/// If there is none, or its oracle is contradicted.
pub fn run(name: &str, input: &[u8]) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target's name");
    target(input);
}

/// Where a queue or a ring starts: often near the end of a counter.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Start {
    Zero,
    /// Before the last position.
    End(u8),
    /// Before the last lap that a slot's word can hold.
    LapEnd(u8),
    Any(u64),
}

impl Start {
    fn position(self) -> u64 {
        match self {
            Self::Zero => 0,
            Self::End(before) => u64::MAX - u64::from(before),
            Self::LapEnd(before) => (1 << 50) - u64::from(before),
            Self::Any(position) => position,
        }
    }
}

/// What an input says, or nothing if it is too short for that.
fn decode<'a, T: Arbitrary<'a>>(input: &'a [u8]) -> Option<T> {
    T::arbitrary_take_rest(Unstructured::new(input)).ok()
}

/// Sequences of operations on a ring, against a bounded queue.
fn spsc(input: &[u8]) {
    let Some((capacity, start, operations)) = decode::<(u8, Start, Vec<_>)>(input) else { return };
    model::ring::check(1 << (capacity % 4), start.position(), operations);
}

/// Sequences of operations on a queue, by several handles, against a bounded queue.
fn mpmc(input: &[u8]) {
    let Some((capacity, start, operations)) = decode::<(u8, Start, Vec<_>)>(input) else { return };
    model::queue::check(1 << (capacity % 4), start.position(), operations);
}

/// Sequences of operations on a semaphore, mostly of few permits, against a counter.
fn semaphore(input: &[u8]) {
    use model::semaphore::Operation::{self, Release};
    let Some((max, operations)) = decode::<(u8, Vec<Operation>)>(input) else { return };
    let max = if max < 0x80 { 1 + u32::from(max % 4) } else { MAX };
    let operations = operations.into_iter().map(|operation| match operation {
        Release(n) if n <= MAX => Release(n % 4),
        other => other,
    });
    model::semaphore::check(max / 2, max, operations);
}
