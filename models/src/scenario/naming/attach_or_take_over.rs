use super::{attach, keeps_name, stale, take_over};
use crate::model::{Info, Model, Scenario, World};

/// A stale name is attached to while it is taken over: the old file is kept, or nobody has it.
#[derive(Clone, Copy)]
pub(super) struct AttachOrTakeOver;

impl Scenario for AttachOrTakeOver {
    fn info(&self) -> Info {
        Info {
            name: "naming/attach_or_take_over",
            does: "attach || take over, of a stale name",
            claims: &["NAME-4", "NAME-5"],
            reach: &[
                "attached, named; in use, unused",
                "attached, named; took over, named",
                "absent, unused; took over, named",
            ],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let directory = stale(world);
        let [there, here] = [directory.clone(), directory.clone()];
        let attacher = world.actor("attacher", move || attach(&there));
        let heir = world.actor("heir", move || take_over(&here));
        let found = [M::join(attacher), M::join(heir)];
        let said = found
            .each_ref()
            .map(|(said, file)| format!("{said}, {}", keeps_name(&directory, file.as_ref())));
        said.join("; ")
    }
}
