use std::sync::Arc;

use selvedge::platform::DataCell;

use super::semaphore;
use crate::model::{Info, Model, Scenario, World};

/// A counter that only the permit protects, counted up by two workers.
#[derive(Clone, Copy)]
pub(super) struct MutualExclusion {
    info: Info,
    /// How often each of them asks for the permit.
    times: u32,
    /// Do they wait for it? They count only what they get otherwise.
    waits: bool,
}

/// Two operations each.
pub(super) const ONCE: MutualExclusion = MutualExclusion {
    info: Info {
        name: "semaphore/mutual_exclusion",
        does: "acquire, count, release || the same, with one permit",
        claims: &["SEM-1", "SEM-2"],
        reach: &["counted 2"],
        quick: Some(4),
        deep: Some(5),
        ..Info::DEFAULT
    },
    times: 1,
    waits: true,
};

/// Four operations each: a permit that was given away comes back.
pub(super) const TWICE: MutualExclusion = MutualExclusion {
    info: Info {
        name: "semaphore/mutual_exclusion_twice",
        does: "acquire, count, release, twice || the same, with one permit",
        reach: &["counted 4"],
        spurious: 0,
        quick: Some(2),
        deep: Some(4),
        ..ONCE.info
    },
    times: 2,
    ..ONCE
};

/// Four operations each, and nobody waits.
pub(super) const TRYING_TWICE: MutualExclusion = MutualExclusion {
    info: Info {
        name: "semaphore/try_mutual_exclusion_twice",
        does: "try_acquire and if so count, release, twice || the same, with one permit",
        reach: &["counted 2", "counted 3", "counted 4"],
        quick: Some(3),
        deep: Some(5),
        ..ONCE.info
    },
    waits: false,
    ..TWICE
};

impl Scenario for MutualExclusion {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 1, 1);
        let counter = Arc::new(M::Cell::<u32>::new(0));
        let Self { times, waits, .. } = *self;
        let workers = ["worker 1", "worker 2"].map(|name| {
            let (semaphore, counter) = (semaphore.clone(), counter.clone());
            world.actor(name, move || {
                for _ in 0..times {
                    if waits {
                        semaphore.acquire().expect("not corrupt");
                    } else if semaphore.try_acquire().is_err() {
                        continue;
                    }
                    // SAFETY: the permit excludes the other worker; the engine checks that it does.
                    let count = unsafe { counter.read() };
                    // SAFETY: as above.
                    unsafe { counter.write(count + 1) };
                    semaphore.release(1).expect("the permit is held");
                }
            })
        });
        workers.into_iter().for_each(M::join);
        // SAFETY: both workers have ended.
        format!("counted {}", unsafe { counter.read() })
    }
}
