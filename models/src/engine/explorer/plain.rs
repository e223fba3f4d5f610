//! The search that is obviously right: every event that can come next is added in every way, whatever is
//! consistent by the axioms is kept, and what has been seen is remembered. It knows nothing of
//! revisits, views or floors; the optimal search is held against it.

use std::collections::{BTreeSet, HashSet};

use super::{
    Explorer,
    ask::Ask,
    axioms::{MemoryModel, key},
    event::Kind,
    graph::Graph,
    machine::{self, Ended},
    search::Search,
};
use crate::{engine::execute, model::Scenario};

/// The keys of all complete executions.
pub(super) fn executions(scenario: impl Scenario, model: MemoryModel) -> BTreeSet<Vec<u32>> {
    let mut complete = BTreeSet::new();
    let mut seen = HashSet::new();
    let mut open = vec![Graph::default()];
    while let Some(graph) = open.pop() {
        machine::begin(Search::at(graph, model));
        let (next, ended) = machine::frontier(move || {
            execute::<Explorer>(scenario);
        });
        let graph = machine::end().into_graph();
        for (thread, ask, site) in next {
            for (kind, position) in ways(&graph, ask) {
                let mut graph = graph.clone();
                graph.add(thread, kind, site, position);
                if seen.insert(key(&graph)) && model.is_consistent(&graph) {
                    open.push(graph);
                }
            }
        }
        match ended {
            Some(Ended::Complete) if model.is_consistent(&graph) => {
                _ = complete.insert(key(&graph))
            }
            Some(Ended::Stuck(message)) => panic!("{message}"),
            _ => {}
        }
    }
    complete
}

/// Every way in which an event may be, consistent or not.
fn ways(graph: &Graph, ask: Ask) -> Vec<(Kind, Option<usize>)> {
    match ask {
        Ask::Read { loc, order, purpose, first } => (0..=graph.co(loc).len())
            .flat_map(|position| {
                let from = graph.write_at(loc, position);
                let value = from.map_or(first, |write| graph.value(write));
                purpose.ways(value, order, true).map(move |(flavour, order)| {
                    (Kind::Read { loc, order, purpose, flavour, value, from }, None)
                })
            })
            .collect(),
        Ask::Write { loc, order, value, half } => (1..=graph.co(loc).len() + 1)
            .map(|position| (Kind::Write { loc, order, value, half }, Some(position)))
            .collect(),
        Ask::Choose { about, options } => {
            (0..options).map(|value| (Kind::Choose { about, options, value }, None)).collect()
        }
        Ask::Plainly(_) | Ask::Spawn | Ask::Wake { .. } | Ask::Never => {
            unreachable!("what can come in one way only is there, and the others are no events yet")
        }
    }
}
