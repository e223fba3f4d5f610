use std::sync::Arc;

use selvedge::platform::DataCell;

use super::cells;
use crate::model::{Info, Model, Scenario, World};

/// Two count in one cell; who comes second sees what the first did before.
#[derive(Clone, Copy)]
pub(super) struct Counted;

impl Scenario for Counted {
    fn info(&self) -> Info {
        Info {
            name: "cells/counted",
            does: "write, add 1, read what the first wrote || the same",
            claims: &["CELLS-1", "CELLS-2"],
            reach: &["counted 2, worker 1 first", "counted 2, worker 2 first"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let count = cells::<M, 1>();
        let payloads = Arc::new([(); 2].map(|()| M::Cell::<u32>::new(0)));
        let workers = [("worker 1", 0), ("worker 2", 1)].map(|(name, mine)| {
            let (count, payloads) = (count.clone(), payloads.clone());
            world.actor(name, move || {
                // SAFETY: the other one reads it after it has found this one's count; the engine checks that.
                unsafe { payloads[mine].write(7) };
                let before = count.add(0, 1);
                if before == 1 {
                    // SAFETY: as above.
                    assert_eq!(unsafe { payloads[1 - mine].read() }, 7);
                }
                before
            })
        });
        let [one, other] = workers.map(M::join);
        let first = if one < other { 1 } else { 2 };
        format!("counted {}, worker {first} first", count.load(0))
    }
}
