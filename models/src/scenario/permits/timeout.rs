use super::{handle, pool};
use crate::model::{Info, Model, Scenario, World};

/// A deadline that passes before, while or after the permit is released.
#[derive(Clone, Copy)]
pub(super) struct Timeout;

impl Scenario for Timeout {
    fn info(&self) -> Info {
        Info {
            name: "permits/timeout",
            does: "acquire until a deadline || release || the deadline passes; one permit",
            claims: &["PERMITS-6"],
            reach: &["acquired, 0 free", "timed out, 1 free"],
            quick: Some(2),
            deep: Some(4),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let pool = pool::<M>(1);
        let (holder, waiter) = (handle(world, &pool, 0), handle(world, &pool, 1));
        let permit = holder.try_acquire().expect("it is new");
        let until = world.deadline();
        let waiter = world.actor("waiter", move || waiter.acquire_until(until).is_ok());
        let clock = world.clock();
        let holder = world.actor("holder", move || holder.release(permit));
        assert_eq!(M::join(holder), Ok(()), "it was held");
        M::join(clock);
        let how = if M::join(waiter) { "acquired" } else { "timed out" };
        format!("{how}, {} free", pool.free())
    }
}
