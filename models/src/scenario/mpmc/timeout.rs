use selvedge::protocol::mpmc::PopTimeoutError;

use super::{consumer, producer, queue};
use crate::model::{Info, Model, Scenario, World};

/// A pop whose deadline may pass, and a push: the record is popped, or it stays.
#[derive(Clone, Copy)]
pub(super) struct Timeout;

impl Scenario for Timeout {
    fn info(&self) -> Info {
        Info {
            name: "mpmc/timeout",
            does: "pop with a deadline || try_push 1 || the deadline passes",
            claims: &["MPMC-7"],
            reach: &["popped, 0 left", "timed out, 1 left"],
            quick: Some(2),
            deep: Some(3),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let queue = queue::<M>(1, 0);
        let (mut producer, mut rest) = (producer(world, &queue, 0), consumer(world, &queue, 1));
        let mut waiting = consumer(world, &queue, 2);
        let until = world.deadline();
        let popping = world.actor("consumer", move || waiting.pop_until(until));
        let clock = world.clock();
        M::join(world.actor("producer", move || producer.try_push(1).expect("there is room")));
        M::join(clock);
        let how = match M::join(popping) {
            Ok(1) => "popped",
            Ok(_) => "something else",
            Err(PopTimeoutError::TimedOut) => "timed out",
            Err(PopTimeoutError::Corrupt) => "corrupt",
        };
        format!("{how}, {} left", u8::from(rest.try_pop() == Ok(1)))
    }
}
