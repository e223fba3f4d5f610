//! The explorer: a stateless model checker for RC11 that looks at each execution once.

mod axioms;
mod coherence;
mod event;
mod graph;
mod machine;
mod platform;
mod relation;
mod search;
mod story;
mod value;
mod view;

pub use axioms::{MemoryModel, Scb};
pub use platform::Explorer;

use std::collections::BTreeMap;

use self::{
    machine::Ended,
    search::{Races, Search as Graphs},
};
use super::{Bound, Plan, Search, Tally, execute, trace};
use crate::model::{Model, Scenario};

/// Explores the scenario on `M`, which is the explorer or a wrapper around it. The first failure ends the
/// search.
pub(super) fn explore<M: Model>(scenario: impl Scenario, plan: &Plan) -> Search {
    let model = MemoryModel::Rc11(Scb::Pldi17);
    let (limit, spurious) = (plan.executions, plan.spurious);
    let drive = |tally: &Tally| {
        let search = Graphs::new(model, Races::End, spurious);
        let begin = || {
            let mut search = tally.search();
            search.executions += 1;
            trace::start(plan.traced == Some(search.executions));
        };
        each_execution::<M>(scenario, search, begin, |ended, outcome| {
            let mut search = tally.search();
            match ended {
                Ended::Complete => {
                    let outcome = outcome.expect("the main thread came to its end");
                    *search.outcomes.entry(outcome).or_default() += 1;
                    if search.executions == limit {
                        search.bound = Bound::Executions(limit);
                    }
                }
                Ended::Blocked | Ended::Pruned => search.executions -= 1,
                Ended::Stuck(message) => panic!("{message}"),
                Ended::Race(one, other) => panic!("{}", race(one, other)),
            }
            search.bound == Bound::Complete
        });
    };
    Tally::of(drive, Bound::Spurious(spurious))
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
    /// Explores the scenario under a memory model; plain accesses find what relaxed ones would, and races
    /// are counted.
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
        let search = Graphs::new(model, Races::Count, 1);
        found.racy = each_execution::<Explorer>(
            scenario,
            search,
            || {},
            |ended, outcome| {
                match ended {
                    Ended::Complete => {
                        complete();
                        found.complete += 1;
                        let outcome = outcome.expect("the main thread came to its end");
                        *found.outcomes.entry(outcome).or_default() += 1;
                    }
                    Ended::Blocked | Ended::Pruned | Ended::Race(..) => {}
                    Ended::Stuck(message) => panic!("{message}"),
                }
                true
            },
        );
        found
    }
}

/// Runs a search, until it is done or `visit` has had enough; says how many racy graphs it met.
fn each_execution<M: Model>(
    scenario: impl Scenario,
    search: Graphs,
    begin: impl Fn(),
    mut visit: impl FnMut(Ended, Option<String>) -> bool,
) -> u64 {
    machine::begin(search);
    while machine::advance() {
        begin();
        let (ended, outcome) = machine::execute(move || execute::<M>(scenario));
        if !visit(ended, outcome) {
            break;
        }
    }
    machine::end().racy
}

fn race(one: event::EventId, other: event::EventId) -> String {
    let site = |id| machine::inspect(|graph| crate::card::site(graph.event(id).site));
    format!("data race: {} and {}", site(one), site(other))
}

#[cfg(test)]
mod plain;
#[cfg(test)]
mod tests;
