use super::ends;
use crate::model::{Info, Model, Scenario, World};

/// A deadline that passes before, while or after a record is pushed.
#[derive(Clone, Copy)]
pub(super) struct Timeout;

impl Scenario for Timeout {
    fn info(&self) -> Info {
        Info {
            name: "spsc/timeout",
            does: "try_push 1 || pop until a deadline, then try_pop || the deadline passes",
            claims: &["SPSC-7"],
            reach: &["popped in time", "popped later", "not yet there"],
            quick: Some(2),
            deep: Some(3),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (mut producer, mut consumer) = ends::<M, u32>(world, 1, 0);
        let until = world.deadline();
        let clock = world.clock();
        let popping = world.actor("consumer", move || match consumer.pop_until(until) {
            Ok(1) => "popped in time",
            Ok(_) => "popped something else",
            Err(_) => match consumer.try_pop() {
                Ok(1) => "popped later",
                Ok(_) => "popped something else",
                Err(_) => "not yet there",
            },
        });
        let pushing = world.actor("producer", move || producer.try_push(1).is_ok());
        assert!(M::join(pushing), "there is room");
        M::join(clock);
        M::join(popping).into()
    }
}
