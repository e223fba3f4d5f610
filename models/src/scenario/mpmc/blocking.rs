use super::{consumer, producer, queue};
use crate::model::{Info, Model, Scenario, World};

/// Producers and consumers who wait for each other: all records arrive, and everybody ends.
#[derive(Clone, Copy)]
pub(super) struct Blocking {
    info: Info,
    /// How many records each producer pushes.
    producers: &'static [u32],
    /// How many records each consumer pops.
    consumers: &'static [u32],
    capacity: usize,
}

/// Two producers wait for the one slot.
pub(super) const TWO_PRODUCERS: Blocking = Blocking {
    info: Info {
        name: "mpmc/blocking_producers",
        does: "push 1 || push 2 || pop, pop; capacity 1",
        claims: &["MPMC-5"],
        reach: &["all arrived"],
        parks: true,
        spurious: 0,
        cut: Some(100_000),
        quick: Some(1),
        deep: Some(2),
        ..Info::DEFAULT
    },
    producers: &[1, 1],
    consumers: &[2],
    capacity: 1,
};

/// Two consumers wait for records.
pub(super) const TWO_CONSUMERS: Blocking = Blocking {
    info: Info {
        name: "mpmc/blocking_consumers",
        does: "push 1, push 2 || pop || pop; capacity 2",
        ..TWO_PRODUCERS.info
    },
    producers: &[2],
    consumers: &[1, 1],
    capacity: 2,
};

/// A wake-up may go to one who comes too early: who is served passes it on.
pub(super) const TWO_BY_TWO: Blocking = Blocking {
    info: Info {
        name: "mpmc/wake_up_passed_on",
        does: "push 1 || push 2 || pop || pop; capacity 2",
        quick: Some(0),
        deep: Some(1),
        ..TWO_PRODUCERS.info
    },
    producers: &[1, 1],
    consumers: &[1, 1],
    capacity: 2,
};

impl Scenario for Blocking {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let queue = queue::<M>(self.capacity, 0);
        let mut next = 1;
        let mut pushing = Vec::new();
        for (&count, owner) in self.producers.iter().zip(0..) {
            let (mut producer, records) = (producer(world, &queue, owner), next..next + count);
            next += count;
            let push = move || records.for_each(|record| producer.push(record).expect("sound"));
            pushing.push(world.actor("producer", push));
        }
        let mut popping = Vec::new();
        for (&count, owner) in self.consumers.iter().zip(2..) {
            let mut consumer = consumer(world, &queue, owner);
            let pop = move || (0..count).map(|_| consumer.pop().expect("sound")).collect();
            popping.push(world.actor("consumer", pop));
        }
        pushing.into_iter().for_each(M::join);
        let mut arrived: Vec<u32> = popping.into_iter().flat_map(M::join::<Vec<u32>>).collect();
        arrived.sort_unstable();
        if arrived.into_iter().eq(1..next) { "all arrived" } else { "not all arrived" }.into()
    }
}
