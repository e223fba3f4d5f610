//! An actor that dies: after one step of its own it does nothing any more, not even unwind through a
//! protocol, which has no `Drop`.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
};

use crate::card::{self, Place};

/// When an actor dies.
#[derive(Debug)]
pub(super) enum Doom {
    /// After an access of this step.
    Step(Place),
    /// After so many accesses.
    Accesses(usize),
}

impl Doom {
    /// After the step called `protocol/label`.
    pub(super) fn after(step: &str) -> Self {
        Self::Step(card::place(step).unwrap_or_else(|| panic!("no access is labelled `{step}`")))
    }
}

thread_local! {
    // The engines run all threads of a model on one thread of the machine.
    static DOOMED: RefCell<Option<(usize, Doom)>> = const { RefCell::new(None) };
    /// Has anybody died since this was last unset?
    pub(super) static STRUCK: Cell<bool> = const { Cell::new(false) };
    /// Does a corpse unwind? No other thread runs meanwhile.
    static UNWINDS: Cell<bool> = const { Cell::new(false) };
    /// What the kernel takes back from it.
    static LEFT: RefCell<Vec<Box<dyn FnOnce()>>> = const { RefCell::new(Vec::new()) };
    /// Has it been said who dies in this execution?
    static SAID: Cell<bool> = const { Cell::new(false) };
    /// Mortal actors in this execution so far.
    static MORTALS: Cell<usize> = const { Cell::new(0) };
}

/// What the corpse unwinds with.
struct Died;

/// An execution begins.
pub(super) fn nobody() {
    MORTALS.set(0);
    SAID.set(false);
}

/// Says that this actor dies, unless it has been said of another.
#[cfg_attr(not(feature = "shuttle"), expect(dead_code, reason = "only shuttle kills at random"))]
pub(super) fn may_say() -> bool {
    !SAID.replace(true)
}

/// The number of the next mortal actor of this execution.
pub(super) fn next() -> usize {
    MORTALS.replace(MORTALS.get() + 1)
}

/// How many mortal actors the last execution had.
#[cfg(feature = "loom")]
pub(super) fn mortals() -> usize {
    MORTALS.get()
}

/// Is anybody to die in this execution?
pub(super) fn is_near() -> bool {
    DOOMED.with_borrow(Option::is_some)
}

/// Ends the thread if it is the one that dies, and this the moment.
pub(super) fn strike(thread: usize, site: &Location<'_>) {
    let now = |doomed: &mut Option<(usize, Doom)>| {
        let Some((_, doom)) = doomed.as_mut().filter(|(victim, _)| *victim == thread) else {
            return false;
        };
        let now = match doom {
            Doom::Step(place) => place.contains(site),
            Doom::Accesses(left) => {
                *left -= 1;
                *left == 0
            }
        };
        doomed.take_if(|_| now).is_some()
    };
    if DOOMED.with_borrow_mut(now) {
        STRUCK.set(true);
        die();
    }
}

/// What `body` returned, or nothing if `thread`, which runs it, died as `doom` says.
pub(super) fn of<T>(thread: usize, doom: Doom, body: impl FnOnce() -> T) -> Option<T> {
    if matches!(doom, Doom::Accesses(0)) {
        STRUCK.set(true);
        return None;
    }
    DOOMED.set(Some((thread, doom)));
    let value = mortal(body);
    DOOMED.set(None);
    value
}

/// Ends the present thread, up to the [`mortal`] that runs it.
pub(super) fn die() -> ! {
    UNWINDS.set(true);
    // No panic: no hook hears of it.
    resume_unwind(Box::new(Died))
}

/// Does the present thread unwind because it is dead? What it drops then, the kernel takes back.
pub(crate) fn is_dying() -> bool {
    UNWINDS.get()
}

/// Leaves something to the kernel to be taken back.
pub(crate) fn leave(what: impl FnOnce() + 'static) {
    LEFT.with_borrow_mut(|left| left.push(Box::new(what)));
}

/// What `body` returned, or nothing if it died; then the kernel has taken back what it had.
pub(super) fn mortal<T>(body: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(value) => Some(value),
        Err(death) if death.is::<Died>() => {
            UNWINDS.set(false);
            LEFT.take().into_iter().for_each(|take_back| take_back());
            None
        }
        Err(panic) => resume_unwind(panic),
    }
}
