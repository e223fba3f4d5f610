//! Values in 64 bits, as events carry them.

use std::{cell::RefCell, collections::HashMap, fmt::Debug};

use selvedge::platform::Pod;

/// The value of a word.
pub trait Bits: Copy + Eq + Debug + Send + Sync {
    /// The bits that it has.
    const MASK: u64;
    /// As bits.
    fn bits(self) -> u64;
    /// From bits.
    fn of(bits: u64) -> Self;
}

impl Bits for u32 {
    const MASK: u64 = u32::MAX as u64;
    fn bits(self) -> u64 {
        self.into()
    }
    fn of(bits: u64) -> Self {
        bits as Self
    }
}

impl Bits for u64 {
    const MASK: u64 = Self::MAX;
    fn bits(self) -> u64 {
        self
    }
    fn of(bits: u64) -> Self {
        bits
    }
}

/// Payload values of more than eight bytes, by number.
#[derive(Default)]
struct Longer {
    values: Vec<Box<[u8]>>,
    numbers: HashMap<Box<[u8]>, u64>,
}

thread_local! {
    static LONGER: RefCell<Longer> = RefCell::default();
}

/// A payload value in 64 bits: itself, or its number among the longer ones.
pub(super) fn encode<T: Pod>(value: &T) -> u64 {
    let bytes = value.as_bytes();
    if bytes.len() <= 8 {
        let mut eight = [0; 8];
        eight[..bytes.len()].copy_from_slice(bytes);
        return u64::from_ne_bytes(eight);
    }
    LONGER.with_borrow_mut(|Longer { values, numbers }| {
        *numbers.entry(bytes.into()).or_insert_with(|| {
            values.push(bytes.into());
            values.len() as u64 - 1
        })
    })
}

pub(super) fn decode<T: Pod>(value: u64) -> T {
    let read = |bytes: &[u8]| T::read_from_bytes(bytes).expect("as many bytes as were written");
    let size = size_of::<T>();
    if size <= 8 {
        return read(&value.to_ne_bytes()[..size]);
    }
    LONGER.with_borrow(|longer| read(&longer.values[value as usize]))
}
