use std::sync::Arc;

use selvedge::platform::DataCell;

use super::{handle, left, pool};
use crate::model::{Info, Model, Scenario, World};

/// A counter that only the one permit protects.
#[derive(Clone, Copy)]
pub(super) struct Exclusion {
    info: Info,
    times: u32,
}

/// Two operations each.
pub(super) const ONCE: Exclusion = Exclusion {
    info: Info {
        name: "permits/exclusion",
        does: "acquire, count, release || the same, with one permit",
        claims: &["PERMITS-1", "PERMITS-2", "PERMITS-3"],
        reach: &["counted 2, 1 left"],
        quick: Some(3),
        deep: Some(5),
        ..Info::DEFAULT
    },
    times: 1,
};

/// Four operations each.
pub(super) const TWICE: Exclusion = Exclusion {
    info: Info {
        name: "permits/exclusion_twice",
        does: "acquire, count, release, twice || the same, with one permit",
        claims: &["PERMITS-1", "PERMITS-2", "PERMITS-3"],
        reach: &["counted 4, 1 left"],
        spurious: 0,
        quick: Some(1),
        deep: Some(3),
        ..ONCE.info
    },
    times: 2,
};

impl Scenario for Exclusion {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let pool = pool::<M>(1);
        let counter = Arc::new(M::Cell::<u32>::new(0));
        let times = self.times;
        let workers = [("worker 1", 0), ("worker 2", 1)].map(|(name, owner)| {
            let (permits, counter) = (handle(world, &pool, owner), counter.clone());
            world.actor(name, move || {
                for _ in 0..times {
                    let permit = permits.acquire().expect("it comes back");
                    // SAFETY: the permit excludes the other worker; the engine checks that it does.
                    let count = unsafe { counter.read() };
                    // SAFETY: as above.
                    unsafe { counter.write(count + 1) };
                    permits.release(permit).expect("it is held");
                }
            })
        });
        workers.into_iter().for_each(M::join);
        // SAFETY: both workers have ended.
        let counted = unsafe { counter.read() };
        format!("counted {counted}, {} left", left(&handle(world, &pool, 2)))
    }
}
