//! The explorer: a stateless model checker for RC11 that looks at each execution once.
//!
//! An *execution* is a graph: the events of each thread in program order, the write that each read reads
//! from, and the modification order of each location. Two runs with the same graph are the same
//! execution, however the machine interleaved them.
//!
//! # Memory model
//! RC11 (Lahav et al., PLDI 2017) with C++20's release sequences; `axioms` writes it out, in the two
//! versions of `scb` that are in use: calibration counts follow GenMC's, programs are explored under the
//! paper's, which allows more. Data races are found by happens-before; the first one ends the search.
//!
//! It stops here. No `consume`. No access to part of a word (the kernel's look at a word's low half is
//! taken as one at the whole word). And no *load buffering*: RC11 orders a load before each later store of
//! its thread, which Rust and the hardware do not promise. An ordering whose only task is that is not
//! missed by an outcome, only by a race on payload; see `GAPS.md`.
//!
//! # Search
//! `search` is TruSt (Kokologiannakis et al., POPL 2022): complete, each execution once, memory bounded by
//! the depth of the search. It is a tree; `crew` searches it on all cores, a shard a part of it, a replay a
//! single path. `coherence` decides from vector clocks where an access may stand;
//! `machine` runs the scenario's threads, as coroutines, along a graph; `schedule` says whose turn it is.
//!
//! # Choices
//! Beside what is read: a weak compare-exchange may fail and a sleeper wake for no reason, each once a
//! thread, as the verdict says; a wake picks any of the sleepers; a sleep with a deadline may end by it once
//! the clock has moved; a scenario chooses among what it likes. A mortal actor dies before an access, asleep,
//! or in the middle of a write of payload, which nobody is to read then. A loop that gives way and has changed nothing goes on when something that it read
//! changes (await model checking, Oberhauser et al., ASPLOS 2021); if nothing can, that is a livelock.
//!
//! # Futex
//! A futex has a queue, which is a location of its own that holds the set of sleepers. Who waits looks at the
//! word, and goes into the queue; a wake takes sleepers out. Each such stay is a read-modify-write, also that of
//! a wake that finds nobody: one that wrote nothing could not be revisited by the search, which then missed
//! sleeps after it. A look may find an older value of the word, but then nobody falls asleep by it after a wake,
//! in the queue's order, that knows a newer one. Nothing of this synchronises.

mod ask;
mod axioms;
mod coherence;
mod crew;
mod event;
mod graph;
mod machine;
mod mortal;
mod path;
mod platform;
mod relation;
mod schedule;
mod search;
mod story;
mod value;
mod view;

pub use axioms::{MemoryModel, Scb};
pub use event::MOST_THREADS;
pub use path::{Path, Shard};
pub use platform::Explorer;

use std::collections::BTreeMap;

use self::{
    machine::Ended,
    search::{Races, Search as Graphs},
};
use super::{Search, Setting, execute};
use crate::model::{Model, Scenario};

/// Explores the scenario on `M`, which is the explorer or a wrapper around it. A failure ends the search, but
/// for a look for a smaller one.
pub(super) fn explore<M: Model>(scenario: impl Scenario, setting: Setting<'_>) -> Search {
    crew::explore::<M>(scenario, setting)
}

/// Every execution of a program, for calibration: nothing ends the search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Executions {
    /// Complete executions, told apart by program order, reads-from and modification order.
    pub complete: u64,
    /// Graphs of the search in which two accesses race.
    pub racy: u64,
    /// The outcomes, each with its executions.
    pub outcomes: BTreeMap<String, u64>,
}

impl Executions {
    /// Explores the scenario under a memory model: plain accesses find what relaxed ones would, races are
    /// counted, and a weak compare-exchange fails for no reason as often as it likes.
    ///
    /// # Panics
    /// As the scenario does, and if it can come to a halt.
    pub fn of(scenario: impl Scenario, model: MemoryModel) -> Self {
        Self::visiting(scenario, model, || {})
    }

    /// Likewise, and the key of each complete execution.
    #[cfg(test)]
    fn with_keys(scenario: impl Scenario, model: MemoryModel) -> (Self, Vec<Vec<u32>>) {
        let mut keys = Vec::new();
        let found = Self::visiting(scenario, model, || keys.push(machine::inspect(axioms::key)));
        (found, keys)
    }

    fn visiting(scenario: impl Scenario, model: MemoryModel, mut complete: impl FnMut()) -> Self {
        let mut found = Self::default();
        let deaths = scenario.info().deaths;
        machine::begin(Graphs::new(model, Races::Count, usize::MAX).with_deaths(deaths, false));
        while machine::advance() {
            match machine::execute(usize::MAX, move || execute::<Explorer>(scenario)) {
                (Ended::Complete, outcome) => {
                    complete();
                    found.complete += 1;
                    let outcome = outcome.expect("the main thread came to its end");
                    *found.outcomes.entry(outcome).or_default() += 1;
                }
                (Ended::Blocked | Ended::Pruned | Ended::Flawed(_), _) => {}
                (Ended::Stuck(message), _) => panic!("{message}"),
            }
        }
        found.racy = machine::end().racy;
        found
    }
}

#[cfg(test)]
mod plain;
#[cfg(test)]
mod tests;
