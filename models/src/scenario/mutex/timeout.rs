use std::sync::Arc;

use selvedge::protocol::mutex::{Condition, Shared};

use super::handle;
use crate::model::{Info, Model, Scenario, World};

/// A deadline that passes before, while or after the lock is left.
#[derive(Clone, Copy)]
pub(super) struct Timeout;

impl Scenario for Timeout {
    fn info(&self) -> Info {
        Info {
            name: "mutex/timeout",
            does: "lock until a deadline || unlock || the deadline passes",
            claims: &["MUTEX-6"],
            reach: &["locked, 0 waiters", "timed out, 0 waiters"],
            quick: Some(3),
            deep: Some(4),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new(Shared::new(0));
        let (holder, waiter) = (handle(world, &shared, 0), handle(world, &shared, 1));
        let found = holder.try_lock().expect("it is new");
        let until = world.deadline();
        let waiter = world.actor("waiter", move || waiter.lock_until(until).is_ok());
        let clock = world.clock();
        let holder = world.actor("holder", move || holder.unlock(found, Condition::Consistent));
        M::join(holder);
        M::join(clock);
        let how = if M::join(waiter) { "locked" } else { "timed out" };
        format!("{how}, {} waiters", shared.state().waiters())
    }
}
