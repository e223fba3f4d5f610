use std::sync::Arc;

use selvedge::protocol::mutex::{Condition, Locked, Shared};

use super::{REPAIRED, count, handle};
use crate::model::{Info, Model, Scenario, World};

/// Workers who count, any of whom may die: the others go on, none of them reads a torn count.
#[derive(Clone, Copy)]
pub(super) struct Deaths {
    info: Info,
    workers: u32,
    times: u32,
    /// Is there a count, or only the lock?
    counts: bool,
}

/// Both may die.
pub(super) const TWO: Deaths = Deaths {
    info: Info {
        name: "mutex/two_deaths",
        does: "lock, count, unlock, dying || the same, dying too",
        claims: &["MUTEX-1", "MUTEX-3", "MUTEX-4"],
        reach: &["0 died, whole", "1 died, whole", "1 died, torn", "2 died, whole", "2 died, torn"],
        deaths: 2,
        explorer_only: true,
        ..Info::DEFAULT
    },
    workers: 2,
    times: 1,
    counts: true,
};

/// That holders exclude each other and nobody waits for the dead does not rest on what the dead did being
/// seen.
pub(super) const UNSEEN: Deaths = Deaths {
    info: Info {
        name: "mutex/two_unseen_deaths",
        does: "lock, unlock, dying || the same, dying too; a death shows nothing of what the dead did",
        unseen: true,
        ..TWO.info
    },
    counts: false,
    ..TWO
};

/// One of two dies, who have two turns each.
pub(super) const TWO_EACH: Deaths = Deaths {
    info: Info {
        name: "mutex/death_of_one_of_two",
        does: "lock, count, unlock, twice, dying || the same, alive",
        reach: &["0 died, whole", "1 died, whole", "1 died, torn"],
        deaths: 1,
        spurious: 0,
        ..TWO.info
    },
    times: 2,
    ..TWO
};

/// One of three.
pub(super) const THREE: Deaths = Deaths {
    info: Info {
        name: "mutex/death_among_three",
        does: "lock, count, unlock, dying || the same, alive || the same",
        ..TWO_EACH.info
    },
    workers: 3,
    ..TWO
};

impl Scenario for Deaths {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new(Shared::new(0));
        let Self { workers, times, counts, .. } = *self;
        let (died, _) = world.workers(workers, self.info.deaths, |owner| {
            let mutex = handle(world, &shared, owner.0);
            move || {
                for _ in 0..times {
                    let found = mutex.lock().expect("it can be locked");
                    if counts {
                        count(&mutex, found);
                    }
                    mutex.unlock(found, Condition::Consistent);
                }
            }
        });
        let mutex = handle(world, &shared, 7);
        let found = mutex.try_lock().expect("nobody holds it who lives");
        if found == Locked::Whole && counts {
            // SAFETY: the lock is held.
            let count = unsafe { mutex.read() };
            let all = workers * times;
            assert!(died > 0 || count == all, "{count} counted");
            assert!(count % REPAIRED <= all, "{count} counted");
        }
        let how = if found == Locked::Whole { "whole" } else { "torn" };
        format!("{died} died, {how}")
    }
}
