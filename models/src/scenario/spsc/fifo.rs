use super::ends;
use crate::model::{Info, Model, Scenario, World};

/// Some records, as many attempts to pop, without waiting: what the consumer gets is a prefix of what was
/// pushed, in order.
#[derive(Clone, Copy)]
pub(super) struct Fifo {
    info: Info,
    records: &'static [u32],
    capacity: usize,
    start: u64,
}

/// Room for both records.
pub(super) const FIFO: Fifo = Fifo {
    info: Info {
        name: "spsc/fifo",
        does: "try_push 1, try_push 2 || try_pop, try_pop; capacity 2",
        claims: &["SPSC-1", "SPSC-2"],
        reach: &["pushed 2, popped []", "pushed 2, popped [1]", "pushed 2, popped [1, 2]"],
        ..Info::DEFAULT
    },
    records: &[1, 2],
    capacity: 2,
    start: 0,
};

/// The second record needs the slot of the first.
pub(super) const LAP: Fifo = Fifo {
    info: Info {
        name: "spsc/lap",
        does: "try_push 1, try_push 2 || try_pop, try_pop; capacity 1",
        reach: &[
            "pushed 1, popped []",
            "pushed 1, popped [1]",
            "pushed 2, popped [1]",
            "pushed 2, popped [1, 2]",
        ],
        ..FIFO.info
    },
    capacity: 1,
    ..FIFO
};

/// Three operations an end; the third record needs the slot of the first.
pub(super) const THREE_EACH: Fifo = Fifo {
    info: Info {
        name: "spsc/three_each",
        does: "try_push 1, 2, 3 || try_pop, three times; capacity 2",
        reach: &[
            "pushed 2, popped []",
            "pushed 2, popped [1]",
            "pushed 2, popped [1, 2]",
            "pushed 3, popped [1]",
            "pushed 3, popped [1, 2]",
            "pushed 3, popped [1, 2, 3]",
        ],
        quick: Some(3),
        deep: Some(5),
        ..FIFO.info
    },
    records: &[1, 2, 3],
    ..FIFO
};

/// The counters pass from their largest value to 0.
pub(super) const POSITIONS_WRAP: Fifo = Fifo {
    info: Info {
        name: "spsc/positions_wrap",
        does: "as fifo, the counters starting at their maximum",
        claims: &["SPSC-1"],
        ..FIFO.info
    },
    start: u64::MAX,
    ..FIFO
};

impl Scenario for Fifo {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (mut producer, mut consumer) = ends::<M, u32>(world, self.capacity, self.start);
        let records = self.records;
        let pushing = world.actor("producer", move || {
            records.iter().filter(|record| producer.try_push(**record).is_ok()).count()
        });
        let popping = world.actor("consumer", move || {
            records.iter().filter_map(|_| consumer.try_pop().ok()).collect::<Vec<u32>>()
        });
        format!("pushed {}, popped {:?}", M::join(pushing), M::join(popping))
    }
}
