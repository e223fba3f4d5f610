//! What surrounds a search, on each thread that takes part in it.
#![allow(clippy::disallowed_types, reason = "what an engine counts is no protocol")]

use std::{
    cell::{Cell, RefCell},
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, LazyLock, Once,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
};

use super::{Plan, pulse::Alive};
use crate::wrap::Mutation;

/// What is searched for, and how far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) mutation: Option<&'a Mutation>,
}

thread_local! {
    static STOPS: Cell<bool> = const { Cell::new(false) };
    static KEEPS: Cell<bool> = const { Cell::new(false) };
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// The searches of this process are to end.
static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Once it is set, each search of this process ends after its present execution, with what it has seen so
/// far.
pub fn interruption() -> Arc<AtomicBool> {
    INTERRUPTED.clone()
}

/// Are they to end?
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Relaxed)
}

impl Setting<'_> {
    /// Does `search` on this thread: with the bug planted, its panics kept off the terminal.
    ///
    /// # Errors
    /// If the bug cannot be planted.
    pub(super) fn enter<T>(self, search: impl FnOnce() -> T) -> Result<T, String> {
        keep_panics();
        let _planted = self.mutation.map(Mutation::plant).transpose()?;
        let _alive = Alive::new();
        PANIC.set(None);
        KEEPS.set(true);
        STOPS.set(self.plan.stop_at_forbidden);
        let result = catch_unwind(AssertUnwindSafe(search));
        KEEPS.set(false);
        STOPS.set(false);
        Ok(result.unwrap_or_else(|panic| panic::resume_unwind(panic)))
    }
}

/// Is an execution to end with a panic if its outcome is forbidden?
pub(super) fn stops_at_forbidden() -> bool {
    STOPS.get()
}

/// Keeps the message of a panic inside an exploration for the verdict, and off the terminal.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if QUIET.get() {
                return;
            }
            if !KEEPS.get() {
                return default(info);
            }
            keep_panic(info.payload_as_str().unwrap_or("panic").to_owned());
        }));
    });
}

/// Keeps the message of a panic of this thread's search: the first one is the finding, the others come from
/// unwinding.
pub(super) fn keep_panic(message: String) {
    PANIC.with_borrow_mut(|first| {
        first.get_or_insert(message);
    });
}

/// The panics of this thread are told by another one.
pub(super) fn keep_quiet() {
    QUIET.set(true);
}

/// The message of the first panic since this was asked last.
pub(super) fn panic_message() -> String {
    PANIC.take().unwrap_or_else(|| "an actor panicked".into())
}

/// What `attempt` returns, or panics with, which is then no finding.
#[cfg_attr(not(feature = "loom"), expect(dead_code, reason = "only loom is asked by a panic"))]
pub(super) fn quietly<T>(attempt: impl FnOnce() -> T) -> thread::Result<T> {
    QUIET.set(true);
    let result = catch_unwind(AssertUnwindSafe(attempt));
    QUIET.set(false);
    result
}
