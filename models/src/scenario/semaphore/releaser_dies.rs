use selvedge::platform::Owner;

use super::semaphore;
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// Who releases dies: the permit is there or it is not, and if it is, the waiter gets it.
#[derive(Clone, Copy)]
pub(super) struct ReleaserDies;

impl Scenario for ReleaserDies {
    fn info(&self) -> Info {
        Info {
            name: "semaphore/releaser_dies",
            does: "acquire || release, dying; then release, if that is possible",
            claims: &["SEM-3", "SEM-7"],
            reach: &["acquired, 0 left", "acquired, 1 left"],
            deaths: 1,
            explorer_only: true,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 0, 1);
        let (waiter, releaser) = (semaphore.clone(), semaphore.clone());
        let waiter = world.actor("waiter", move || waiter.acquire().is_ok());
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let dying = world.victim("releaser", victim, move || releaser.release(1));
        if M::join(dying).is_none() {
            // If the permit is there still, it is for the waiter.
            let _ = semaphore.release(1);
        }
        let how = if M::join(waiter) { "acquired" } else { "corrupt" };
        format!("{how}, {} left", semaphore.state().permits())
    }
}
