use std::sync::Arc;

use selvedge::platform::DataCell;

use super::semaphore;
use crate::model::{Info, Model, Scenario, World};

/// Two releasers, each with a result; whoever has taken both permits sees both results.
#[derive(Clone, Copy)]
pub(super) struct HandOverOfTwo;

impl Scenario for HandOverOfTwo {
    fn info(&self) -> Info {
        Info {
            name: "semaphore/hand_over_of_two",
            does: "write, release || write, release || acquire, acquire, read both",
            claims: &["SEM-2"],
            reach: &["1 and 2"],
            quick: Some(1),
            deep: Some(3),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 0, 2);
        let results = [(); 2].map(|()| Arc::new(M::Cell::<u32>::new(0)));
        let releasers = [("first", 0), ("second", 1)].map(|(name, index)| {
            let (semaphore, result) = (semaphore.clone(), results[index].clone());
            world.actor(name, move || {
                // SAFETY: read only by whoever has both permits; the engine checks that.
                unsafe { result.write(index as u32 + 1) };
                semaphore.release(1).expect("two permits at most");
            })
        });
        let taker = world.actor("taker", move || {
            semaphore.acquire().expect("not corrupt");
            semaphore.acquire().expect("not corrupt");
            // SAFETY: the permits order both writes before this; the engine checks that they do.
            results.map(|result| unsafe { result.read() })
        });
        releasers.into_iter().for_each(M::join);
        let [first, second] = M::join(taker);
        format!("{first} and {second}")
    }
}
