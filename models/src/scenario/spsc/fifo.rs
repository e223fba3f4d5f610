use super::ends;
use crate::model::{Info, Model, Scenario, World};

/// Two records, without waiting: what the consumer gets is a prefix, in order.
#[derive(Clone, Copy)]
pub(super) struct Fifo {
    name: &'static str,
    does: &'static str,
    capacity: usize,
    start: u64,
    reach: &'static [&'static str],
}

/// Room for both records.
pub(super) const FIFO: Fifo = Fifo {
    name: "spsc/fifo",
    does: "try_push 1, try_push 2 || try_pop, try_pop; capacity 2",
    capacity: 2,
    start: 0,
    reach: &["pushed 2, popped []", "pushed 2, popped [1]", "pushed 2, popped [1, 2]"],
};

/// The second record needs the slot of the first.
pub(super) const LAP: Fifo = Fifo {
    name: "spsc/lap",
    does: "try_push 1, try_push 2 || try_pop, try_pop; capacity 1",
    capacity: 1,
    start: 0,
    reach: &[
        "pushed 1, popped []",
        "pushed 1, popped [1]",
        "pushed 2, popped [1]",
        "pushed 2, popped [1, 2]",
    ],
};

/// The counters pass from their largest value to 0.
pub(super) const POSITIONS_WRAP: Fifo = Fifo {
    name: "spsc/positions_wrap",
    does: "as fifo, the counters starting at their maximum",
    start: u64::MAX,
    ..FIFO
};

impl Scenario for Fifo {
    fn info(&self) -> Info {
        Info {
            name: self.name,
            does: self.does,
            claims: if self.start == 0 { &["SPSC-1", "SPSC-2"] } else { &["SPSC-1"] },
            reach: self.reach,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (mut producer, mut consumer) = ends::<M, u32>(world, self.capacity, self.start);
        let pushing = world.actor("producer", move || {
            [1, 2]
                .map(|record| producer.try_push(record).is_ok())
                .into_iter()
                .filter(|ok| *ok)
                .count()
        });
        let popping = world.actor("consumer", move || {
            [(); 2].map(|()| consumer.try_pop().ok()).into_iter().flatten().collect::<Vec<u32>>()
        });
        format!("pushed {}, popped {:?}", M::join(pushing), M::join(popping))
    }
}
