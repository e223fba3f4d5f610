use std::sync::Arc;

use selvedge::platform::DataCell;

use super::cells;
use crate::model::{Info, Model, Scenario, World};

/// A turn that is taken, and passed on: who finds the other one's turn over sees what it did in it.
#[derive(Clone, Copy)]
pub(super) struct Exchanged;

impl Scenario for Exchanged {
    fn info(&self) -> Info {
        Info {
            name: "cells/exchanged",
            does: "write, exchange 0 for 1 || exchange 0 for 2, or else 1 for 3 and read",
            claims: &["CELLS-1", "CELLS-2"],
            reach: &["2", "3, read 7"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (turn, payload) = (cells::<M, 1>(), Arc::new(M::Cell::<u32>::new(0)));
        let (other, from) = (turn.clone(), payload.clone());
        let writer = world.actor("writer", move || {
            // SAFETY: the reader reads it after it has exchanged the 1; the engine checks that.
            unsafe { payload.write(7) };
            turn.compare_exchange(0, 0, 1).is_ok()
        });
        let reader = world.actor("reader", move || {
            if other.compare_exchange(0, 0, 2).is_ok() {
                return None;
            }
            other.compare_exchange(0, 1, 3).expect("the writer has exchanged");
            // SAFETY: as above.
            Some(unsafe { from.read() })
        });
        M::join(writer);
        match M::join(reader) {
            None => "2".into(),
            Some(read) => format!("3, read {read}"),
        }
    }
}
