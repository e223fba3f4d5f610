//! Takes the history of an execution, for the specs to judge.
//!
//! On an engine, recording adds no access that the actors could be ordered by, and no point at which
//! they could be switched: what is explored is what would be explored without it. On the machine the
//! recorder's lock orders a return before a later call; that is the history's order there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    model::Model,
    spec::{History, Spec},
};

/// The history of one execution, as its actors go along.
pub struct Recorder<M: Model, S: Spec> {
    taken: Arc<Mutex<Taken<M, S>>>,
}

struct Taken<M: Model, S: Spec> {
    history: History<S>,
    /// For each actor, the ends of its operations.
    returns: Vec<Vec<M::Mark>>,
}

impl<M: Model, S: Spec> Taken<M, S> {
    /// How many of `other`'s operations had returned before now, as `actor` sees it.
    fn before(&self, actor: usize, other: usize) -> usize {
        let returns = &self.returns[other];
        if actor == other {
            return returns.len();
        }
        // If one is before, all earlier ones of that actor are: ask for the latest first.
        returns.iter().rposition(M::precedes).map_or(0, |last| last + 1)
    }
}

impl<M: Model, S: Spec> Recorder<M, S> {
    /// A recorder of actors with these names.
    pub fn new(names: &[&'static str]) -> Self {
        let returns = names.iter().map(|_| Vec::new()).collect();
        let history = History::of(names.iter().copied());
        Self { taken: Arc::new(Mutex::new(Taken { history, returns })) }
    }

    /// Makes a call of the actor with this number, and records it. If it does not come back, the
    /// operation never returned.
    pub fn call(&self, actor: usize, op: S::Op, run: impl FnOnce() -> S::Answer) {
        {
            let mut taken = self.taken();
            let after = (0..taken.returns.len()).map(|other| taken.before(actor, other)).collect();
            taken.history.call(actor, op, after);
        }
        let answer = run();
        let mut taken = self.taken();
        taken.history.answer(actor, answer);
        taken.returns[actor].push(M::mark());
    }

    /// An actor is dead, as the present one has been told.
    pub fn death(&self, actor: usize) {
        let mut taken = self.taken();
        taken.history.death(actor);
        let (called, returns) = (taken.history.calls(actor), &mut taken.returns[actor]);
        // The call that it died in, if any, is over.
        returns.resize_with(called, M::mark);
    }

    /// What `judge` makes of the history so far.
    pub fn judge<R>(&self, judge: impl FnOnce(&History<S>) -> R) -> R {
        judge(&self.taken().history)
    }

    fn taken(&self) -> MutexGuard<'_, Taken<M, S>> {
        // Each change is complete before anything can panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Model, S: Spec> Clone for Recorder<M, S> {
    fn clone(&self) -> Self {
        Self { taken: self.taken.clone() }
    }
}
