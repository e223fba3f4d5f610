use super::{create_or_attach, keeps_name};
use crate::model::{Info, Model, Scenario, World, directory::Directory};

/// Two participants want the same thing to be there.
#[derive(Clone, Copy)]
pub(super) struct OneCreator;

impl Scenario for OneCreator {
    fn info(&self) -> Info {
        Info {
            name: "naming/one_creator",
            does: "create or attach || the same",
            claims: &["NAME-1"],
            reach: &["created, named; attached, named", "attached, named; created, named"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let directory = Directory::new(world);
        let found = ["first", "second"].map(|name| {
            let directory = directory.clone();
            world.actor(name, move || create_or_attach(&directory))
        });
        let found = found.map(M::join);
        let said = found
            .each_ref()
            .map(|(said, file)| format!("{said}, {}", keeps_name(&directory, file.as_ref())));
        said.join("; ")
    }
}
