//! Who may die, when, and what the others notice of it.

use std::panic::Location;

use super::{
    ask::Ask,
    event::{About, Kind, Order, Site},
    machine::{self, Machine, grant, with},
};
use crate::{
    engine::death::{self, Doom},
    model::Dies,
};

/// How a thread dies.
#[derive(Clone, Copy, Debug)]
pub(super) enum Death {
    /// Before its next access, or at its end.
    Here,
    /// In the middle of a write of payload.
    Halfway,
}

/// The present thread's life; nothing comes of it if it dies.
pub(super) fn live<R>(dies: Dies, body: impl FnOnce() -> R) -> Option<R> {
    match dies {
        Dies::After(step) => death::of(machine::current().into(), Doom::after(step), body),
        Dies::Anywhere => {
            set_mortal(true);
            let value = death::mortal(|| {
                let value = body();
                // It may die when there is nothing left to be done.
                if choose_death(None, Location::caller()).is_some() {
                    death::die();
                }
                value
            });
            set_mortal(false);
            value
        }
    }
}

/// How the present thread dies instead of this, or at its end, if it does.
pub(super) fn choose_death(ask: Option<Ask>, site: Site) -> Option<Death> {
    let mut deaths = with(|machine| machine.deaths(ask)).into_iter().flatten();
    let options = 1 + deaths.clone().count() as u8;
    if options == 1 {
        return None;
    }
    let choice = grant(Ask::Choose { about: About::Death, options }, site).value;
    let death = deaths.nth(usize::try_from(choice).expect("one of few").checked_sub(1)?)?;
    set_mortal(false); // The kernel, which takes back what it had, does not die.
    Some(death)
}

/// May the present thread die?
pub(super) fn is_mortal() -> bool {
    with(|machine| machine.threads[usize::from(machine.current)].mortal)
}

/// From here on the present thread may die, or no more; says whether it could.
pub(super) fn set_mortal(mortal: bool) -> bool {
    with(|machine| {
        let thread = &mut machine.threads[usize::from(machine.current)];
        thread.has_acted |= mortal;
        std::mem::replace(&mut thread.mortal, mortal)
    })
}

/// May anybody die in this scenario?
pub(super) fn allows_deaths() -> bool {
    with(|machine| machine.search.allows_deaths())
}

/// The present thread, at the end of a slice of its sleep, finds these dead; is there one of whom it did not
/// know?
pub(super) fn notice(dead: u64) -> bool {
    with(|machine| {
        let noticed = &mut machine.threads[usize::from(machine.current)].noticed;
        let fresh = dead & !*noticed != 0;
        *noticed |= dead;
        fresh
    })
}

/// The present thread holds the lock of a registry slot, or no more.
pub(super) fn hold(slot: u32, holds: bool) {
    with(|machine| {
        let mine = &mut machine.threads[usize::from(machine.current)].holds;
        *mine = *mine & !(1 << slot) | u64::from(holds) << slot;
    });
}

/// Does it?
pub(super) fn holds(slot: u32) -> bool {
    with(|machine| machine.threads[usize::from(machine.current)].holds >> slot & 1 == 1)
}

impl Machine {
    /// How may the present thread die instead of this, or at its end? Not inside a read-modify-write or the
    /// kernel, where it dies asleep. And only once after each access that others can tell: to die before
    /// an atomic load, or after it, is the same to everybody else.
    fn deaths(&mut self, ask: Option<Ask>) -> [Option<Death>; 2] {
        let thread = &mut self.threads[usize::from(self.current)];
        let in_the_kernel = matches!(ask, Some(Ask::Read { order: Order::Queue, .. }));
        let is_access = matches!(
            ask,
            None | Some(Ask::Read { .. } | Ask::Write { .. } | Ask::Plainly(Kind::Fence(_)))
        );
        if !thread.mortal || self.is_over || thread.section.is_some() || in_the_kernel || !is_access
        {
            return [None; 2];
        }
        let halfway = matches!(ask, Some(Ask::Write { order: Order::Plain, .. }));
        let here = std::mem::take(&mut thread.has_acted);
        [here.then_some(Death::Here), halfway.then_some(Death::Halfway)]
    }
}
