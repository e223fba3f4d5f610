use super::semaphore;
use crate::model::{Info, Model, Scenario, World};

/// Two attempts at one permit.
#[derive(Clone, Copy)]
pub(super) struct TryAcquireTakesOne;

impl Scenario for TryAcquireTakesOne {
    fn info(&self) -> Info {
        Info {
            name: "semaphore/try_acquire_takes_one",
            does: "try_acquire || try_acquire, with one permit",
            claims: &["SEM-1"],
            reach: &["first took it, 0 left", "second took it, 0 left"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 1, 2);
        let attempts = ["first", "second"].map(|name| {
            let semaphore = semaphore.clone();
            world.actor(name, move || semaphore.try_acquire().is_ok().then_some(name))
        });
        let took: Vec<&str> = attempts.map(M::join).into_iter().flatten().collect();
        format!("{} took it, {} left", took.join(" and "), semaphore.state().permits())
    }
}
