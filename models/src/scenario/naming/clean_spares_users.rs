use super::{attach, clean, keeps_name, stale};
use crate::model::{Info, Model, Scenario, World};

/// A stale name is attached to while it is cleaned: one of the two comes first.
#[derive(Clone, Copy)]
pub(super) struct CleanSparesUsers;

impl Scenario for CleanSparesUsers {
    fn info(&self) -> Info {
        Info {
            name: "naming/clean_spares_users",
            does: "attach || clean, of a stale name",
            claims: &["NAME-3", "NAME-4"],
            reach: &["attached, named; in use", "absent, unused; removed"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let directory = stale(world);
        let [there, here] = [directory.clone(), directory.clone()];
        let attacher = world.actor("attacher", move || attach(&there));
        let cleaner = world.actor("cleaner", move || clean(&here));
        let (found, file) = M::join(attacher);
        let cleaned = M::join(cleaner);
        format!("{found}, {}; {cleaned}", keeps_name(&directory, file.as_ref()))
    }
}
