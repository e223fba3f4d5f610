use std::sync::Arc;

use selvedge::platform::DataCell;

use super::semaphore;
use crate::model::{Info, Model, Scenario, World};

/// One releaser with a result and two permits; whoever gets one of them sees the result, also if the other
/// was taken from the semaphore's word before.
#[derive(Clone, Copy)]
pub(super) struct HandOverToTwo;

impl Scenario for HandOverToTwo {
    fn info(&self) -> Info {
        Info {
            name: "semaphore/hand_over_to_two",
            does: "write, release 2 || acquire, read || acquire, read",
            claims: &["SEM-2", "SEM-3"],
            reach: &["1 and 1, 0 left, 0 waiters"],
            parks: true,
            spurious: 0,
            quick: Some(1),
            deep: Some(3),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 0, 2);
        let result = Arc::new(M::Cell::<u32>::new(0));
        let takers = ["taker 1", "taker 2"].map(|name| {
            let (semaphore, result) = (semaphore.clone(), result.clone());
            world.actor(name, move || {
                semaphore.acquire().expect("not corrupt");
                // SAFETY: the permit orders the write before this; the engine checks that it does.
                unsafe { result.read() }
            })
        });
        let releaser = semaphore.clone();
        let releaser = world.actor("releaser", move || {
            // SAFETY: read only by those who have a permit of it; the engine checks that.
            unsafe { result.write(1) };
            releaser.release(2).expect("two permits at most");
        });
        M::join(releaser);
        let ([one, other], state) = (takers.map(M::join), semaphore.state());
        format!("{one} and {other}, {} left, {} waiters", state.permits(), state.waiters())
    }
}
