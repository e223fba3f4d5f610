//! The queue: what is delivered, to whom, in which order; what `Full` and `Empty` mean; who is woken;
//! and what a death in the middle costs.

mod behind_two_claims;
mod blocking;
mod contended;
mod crashes;
mod deaths;
mod exact;
mod fifo;
mod history;
mod left_behind;
mod sleeps_beside_the_dead;
mod slow_producer;
mod swept;
mod timeout;

use std::sync::Arc;

use selvedge::{
    platform::Owner,
    protocol::mpmc::{Consumer, Producer, Queue, Slot, Slots},
};

use super::Entry;
use crate::model::{Model, World};

/// Every scenario of the queue.
pub fn all() -> Vec<Entry> {
    vec![
        Entry::of(fifo::FIFO),
        Entry::of(fifo::LAP),
        Entry::of(fifo::POSITIONS_WRAP),
        Entry::of(fifo::TWO_BY_TWO),
        Entry::of(contended::TWO_EACH),
        Entry::of(contended::TWO_PUSHES_EACH),
        Entry::of(contended::TWO_POPS_EACH),
        Entry::of(contended::SLOT_FOR_TWO),
        Entry::of(contended::RECORD_FOR_TWO),
        Entry::of(slow_producer::SlowProducer),
        Entry::of(exact::FULL),
        Entry::of(exact::EMPTY),
        Entry::of(blocking::TWO_PRODUCERS),
        Entry::of(blocking::TWO_CONSUMERS),
        Entry::of(blocking::TWO_BY_TWO),
        Entry::of(deaths::PRODUCER),
        Entry::of(deaths::CONSUMER),
        Entry::explored(deaths::PRODUCER_ANYWHERE),
        Entry::explored(deaths::CONSUMER_ANYWHERE),
        Entry::explored(crashes::PUSH_AND_POP),
        Entry::explored(crashes::TWO_PUSHES),
        Entry::of(crashes::TWO_EACH),
        Entry::explored(crashes::THREE),
        Entry::explored(sleeps_beside_the_dead::CONSUMER),
        Entry::explored(sleeps_beside_the_dead::PRODUCER),
        Entry::of(behind_two_claims::BehindTwoClaims),
        Entry::explored(swept::Swept),
        Entry::explored(left_behind::PRODUCER),
        Entry::explored(left_behind::CONSUMER),
        Entry::of(timeout::Timeout),
        Entry::of(history::TWO_PRODUCERS),
        Entry::of(history::ONE_SLOT),
        Entry::of(history::TWO_CONSUMERS),
        Entry::of(history::BEHIND_A_CLAIM),
        Entry::of(history::TOLD),
        Entry::of(history::CROSSED),
        Entry::explored(history::ONE_DIES),
        Entry::explored(history::CONSUMER_DIES),
    ]
}

type Shared<M> = Arc<Queue<M, Slots<M, u32>>>;

type ProducerOf<M> = Producer<M, u32, Shared<M>>;
type ConsumerOf<M> = Consumer<M, u32, Shared<M>>;

/// A new queue of one, two or four slots.
fn queue<M: Model>(capacity: usize, start: u64) -> Shared<M> {
    let slot = Slot::default;
    let queue: Shared<M> = match capacity {
        1 => Arc::new(Queue::new([slot()])),
        2 => Arc::new(Queue::new([slot(), slot()])),
        4 => Arc::new(Queue::new([slot(), slot(), slot(), slot()])),
        _ => unreachable!("models are small"),
    };
    queue.init(start);
    queue
}

/// A producer called `owner`.
fn producer<M: Model>(world: &World<M>, queue: &Shared<M>, owner: u32) -> ProducerOf<M> {
    Producer::attach(queue.clone(), world.ctx(), Owner(owner)).expect("a small number")
}

/// A consumer called `owner`.
fn consumer<M: Model>(world: &World<M>, queue: &Shared<M>, owner: u32) -> ConsumerOf<M> {
    Consumer::attach(queue.clone(), world.ctx(), Owner(owner)).expect("a small number")
}
