use super::ends;
use crate::model::{Info, Model, Scenario, World};

/// Both ends wait for each other.
#[derive(Clone, Copy)]
pub(super) struct Blocking;

impl Scenario for Blocking {
    fn info(&self) -> Info {
        Info {
            name: "spsc/blocking",
            does: "push 1, push 2 || pop, pop; capacity 1",
            claims: &["SPSC-4"],
            reach: &["[1, 2]"],
            quick: Some(3),
            deep: Some(4),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (mut producer, mut consumer) = ends::<M, u32>(world, 1, 0);
        let pushing = world.actor("producer", move || {
            for record in [1, 2] {
                producer.push(record).expect("open");
            }
        });
        let popping =
            world.actor("consumer", move || [(); 2].map(|()| consumer.pop().expect("open")));
        M::join(pushing);
        format!("{:?}", M::join(popping))
    }
}
