//! Pure algorithms, generic over [`Platform`](crate::platform::Platform) or
//! [`Directory`](crate::platform::Directory): no system calls, no allocation, no `Drop`.
//!
//! Each module opens with its *card*: the words, the legal states, every shared access as a
//! numbered step, the edges between steps, what a death leaves behind, and the guarantees with
//! their evidence. The card, the code and the scenarios of `selvedge-models` use one set of names,
//! and a test compares them.

pub mod cells;
pub mod event;
pub mod latest;
pub mod mpmc;
pub mod mutex;
pub mod naming;
pub mod permits;
pub mod registry;
pub mod semaphore;
pub mod signals;
pub mod spsc;

use core::ops::Deref;
use std::sync::Arc;

/// A pointer to an object in shared memory that keeps it mapped.
///
/// # Safety
/// Every dereference yields the same object, also after the pointer has been moved.
pub unsafe trait SharedRef: Deref + Send + 'static {}

// SAFETY: an `Arc` points to one heap object for its whole life.
unsafe impl<T: ?Sized + Send + Sync + 'static> SharedRef for Arc<T> {}

/// Another process has written a value that the protocol never writes. The handle is of no further
/// use; memory safety and the caller's own data are not affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("shared memory holds a value that the protocol never writes")]
pub struct Corrupt;

/// Keeps a word on cache lines of its own (two, because adjacent lines are fetched in pairs).
#[derive(Debug)]
#[repr(C, align(128))]
pub(crate) struct Line<T>(pub(crate) T);

impl<T> Deref for Line<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0
    }
}
