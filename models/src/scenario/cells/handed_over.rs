use std::sync::Arc;

use selvedge::platform::DataCell;

use super::cells;
use crate::model::{Info, Model, Scenario, World};

/// A flag says that something is ready.
#[derive(Clone, Copy)]
pub(super) struct HandedOver;

impl Scenario for HandedOver {
    fn info(&self) -> Info {
        Info {
            name: "cells/handed_over",
            does: "write, store 1 || load, and if it is 1 read",
            claims: &["CELLS-2"],
            reach: &["not yet", "read 7"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (ready, payload) = (cells::<M, 1>(), Arc::new(M::Cell::<u32>::new(0)));
        let (other, from) = (ready.clone(), payload.clone());
        let writer = world.actor("writer", move || {
            // SAFETY: the reader reads it after it has found 1; the engine checks that.
            unsafe { payload.write(7) };
            ready.store(0, 1);
        });
        let reader = world.actor("reader", move || match other.load(0) {
            0 => "not yet".to_owned(),
            // SAFETY: as above.
            _ => format!("read {}", unsafe { from.read() }),
        });
        M::join(writer);
        M::join(reader)
    }
}
