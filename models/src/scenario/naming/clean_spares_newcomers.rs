use selvedge::protocol::naming;

use super::{clean, create, keeps_name, ok, stale};
use crate::model::{Info, Model, Scenario, World};

/// A name goes from a stale file to a new one while somebody cleans: who looked at the old file must
/// not remove the new one.
#[derive(Clone, Copy)]
pub(super) struct CleanSparesNewcomers;

impl Scenario for CleanSparesNewcomers {
    fn info(&self) -> Info {
        Info {
            name: "naming/clean_spares_newcomers",
            does: "unlink a stale name, create || clean",
            claims: &["NAME-3"],
            reach: &["created, named; removed", "created, named; absent", "created, named; in use"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let directory = stale(world);
        let [there, here] = [directory.clone(), directory.clone()];
        let newcomer = world.actor("newcomer", move || {
            // Removed by us or by the cleaner, it is gone.
            let _ = ok(naming::unlink(&there, &(), |_| Ok(true)));
            create(&there)
        });
        let cleaner = world.actor("cleaner", move || clean(&here));
        let (created, file) = M::join(newcomer);
        let cleaned = M::join(cleaner);
        format!("{created}, {}; {cleaned}", keeps_name(&directory, file.as_ref()))
    }
}
