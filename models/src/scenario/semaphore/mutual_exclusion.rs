use std::sync::Arc;

use selvedge::platform::DataCell;

use super::semaphore;
use crate::model::{Info, Model, Scenario, World};

/// A counter that only the permit protects.
#[derive(Clone, Copy)]
pub(super) struct MutualExclusion;

impl Scenario for MutualExclusion {
    fn info(&self) -> Info {
        Info {
            name: "semaphore/mutual_exclusion",
            does: "acquire, count, release || the same, with one permit",
            claims: &["SEM-1", "SEM-2"],
            reach: &["counted 2"],
            quick: Some(4),
            deep: Some(5),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 1, 1);
        let counter = Arc::new(M::Cell::<u32>::new(0));
        let workers = ["worker 1", "worker 2"].map(|name| {
            let (semaphore, counter) = (semaphore.clone(), counter.clone());
            world.actor(name, move || {
                semaphore.acquire().expect("not corrupt");
                // SAFETY: the permit excludes the other worker; the engine checks that it does.
                let count = unsafe { counter.read() };
                // SAFETY: as above.
                unsafe { counter.write(count + 1) };
                semaphore.release(1).expect("the permit is held");
            })
        });
        workers.into_iter().for_each(M::join);
        // SAFETY: both workers have ended.
        format!("counted {}", unsafe { counter.read() })
    }
}
