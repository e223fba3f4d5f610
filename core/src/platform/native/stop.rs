//! What ends a thread's sleeps from outside.

use core::{
    cell::RefCell,
    sync::atomic::{
        AtomicU32,
        Ordering::{Acquire, Release},
    },
};
use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    sleep::{Word, wake},
    watcher::Bell,
};

/// A stop: while it is set, no thread sleeps that has it as its own.
#[derive(Debug)]
pub(crate) struct Stop {
    /// 1 while it is set.
    word: AtomicU32,
    /// Rings while it is set.
    bell: Bell,
    /// Held by who changes both.
    turn: Mutex<()>,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Stop>>> = const { RefCell::new(None) };
}

impl Stop {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { word: AtomicU32::new(0), bell: Bell::new()?, turn: Mutex::default() })
    }

    pub(crate) fn set(&self) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.word.store(1, Release);
        self.bell.ring();
        wake(self.word.as_ptr(), u32::MAX);
    }

    pub(crate) fn reset(&self) {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.word.store(0, Release);
        self.bell.silence();
    }

    pub(crate) fn is_set(&self) -> bool {
        self.word.load(Acquire) == 1
    }

    /// To sleep while it is not set.
    pub(super) fn word(&self) -> Word {
        Word::of(self.word.as_ptr(), 0)
    }

    /// This thread's.
    pub(crate) fn current() -> Option<Arc<Self>> {
        // A thread that ends has none.
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten()
    }

    /// Makes it this thread's, until what is returned is dropped.
    pub(crate) fn install(self: &Arc<Self>) -> Installed {
        Installed { outer: CURRENT.replace(Some(self.clone())) }
    }
}

/// Is this thread stopped?
pub(crate) fn is_cancelled() -> bool {
    Stop::current().is_some_and(|stop| stop.is_set())
}

impl AsFd for Stop {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }
}

/// A thread has another stop than before.
#[must_use]
pub(crate) struct Installed {
    outer: Option<Arc<Stop>>,
}

impl Drop for Installed {
    fn drop(&mut self) {
        CURRENT.set(self.outer.take());
    }
}
