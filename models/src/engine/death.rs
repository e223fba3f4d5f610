//! An actor that dies: after one step of its own it does nothing any more, not even unwind through a
//! protocol, which has no `Drop`.

use std::{
    cell::RefCell,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
};

use crate::card::{self, Place};

thread_local! {
    // The engines run all threads of a model on one thread of the machine.
    static DOOMED: RefCell<Option<(usize, Place)>> = const { RefCell::new(None) };
}

/// What the corpse unwinds with.
struct Died;

/// Is anybody to die in this execution?
pub(super) fn is_near() -> bool {
    DOOMED.with_borrow(Option::is_some)
}

/// Ends the thread if it is the one that dies, and this the place.
pub(super) fn strike(thread: usize, site: &Location<'_>) {
    let now = |doomed: &mut Option<(usize, Place)>| {
        doomed.take_if(|(victim, place)| *victim == thread && place.contains(site)).is_some()
    };
    if DOOMED.with_borrow_mut(now) {
        die();
    }
}

/// What `body` returned, or nothing if `thread`, which runs it, died after the step `after`.
pub(super) fn of<T>(thread: usize, after: &str, body: impl FnOnce() -> T) -> Option<T> {
    let place = card::place(after).unwrap_or_else(|| panic!("no access is labelled `{after}`"));
    DOOMED.set(Some((thread, place)));
    let value = mortal(body);
    DOOMED.set(None);
    value
}

/// Ends the present thread, up to the [`mortal`] that runs it.
pub(super) fn die() -> ! {
    // No panic: no hook hears of it.
    resume_unwind(Box::new(Died))
}

/// What `body` returned, or nothing if it died.
pub(super) fn mortal<T>(body: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => Some(value),
        Err(death) if death.is::<Died>() => None,
        Err(panic) => resume_unwind(panic),
    }
}
