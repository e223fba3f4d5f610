use selvedge::platform::Owner;

use super::semaphore;
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// Who waits for a permit dies, before or after it has it, or gives up: the permit is there, or lost with the
/// dead.
#[derive(Clone, Copy)]
pub(super) struct WaiterDies;

impl Scenario for WaiterDies {
    fn info(&self) -> Info {
        Info {
            name: "semaphore/waiter_dies",
            does: "acquire until a deadline, dying || release || the deadline passes",
            claims: &["SEM-7"],
            reach: &["acquired, 0 left", "timed out, 1 left", "died, 0 left", "died, 1 left"],
            deaths: 1,
            explorer_only: true,
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 0, 1);
        let (waiter, until) = (semaphore.clone(), world.deadline());
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let waiter = world.victim("waiter", victim, move || waiter.acquire_until(until).is_ok());
        let clock = world.clock();
        let releaser = semaphore.clone();
        let releaser = world.actor("releaser", move || releaser.release(1).is_ok());
        assert!(M::join(releaser), "no permit was free");
        M::join(clock);
        let how = match M::join(waiter) {
            Some(true) => "acquired",
            Some(false) => "timed out",
            None => "died",
        };
        format!("{how}, {} left", semaphore.state().permits())
    }
}
