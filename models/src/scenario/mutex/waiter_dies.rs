use std::sync::Arc;

use selvedge::{
    platform::Owner,
    protocol::mutex::{Condition, Locked, Shared},
};

use super::handle;
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// Who waits for the lock dies, before or after it has it, or gives up: the next one gets it.
#[derive(Clone, Copy)]
pub(super) struct WaiterDies;

impl Scenario for WaiterDies {
    fn info(&self) -> Info {
        Info {
            name: "mutex/waiter_dies",
            does: "lock until a deadline, dying || unlock || the deadline passes; then lock",
            claims: &["MUTEX-4", "MUTEX-6"],
            reach: &["alive, whole", "died, whole", "died, torn"],
            deaths: 1,
            explorer_only: true,
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new(Shared::new(0));
        let (holder, waiter) = (handle(world, &shared, 0), handle(world, &shared, 1));
        let found = holder.try_lock().expect("it is new");
        let until = world.deadline();
        let victim = Victim { owner: Owner(1), dies: Dies::Anywhere };
        let waiter = world.victim("waiter", victim, move || {
            if let Ok(found) = waiter.lock_until(until) {
                waiter.unlock(found, Condition::Consistent);
            }
        });
        let clock = world.clock();
        let holder = world.actor("holder", move || holder.unlock(found, Condition::Consistent));
        M::join(holder);
        M::join(clock);
        let died = if M::join(waiter).is_some() { "alive" } else { "died" };
        let next = handle(world, &shared, 2).lock().expect("it can be locked");
        format!("{died}, {}", if next == Locked::Whole { "whole" } else { "torn" })
    }
}
