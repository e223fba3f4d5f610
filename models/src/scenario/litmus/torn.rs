//! Racy payload: a copy may be torn, and is never a data race.

use std::sync::Arc;

use selvedge::platform::RacyCell;

use super::Row;
use crate::{
    engine::Entry,
    model::{Info, Model, Scenario, World},
};

pub(super) fn row() -> Row {
    Row { entry: Entry::of(Torn), family: "racy payload", blind: &[], races: false }
}

#[derive(Clone, Copy)]
struct Torn;

impl Scenario for Torn {
    fn info(&self) -> Info {
        Info {
            name: "litmus/torn",
            does: "write two words of racy payload || read them",
            reach: &["[0, 0]", "[1, 0]", "[0, 1]", "[1, 1]"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let racy = Arc::new(M::Racy::<[u64; 2]>::new([0, 0]));
        let writer = racy.clone();
        let writer = world.actor("writer", move || writer.write([1, 1]));
        let reader = world.actor("reader", move || racy.read());
        M::join(writer);
        format!("{:?}", M::join(reader))
    }
}
