//! The explorer: a stateless model checker for RC11 that looks at each execution once.

mod axioms;
mod coherence;
mod event;
mod graph;
mod machine;
mod platform;
mod relation;
mod search;
mod view;

pub use axioms::{MemoryModel, Scb};
pub use platform::Explorer;

use self::{
    machine::Ended,
    search::{Races, Search as Graphs},
};
use super::{Bound, Plan, Search, Tally, execute, trace};
use crate::model::{Model, Scenario};

/// Explores the scenario on `M`, which is the explorer or a wrapper around it.
pub(super) fn explore<M: Model>(scenario: impl Scenario, plan: &Plan) -> Search {
    let model = MemoryModel::Rc11(Scb::Pldi17);
    let spurious = plan.spurious;
    let drive = |tally: &Tally| {
        machine::begin(Graphs::new(model, Races::End, spurious));
        while machine::advance() {
            trace::start(false);
            let (ended, outcome) = machine::execute(move || execute::<M>(scenario));
            match ended {
                Ended::Complete => {
                    let mut search = tally.search();
                    search.executions += 1;
                    let outcome = outcome.expect("the main thread came to its end");
                    *search.outcomes.entry(outcome).or_default() += 1;
                }
                Ended::Blocked | Ended::Pruned => {}
                Ended::Stuck(message) => panic!("{message}"),
                Ended::Race(one, other) => {
                    let site = |id| machine::inspect(|graph| crate::card::site(graph.event(id).site));
                    panic!("data race: {} and {}", site(one), site(other));
                }
            }
        }
        let search = machine::end();
        if std::env::var_os("COUNTS").is_some() { eprintln!("{:?}", search.map(|s| s.counts)); }
    };
    Tally::of(drive, Bound::Complete)
}
