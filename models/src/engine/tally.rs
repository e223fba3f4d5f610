//! What a search has seen so far.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Bound, Failure, pulse,
    setting::{is_interrupted, panic_message, stops_at_forbidden},
    trace,
};
use crate::model::{Model, Scenario, World};

/// What an engine saw.
#[derive(Debug)]
pub(crate) struct Search {
    pub(super) executions: u64,
    pub(super) outcomes: BTreeMap<String, u64>,
    pub(super) deaths: BTreeMap<String, u64>,
    pub(super) bound: Bound,
    pub(super) failure: Option<Failure>,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            executions: 0,
            outcomes: BTreeMap::new(),
            deaths: BTreeMap::new(),
            bound: Bound::Complete,
            failure: None,
        }
    }
}

/// A search under way: an engine's executions share it.
#[derive(Clone)]
pub(super) struct Tally(Arc<Mutex<Search>>);

impl Tally {
    fn search(&self) -> MutexGuard<'_, Search> {
        // The execution that panicked has told all that it had to tell.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes one execution, on whatever engine is driving, and keeps its outcome.
    ///
    /// # Panics
    /// As the scenario does; and if the search has been interrupted, which is no finding then.
    pub(super) fn execute<M: Model>(&self, scenario: impl Scenario, traced: Option<u64>) {
        assert!(!is_interrupted(), "interrupted");
        pulse::execution();
        let count = {
            let mut search = self.search();
            search.executions += 1;
            search.executions
        };
        trace::start(traced == Some(count));
        let outcome = execute::<M>(scenario);
        *self.search().outcomes.entry(outcome).or_default() += 1;
    }

    /// What was seen, by `drive`, which may end in a panic.
    pub(super) fn of(drive: impl FnOnce(&Self), bound: Bound) -> Search {
        let tally = Self(Arc::default());
        let result = catch_unwind(AssertUnwindSafe(|| drive(&tally)));
        let seen = core::mem::take(&mut *tally.search());
        let failure = match result {
            Err(_) if !is_interrupted() => {
                Some(Failure::of(panic_message(), Some(seen.executions)))
            }
            _ => None,
        };
        let bound = match failure {
            _ if is_interrupted() => Bound::Interrupted,
            Some(_) => Bound::Stopped,
            None => bound,
        };
        Search { bound, failure, ..seen }
    }
}

/// Runs the scenario once, on whatever engine is driving.
pub(super) fn execute<M: Model>(scenario: impl Scenario) -> String {
    let world = World::<M>::new(&scenario.info());
    let outcome = scenario.run(&world);
    assert!(world.actors() >= 2, "a scenario needs two actors: {} started", world.actors());
    let allowed = !stops_at_forbidden() || scenario.info().allows(&outcome);
    assert!(allowed, "forbidden outcome: {outcome}");
    outcome
}
