//! Words in a segment that mean nothing by themselves.

use core::alloc::Layout;

use selvedge::{
    platform::{Platform, native::Native},
    segment::{CapacityError, ConfigError, Identity, Object, ProtocolId},
};

/// A 64-bit word.
pub type Word = <Native as Platform>::U64;

/// So many words, all 0 at first: where a process leaves what is to outlive it, apart from the memory
/// under test.
#[derive(Debug)]
#[repr(transparent)]
pub struct Words([Word]);

impl core::ops::Deref for Words {
    type Target = [Word];

    #[inline]
    fn deref(&self) -> &[Word] {
        &self.0
    }
}

// SAFETY:
// - `layout` is that of an array of so many words, which are aligned to 8;
// - `at` casts `base` and attaches the number of words;
// - every byte lies in an atomic word, for which all values are valid;
// - there are no methods but those of the words.
unsafe impl Object for Words {
    type Config = u64;

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"WORD");
    const RECORD: Identity = Identity::NONE;

    fn elements(count: &u64) -> u64 {
        *count
    }

    fn layout(elements: u64) -> Result<Layout, CapacityError> {
        let too_large = CapacityError::TooLarge(elements);
        let count = usize::try_from(elements).map_err(|_| too_large)?;
        Layout::array::<Word>(count).map_err(|_| too_large)
    }

    fn at(base: *mut u8, elements: usize) -> *const Self {
        core::ptr::slice_from_raw_parts_mut(base.cast::<Word>(), elements) as *const Self
    }

    fn init(&self, _: &u64) -> Result<(), ConfigError> {
        Ok(())
    }
}
