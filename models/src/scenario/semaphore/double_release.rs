use super::semaphore;
use crate::model::{Info, Model, Scenario, World};

/// One permit is out, two participants release it.
#[derive(Clone, Copy)]
pub(super) struct DoubleRelease;

impl Scenario for DoubleRelease {
    fn info(&self) -> Info {
        Info {
            name: "semaphore/double_release",
            does: "release || release, of a binary semaphore that is taken",
            claims: &["SEM-4"],
            reach: &["first released it, 1 free", "second released it, 1 free"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 0, 1);
        let releasers = ["first", "second"].map(|name| {
            let semaphore = semaphore.clone();
            world.actor(name, move || semaphore.release(1).is_ok().then_some(name))
        });
        let released: Vec<&str> = releasers.map(M::join).into_iter().flatten().collect();
        format!("{} released it, {} free", released.join(" and "), semaphore.state().permits())
    }
}
