use super::{attach, create};
use crate::model::{Info, Model, Scenario, World, directory::Directory};

/// What has a name is complete.
#[derive(Clone, Copy)]
pub(super) struct Finished;

impl Scenario for Finished {
    fn info(&self) -> Info {
        Info {
            name: "naming/finished",
            does: "create || attach",
            claims: &["NAME-2"],
            reach: &["absent", "attached"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let directory = Directory::new(world);
        let there = directory.clone();
        let creator = world.actor("creator", move || create(&there));
        let attacher = world.actor("attacher", move || attach(&directory));
        let (created, _used) = M::join(creator);
        assert_eq!(created, "created", "nothing had the name");
        M::join(attacher).0.into()
    }
}
