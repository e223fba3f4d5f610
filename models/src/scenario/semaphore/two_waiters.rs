use super::{acquirer, semaphore};
use crate::model::{Info, Model, Scenario, World};

/// Two waiters, two permits, released at once or one by one.
#[derive(Clone, Copy)]
pub(super) struct TwoWaiters {
    pub(super) releases: u32,
}

impl Scenario for TwoWaiters {
    fn info(&self) -> Info {
        let shared = Info {
            claims: &["SEM-3"],
            reach: &["both acquired, 0 left, 0 waiters"],
            parks: true,
            spurious: 0,
            quick: Some(1),
            deep: Some(3),
            ..Info::DEFAULT
        };
        if self.releases == 1 {
            let name = "semaphore/two_waiters_one_release";
            Info { name, does: "acquire || acquire || release 2", ..shared }
        } else {
            let name = "semaphore/two_waiters_two_releases";
            Info { name, does: "acquire || acquire || release, release", ..shared }
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 0, 2);
        let waiters = ["waiter 1", "waiter 2"].map(|name| acquirer(world, name, &semaphore));
        let (releaser, releases) = (semaphore.clone(), self.releases);
        let releaser = world.actor("releaser", move || {
            for _ in 0..releases {
                releaser.release(2 / releases).expect("two permits at most");
            }
        });
        M::join(releaser);
        let both = waiters.map(M::join) == [true; 2];
        let (how, state) = (if both { "both acquired" } else { "corrupt" }, semaphore.state());
        format!("{how}, {} left, {} waiters", state.permits(), state.waiters())
    }
}
