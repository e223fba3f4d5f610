use super::{clean, create, keeps_name};
use crate::model::{Info, Model, Scenario, World, directory::Directory};

/// A cleaner cannot be quicker than the creator.
#[derive(Clone, Copy)]
pub(super) struct BornInUse;

impl Scenario for BornInUse {
    fn info(&self) -> Info {
        Info {
            name: "naming/born_in_use",
            does: "create || clean",
            claims: &["NAME-2", "NAME-3"],
            reach: &["created, named; absent", "created, named; in use"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let directory = Directory::new(world);
        let [there, here] = [directory.clone(), directory.clone()];
        let creator = world.actor("creator", move || create(&there));
        let cleaner = world.actor("cleaner", move || clean(&here));
        let (created, file) = M::join(creator);
        let cleaned = M::join(cleaner);
        format!("{created}, {}; {cleaned}", keeps_name(&directory, file.as_ref()))
    }
}
