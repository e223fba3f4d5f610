use super::ends;
use crate::model::{Info, Model, Scenario, World};

/// The consumer goes away while the producer waits for room.
#[derive(Clone, Copy)]
pub(super) struct CloseWakesProducer;

impl Scenario for CloseWakesProducer {
    fn info(&self) -> Info {
        Info {
            name: "spsc/close_wakes_producer",
            does: "try_push 1, push 2 || close; capacity 1",
            claims: &["SPSC-4"],
            reach: &["pushed, then closed", "closed, then closed"],
            quick: Some(4),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (mut producer, consumer) = ends::<M, u32>(world, 1, 0);
        let pushing = world.actor("producer", move || {
            let how = |pushed| if pushed { "pushed" } else { "closed" };
            let first = how(producer.try_push(1).is_ok());
            format!("{first}, then {}", how(producer.push(2).is_ok()))
        });
        M::join(world.actor("consumer", move || consumer.close()));
        M::join(pushing)
    }
}
