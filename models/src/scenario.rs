//! Scenarios: small concurrent programs on the protocols, written once, generic over the platform.

pub mod event;
pub mod futex;
pub mod litmus;
pub mod semaphore;
pub mod spsc;

use std::{fmt, sync::Arc};

use crate::{
    engine::{self, Plan},
    model::{Model, World},
};

/// What is known of a scenario beside its program.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// `protocol/what_it_shows`, as its file.
    pub name: &'static str,
    /// What it does, in a line.
    pub does: &'static str,
    /// The claims that it is evidence for.
    pub claims: &'static [&'static str],
    /// Outcomes that every engine must reach.
    pub reach: &'static [&'static str],
    /// Outcomes that an engine with weak memory must reach, and that no other can. Every outcome
    /// that stands in neither list is forbidden.
    pub weak: &'static [&'static str],
    /// loom has two ways to sleep. A sleeper that *yields* gets no ordering from its wake, as with a
    /// futex, but with two sleepers at a time the search has no end. A sleeper that *parks* costs
    /// nothing while asleep, but loom's `unpark` orders the waker's past before its future, which
    /// hides missing orderings after a sleep. So: yield, unless two sleep at a time.
    pub parks: bool,
    /// loom's preemption bound in the quick profile; `None` is a complete search.
    pub quick: Option<usize>,
    /// loom's preemption bound with `--deep`.
    pub deep: Option<usize>,
}

impl Info {
    /// The protocol whose name comes first.
    pub fn protocol(&self) -> &'static str {
        self.name.split('/').next().unwrap_or(self.name)
    }

    /// May this outcome happen?
    pub fn allows(&self, outcome: &str) -> bool {
        self.reach.contains(&outcome) || self.weak.contains(&outcome)
    }

    /// A scenario that claims nothing, with a complete search; for `..` in definitions.
    pub const DEFAULT: Self = Self {
        name: "",
        does: "",
        claims: &[],
        reach: &[],
        weak: &[],
        parks: false,
        quick: None,
        deep: None,
    };
}

/// A concurrent program, generic over the platform.
pub trait Scenario: Copy + Send + Sync + 'static {
    /// What is known of it.
    fn info(&self) -> Info;

    /// One execution; returns its outcome.
    fn run<M: Model>(&self, world: &World<M>) -> String;
}

/// Explores one scenario as planned.
type Explore = dyn Fn(&Plan) -> Result<engine::Search, String> + Send + Sync;

/// A scenario in the registry.
#[derive(Clone)]
pub struct Entry {
    /// What is known of it.
    pub info: Info,
    explore: Arc<Explore>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}

impl Entry {
    /// The entry of a scenario.
    pub fn of(scenario: impl Scenario) -> Self {
        let explore = move |plan: &Plan| engine::explore(scenario, plan);
        Self { info: scenario.info(), explore: Arc::new(explore) }
    }

    pub(crate) fn explore(&self, plan: &Plan) -> Result<engine::Search, String> {
        (self.explore)(plan)
    }
}

/// The scenarios of the protocols.
pub fn protocols() -> Vec<Entry> {
    [event::all(), semaphore::all(), spsc::all()].concat()
}

/// The scenario called `name`, calibration included.
pub fn find(name: &str) -> Option<Entry> {
    let everything = protocols().into_iter().chain(litmus::all()).chain(futex::all());
    everything.into_iter().find(|entry| entry.info.name == name)
}
