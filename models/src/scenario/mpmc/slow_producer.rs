use super::{consumer, producer, queue};
use crate::model::{Info, Model, Scenario, World};

/// A producer may be stopped between its look at a slot and its claim, while another goes round the
/// slots several times.
#[derive(Clone, Copy)]
pub(super) struct SlowProducer;

/// More than three laps of two slots.
const RECORDS: u32 = 7;

impl Scenario for SlowProducer {
    fn info(&self) -> Info {
        Info {
            name: "mpmc/slow_producer",
            does: "try_push 9 || try_push and try_pop, 7 times, then all that is left; capacity 2",
            claims: &["MPMC-1"],
            reach: &["0 lost"],
            cut: Some(100_000),
            quick: Some(1),
            deep: Some(2),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let queue = queue::<M>(2, 0);
        let [mut slow, mut fast] = [0, 1].map(|owner| producer(world, &queue, owner));
        let mut consumer = consumer(world, &queue, 2);
        let slow = world.actor("slow", move || slow.try_push(9).is_ok());
        let fast = world.actor("fast", move || {
            let (mut pushed, mut popped) = (0, 0);
            for record in 0..RECORDS {
                pushed += usize::from(fast.try_push(record).is_ok());
                popped += usize::from(consumer.try_pop().is_ok());
            }
            (pushed, popped, consumer)
        });
        let slow = usize::from(M::join(slow));
        let (pushed, popped, mut consumer) = M::join(fast);
        let left = core::iter::from_fn(|| consumer.try_pop().ok()).count();
        format!("{} lost", slow + pushed - popped - left)
    }
}
