use super::{keeps_name, stale, take_over};
use crate::model::{Info, Model, Scenario, World};

/// Two participants want the name of a file that nobody uses.
#[derive(Clone, Copy)]
pub(super) struct TakeOverOnce;

impl Scenario for TakeOverOnce {
    fn info(&self) -> Info {
        Info {
            name: "naming/take_over_once",
            does: "take over || the same, of a stale name",
            claims: &["NAME-5"],
            reach: &["took over, named; in use, unused", "in use, unused; took over, named"],
            quick: Some(4),
            deep: Some(6),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let directory = stale(world);
        let found = ["first", "second"].map(|name| {
            let directory = directory.clone();
            world.actor(name, move || take_over(&directory))
        });
        let found = found.map(M::join);
        let said = found
            .each_ref()
            .map(|(said, file)| format!("{said}, {}", keeps_name(&directory, file.as_ref())));
        said.join("; ")
    }
}
