use super::semaphore;
use crate::model::{Info, Model, Scenario, World};

/// A deadline that passes before, while or after a permit is released.
#[derive(Clone, Copy)]
pub(super) struct Timeout;

impl Scenario for Timeout {
    fn info(&self) -> Info {
        Info {
            name: "semaphore/timeout",
            does: "acquire until a deadline || release || the deadline passes",
            claims: &["SEM-5"],
            reach: &["acquired, 0 left, 0 waiters", "timed out, 1 left, 0 waiters"],
            quick: Some(3),
            deep: Some(4),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 0, 1);
        let (waiter, until) = (semaphore.clone(), world.deadline());
        let waiter = world.actor("waiter", move || waiter.acquire_until(until).is_ok());
        let clock = world.clock();
        let releaser = semaphore.clone();
        let releaser = world.actor("releaser", move || releaser.release(1).is_ok());
        assert!(M::join(releaser), "no permit was free");
        M::join(clock);
        let (how, state) = (M::join(waiter), semaphore.state());
        let how = if how { "acquired" } else { "timed out" };
        format!("{how}, {} left, {} waiters", state.permits(), state.waiters())
    }
}
