//! The ring: what is delivered, who may touch a slot, and who is woken.

mod blocking;
mod byte_stream;
mod close_delivers_all;
mod close_wakes_producer;
mod deaths;
mod fifo;
mod history;
mod in_place;
mod one_producer;
mod swept;
mod swept_while_asleep;
mod timeout;

use std::sync::Arc;

use selvedge::{
    platform::{DataCell, Owner, Pod},
    protocol::spsc::{Consumer, Producer, Ring, Slots},
};

use super::Entry;
use crate::model::{Model, World};

/// Every scenario of the ring.
pub fn all() -> Vec<Entry> {
    vec![
        Entry::of(fifo::FIFO),
        Entry::of(fifo::LAP),
        Entry::of(fifo::POSITIONS_WRAP),
        Entry::of(fifo::THREE_EACH),
        Entry::of(blocking::Blocking),
        Entry::of(close_delivers_all::CloseDeliversAll),
        Entry::of(close_wakes_producer::CloseWakesProducer),
        Entry::of(byte_stream::ByteStream),
        Entry::of(in_place::InPlace),
        Entry::of(one_producer::OneProducer),
        Entry::explored(deaths::ONE),
        Entry::explored(deaths::TWO),
        Entry::explored(swept::LEFT),
        Entry::explored(swept::HEIR),
        Entry::explored(swept_while_asleep::SweptWhileAsleep),
        Entry::of(timeout::Timeout),
        Entry::of(history::CLOSING),
        Entry::of(history::CROSSED),
        Entry::explored(history::PRODUCER_DIES),
        Entry::explored(history::CONSUMER_DIES),
        Entry::of(history::TOLD),
    ]
}

type Shared<M, T> = Arc<Ring<M, Slots<M, T>>>;
type Ends<M, T> = (Producer<M, T, Shared<M, T>>, Consumer<M, T, Shared<M, T>>);

/// A new ring of one or two slots.
fn ring<M: Model, T: Pod>(capacity: usize, start: u64) -> Shared<M, T> {
    let slot = || M::Cell::<T>::new(T::new_zeroed());
    match capacity {
        1 => Arc::new(Ring::new(start, [slot()])),
        2 => Arc::new(Ring::new(start, [slot(), slot()])),
        _ => unreachable!("models are small"),
    }
}

/// Both ends of a new ring.
fn ends<M: Model, T: Pod>(world: &World<M>, capacity: usize, start: u64) -> Ends<M, T> {
    let ring = ring(capacity, start);
    let producer = Producer::claim(ring.clone(), world.ctx(), Owner(0)).expect("vacant");
    (producer, Consumer::claim(ring, world.ctx(), Owner(1)).expect("vacant"))
}
