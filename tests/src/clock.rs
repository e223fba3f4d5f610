//! A clock that all processes of a test share: it goes on by one whenever somebody looks.

use core::alloc::Layout;

use selvedge::{
    platform::{Ordering, Platform, native::Native},
    segment::{CapacityError, ConfigError, Identity, Object, ProtocolId, fixed},
};
use selvedge_models::spec::Stamped;

/// The clock, in a segment of its own.
#[derive(Debug)]
#[repr(C)]
pub struct Clock(<Native as Platform>::U64);

impl Clock {
    /// The present moment. Looks are ordered by happens-before, as their moments are.
    pub fn moment(&self) -> u64 {
        self.0.fetch_add(1, Ordering::AcqRel)
    }

    /// Waits until so many have come here.
    pub fn meet(&self, others: u64) {
        self.moment();
        while self.0.load(Ordering::Acquire) < others {
            std::thread::yield_now();
        }
    }

    /// Makes a call, and looks at the clock before and after it.
    ///
    /// # Errors
    /// The call's.
    pub fn stamped<O, A, E>(
        &self,
        op: O,
        call: impl FnOnce() -> Result<A, E>,
    ) -> Result<Stamped<O, A>, E> {
        let start = self.moment();
        let answer = call()?;
        Ok(Stamped { start, end: self.moment(), op, answer })
    }
}

// SAFETY:
// - `layout` is that of the type, which has no trailing array, and is aligned to 8;
// - `at` casts `base`;
// - its one field is an atomic word;
// - its methods do nothing with the word's value but compare and return it.
unsafe impl Object for Clock {
    type Config = ();

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"TICK");
    const RECORD: Identity = Identity::NONE;

    fn elements((): &()) -> u64 {
        0
    }

    fn layout(elements: u64) -> Result<Layout, CapacityError> {
        fixed::<Self>(0, elements)
    }

    fn at(base: *mut u8, _: usize) -> *const Self {
        base.cast()
    }

    fn init(&self, (): &()) -> Result<(), ConfigError> {
        Ok(())
    }
}
