use selvedge::protocol::mpmc::{PopError, PushError};

use super::{ConsumerOf, consumer, producer, queue};
use crate::model::{Info, Model, Scenario, World};

/// Each producer pushes its records, each consumer pops as often as there are records for it, and
/// nobody waits: what is popped was pushed, each record once, each producer's in order.
#[derive(Clone, Copy)]
pub(super) struct Fifo {
    pub(super) info: Info,
    /// What is in the queue before.
    pub(super) held: &'static [u32],
    pub(super) producers: &'static [&'static [u32]],
    pub(super) consumers: &'static [usize],
    pub(super) capacity: usize,
    pub(super) start: u64,
}

/// Two producers, one consumer.
pub(super) const FIFO: Fifo = Fifo {
    info: Info {
        name: "mpmc/fifo",
        does: "try_push 1 || try_push 2 || try_pop, try_pop; capacity 2",
        claims: &["MPMC-1", "MPMC-3"],
        reach: &[
            "popped [[]], left [1, 2]",
            "popped [[]], left [2, 1]",
            "popped [[1]], left [2]",
            "popped [[2]], left [1]",
            "popped [[1, 2]], left []",
            "popped [[2, 1]], left []",
        ],
        quick: Some(2),
        deep: Some(4),
        ..Info::DEFAULT
    },
    held: &[],
    producers: &[&[1], &[2]],
    consumers: &[2],
    capacity: 2,
    start: 0,
};

/// One slot, used again and again by one producer and one consumer.
pub(super) const LAP: Fifo = Fifo {
    info: Info {
        name: "mpmc/lap",
        does: "try_push 1, try_push 2 || try_pop, try_pop; capacity 1",
        claims: &["MPMC-1", "MPMC-2", "MPMC-3"],
        reach: &[
            "popped [[]], left [1]",
            "popped [[1]], left []",
            "popped [[1]], left [2]",
            "popped [[1, 2]], left []",
        ],
        quick: None,
        deep: None,
        ..FIFO.info
    },
    producers: &[&[1, 2]],
    capacity: 1,
    ..FIFO
};

/// Positions pass from their largest value to 0, and slot words with them.
pub(super) const POSITIONS_WRAP: Fifo = Fifo {
    info: Info {
        name: "mpmc/positions_wrap",
        does: "as lap, positions starting at their maximum",
        claims: &["MPMC-1", "MPMC-2"],
        ..LAP.info
    },
    start: u64::MAX,
    ..LAP
};

/// Two producers, two consumers, a record each.
pub(super) const TWO_BY_TWO: Fifo = Fifo {
    info: Info {
        name: "mpmc/two_by_two",
        does: "try_push 1 || try_push 2 || try_pop || try_pop; capacity 2",
        claims: &["MPMC-1"],
        reach: &[
            "popped [[], []], left [1, 2]",
            "popped [[], []], left [2, 1]",
            "popped [[], [1]], left [2]",
            "popped [[], [2]], left [1]",
            "popped [[1], []], left [2]",
            "popped [[2], []], left [1]",
            "popped [[1], [2]], left []",
            "popped [[2], [1]], left []",
        ],
        quick: Some(1),
        deep: Some(2),
        ..FIFO.info
    },
    consumers: &[1, 1],
    ..FIFO
};

impl Scenario for Fifo {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let queue = queue::<M>(self.capacity, self.start);
        let mut filler = producer(world, &queue, 8);
        for record in self.held {
            filler.try_push(*record).expect("there is room");
        }
        let pushing: Vec<_> = (self.producers.iter().zip(0..))
            .map(|(records, owner)| {
                let mut producer = producer(world, &queue, owner);
                world.actor("producer", move || {
                    for record in *records {
                        let pushed = producer.try_push(*record);
                        assert!(!matches!(pushed, Err(PushError::Corrupt(_))), "corrupt");
                    }
                })
            })
            .collect();
        let popping: Vec<_> = (self.consumers.iter().zip(2..))
            .map(|(&attempts, owner)| {
                let mut consumer = consumer(world, &queue, owner);
                world.actor("consumer", move || pop(&mut consumer, attempts))
            })
            .collect();
        pushing.into_iter().for_each(M::join);
        let popped: Vec<_> = popping.into_iter().map(M::join).collect();
        let left = pop(&mut consumer(world, &queue, 9), 2);
        format!("popped {popped:?}, left {left:?}")
    }
}

/// What so many attempts yield.
fn pop<M: Model>(consumer: &mut ConsumerOf<M>, attempts: usize) -> Vec<u32> {
    let popped = (0..attempts).filter_map(|_| match consumer.try_pop() {
        Ok(record) => Some(record),
        Err(PopError::Empty) => None,
        Err(PopError::Corrupt) => panic!("corrupt"),
    });
    popped.collect()
}
