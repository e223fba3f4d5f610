//! The futex of the engines: who sleeps on which word, and whether anybody is left to wake them.
//!
//! The check of a wait and the entry into the queue are one step, as in the kernel. The queue itself
//! is ordinary memory: an engine switches threads only at an access to a word, never in here.

use std::{
    panic::Location,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::card;

/// Where a sleeper stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sleep {
    Asleep,
    Woken,
    TimedOut,
}

#[derive(Debug)]
struct Sleeper<T> {
    word: usize,
    thread: T,
    site: &'static Location<'static>,
    until: Option<u64>,
    /// Has it compared its deadline with the clock? Until then it is about to do something.
    settled: bool,
    state: Sleep,
}

#[derive(Debug)]
struct State<T> {
    sleepers: Vec<Sleeper<T>>,
    /// Actors that have been started and have not ended.
    running: Vec<&'static str>,
    /// Has anybody asked for a deadline?
    deadlines: bool,
}

/// The sleepers of one execution; `T` is the engine's name for a thread.
#[derive(Debug)]
pub(super) struct Sleepers<T>(Mutex<State<T>>);

impl<T: Clone + PartialEq> Sleepers<T> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(State { sleepers: Vec::new(), running: Vec::new(), deadlines: false }))
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        // A panic in one execution must not hide behind a poisoned lock in its clean-up.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody has a deadline from here on.
    pub(super) fn expect_timeouts(&self) {
        self.state().deadlines = true;
    }

    /// Can a sleep end by a deadline in this execution?
    pub(super) fn may_time_out(&self) -> bool {
        self.state().deadlines
    }

    pub(super) fn actor_starts(&self, name: &'static str) {
        self.state().running.push(name);
    }

    pub(super) fn actor_ends(&self, name: &'static str) {
        let mut state = self.state();
        let at = state.running.iter().position(|running| *running == name);
        state.running.swap_remove(at.expect("an actor ends that has started"));
        drop(state);
        self.check_for_deadlock();
    }

    /// The present thread falls asleep on `word`.
    pub(super) fn sleep(
        &self,
        word: usize,
        thread: T,
        site: &'static Location<'static>,
        until: Option<u64>,
    ) {
        let sleeper = Sleeper { word, thread, site, until, settled: false, state: Sleep::Asleep };
        self.state().sleepers.push(sleeper);
    }

    /// Nothing but a wake or the clock can end the sleep of `thread` from here on.
    pub(super) fn settle(&self, thread: &T) {
        let mut state = self.state();
        for sleeper in state.sleepers.iter_mut().filter(|sleeper| sleeper.thread == *thread) {
            sleeper.settled = true;
        }
        drop(state);
        self.check_for_deadlock();
    }

    /// How `thread` sleeps; one that does not sleep any more is forgotten.
    pub(super) fn poll(&self, thread: &T) -> Sleep {
        let mut state = self.state();
        let at = state.sleepers.iter().position(|sleeper| sleeper.thread == *thread);
        let at = at.expect("a thread polls that went to sleep");
        let how = state.sleepers[at].state;
        if how != Sleep::Asleep {
            state.sleepers.remove(at);
        }
        how
    }

    /// Wakes up to `count` sleepers of `word`, the longest asleep first; returns their threads.
    pub(super) fn wake(&self, word: usize, count: u32) -> Vec<T> {
        self.rouse(Sleep::Woken, count as usize, |sleeper| sleeper.word == word)
    }

    /// Ends the sleep of all whose deadline is not after `now`; returns their threads.
    pub(super) fn expire(&self, now: u64) -> Vec<T> {
        self.rouse(Sleep::TimedOut, usize::MAX, |sleeper| {
            sleeper.until.is_some_and(|until| until <= now)
        })
    }

    /// Ends every sleep, as the bound on it does; returns the sleepers' threads.
    pub(super) fn look_again(&self) -> Vec<T> {
        self.rouse(Sleep::Woken, usize::MAX, |_| true)
    }

    fn rouse(&self, into: Sleep, most: usize, which: impl Fn(&Sleeper<T>) -> bool) -> Vec<T> {
        let mut state = self.state();
        let asleep = state.sleepers.iter_mut().filter(|s| s.state == Sleep::Asleep && which(s));
        asleep
            .take(most)
            .map(|sleeper| {
                sleeper.state = into;
                sleeper.thread.clone()
            })
            .collect()
    }

    /// Panics if everybody is asleep and nobody is left to wake them. A deadline does not help:
    /// timeouts happen only when the scenario's clock says so, lest they mask a lost wake-up.
    fn check_for_deadlock(&self) {
        let state = self.state();
        let asleep = || state.sleepers.iter().filter(|s| s.settled && s.state == Sleep::Asleep);
        if asleep().count() == state.running.len() && !state.running.is_empty() {
            let sites: Vec<_> = asleep().map(|sleeper| card::site(sleeper.site)).collect();
            panic!(
                "lost wake-up: all that still run ({}) are asleep, at {}",
                state.running.join(", "),
                sites.join(", ")
            );
        }
    }
}
