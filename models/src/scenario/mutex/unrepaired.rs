use std::sync::Arc;

use selvedge::protocol::mutex::{Condition, LockError, Locked, Shared};

use super::handle;
use crate::model::{Info, Model, Scenario, World};

/// Who learns that the state is torn leaves it so, while two others wait.
#[derive(Clone, Copy)]
pub(super) struct Unrepaired;

impl Scenario for Unrepaired {
    fn info(&self) -> Info {
        Info {
            name: "mutex/unrepaired",
            does: "lock, and if told so leave it unrecoverable || the same || the same, of a torn one",
            claims: &["MUTEX-5"],
            reach: &["1 was told, 2 refused"],
            spurious: 0,
            parks: true,
            quick: Some(1),
            deep: Some(2),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new(Shared::new(0));
        let torn = handle(world, &shared, 7);
        let found = torn.try_lock().expect("it is new");
        torn.unlock(found, Condition::Inconsistent);
        let workers = [("worker 1", 0), ("worker 2", 1), ("worker 3", 2)].map(|(name, owner)| {
            let mutex = handle(world, &shared, owner);
            world.actor(name, move || {
                let found = mutex.lock();
                if found == Ok(Locked::OwnerDied) {
                    mutex.unlock(Locked::OwnerDied, Condition::Unrecoverable);
                }
                found
            })
        });
        let found = workers.map(M::join);
        let how = |wanted| found.iter().filter(|found| **found == wanted).count();
        let (told, refused) =
            (how(Ok(Locked::OwnerDied)), how(Err(LockError::Unrecoverable.into())));
        format!("{told} was told, {refused} refused")
    }
}
