//! A record that no single instruction writes.

use selvedge::segment::{Record, RecordId};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// A record of eight words, which belong together or are torn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Sheet([u64; 8]);

impl Record for Sheet {
    const ID: RecordId = RecordId::new("selvedge-tests.sheet/1");
}

impl Sheet {
    /// The record of this number.
    #[must_use]
    pub fn nth(n: u64) -> Self {
        Self(core::array::from_fn(|word| n.rotate_left(8 * word as u32)))
    }

    /// What a writer leaves that dies in the middle.
    #[must_use]
    pub fn torn(from: u64, to: u64) -> Self {
        let mut torn = Self::nth(from);
        torn.0[..3].copy_from_slice(&Self::nth(to).0[..3]);
        torn
    }

    /// Its number, if its parts belong together.
    #[must_use]
    pub fn number(self) -> Option<u64> {
        (self == Self::nth(self.0[0])).then_some(self.0[0])
    }
}
