//! An event with a condition, in a segment of its own.

use core::alloc::Layout;
use std::time::Duration;

use selvedge::{
    platform::{
        Ordering, Platform,
        native::{Native, NativeCtx},
    },
    protocol::event::{Event, TimedOut},
    segment::{CapacityError, ConfigError, Identity, Object, ProtocolId, fixed},
};

/// It has been rung, or not yet.
#[derive(Debug)]
#[repr(C)]
pub struct Bell {
    event: Event<Native>,
    rung: <Native as Platform>::U64,
}

impl Bell {
    /// Rings it, and wakes one who waits.
    pub fn ring(&self) {
        self.rung.store(1, Ordering::Relaxed); // N1 carries it.
        self.event.notify(&NativeCtx::default(), 1);
    }

    /// Has it been rung?
    pub fn is_rung(&self) -> bool {
        self.rung.load(Ordering::Relaxed) == 1
    }

    /// Waits until it is rung.
    ///
    /// # Errors
    /// It was not, so long.
    pub fn wait(&self, timeout: Duration) -> Result<(), TimedOut> {
        let ctx = NativeCtx::default();
        let until = Native::deadline(&ctx, timeout);
        self.event.wait_until(&ctx, until, |_| self.is_rung().then_some(()))
    }
}

// SAFETY:
// - `layout` is that of the type, which has no trailing array, and is aligned to 8;
// - `at` casts `base`;
// - both fields are atomic words;
// - its methods do nothing with them but sleep and wake (the event's card, "Trust"), and compare.
unsafe impl Object for Bell {
    type Config = ();

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"BELL");
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
