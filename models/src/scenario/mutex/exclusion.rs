use std::sync::Arc;

use selvedge::protocol::mutex::{Condition, Locked, Shared};

use super::{count, handle};
use crate::model::{Info, Model, Scenario, World};

/// A counter that only the lock protects.
#[derive(Clone, Copy)]
pub(super) struct Exclusion {
    info: Info,
    times: u32,
}

/// Two operations each.
pub(super) const ONCE: Exclusion = Exclusion {
    info: Info {
        name: "mutex/exclusion",
        does: "lock, count, unlock || the same",
        claims: &["MUTEX-1", "MUTEX-2", "MUTEX-3"],
        reach: &["counted 2"],
        quick: Some(3),
        deep: Some(5),
        ..Info::DEFAULT
    },
    times: 1,
};

/// Four operations each.
pub(super) const TWICE: Exclusion = Exclusion {
    info: Info {
        name: "mutex/exclusion_twice",
        does: "lock, count, unlock, twice || the same",
        reach: &["counted 4"],
        spurious: 0,
        quick: Some(2),
        deep: Some(4),
        ..ONCE.info
    },
    times: 2,
};

impl Scenario for Exclusion {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new(Shared::new(0));
        let times = self.times;
        let workers = [("worker 1", 0), ("worker 2", 1)].map(|(name, owner)| {
            let mutex = handle(world, &shared, owner);
            world.actor(name, move || {
                for _ in 0..times {
                    let found = mutex.lock().expect("it can be locked");
                    count(&mutex, found);
                    mutex.unlock(found, Condition::Consistent);
                }
            })
        });
        workers.into_iter().for_each(M::join);
        let mutex = handle(world, &shared, 2);
        assert_eq!(mutex.try_lock(), Ok(Locked::Whole), "free and whole");
        // SAFETY: the lock is held.
        format!("counted {}", unsafe { mutex.read() })
    }
}
