//! Arbitrary words in a queue that is in use.

use std::time::Duration;

use arbitrary::Arbitrary;
use selvedge::{
    platform::Ordering::Relaxed,
    segment::{MpmcQueue, RingConfig, sealed},
};

use super::Start;
use crate::View;

/// What happens next.
#[derive(Clone, Copy, Debug, Arbitrary)]
enum Step {
    Push,
    Pop,
    PushTimeout,
    PopTimeout,
    /// The peer writes a counter, this far from where the queue started.
    Counter {
        tail: bool,
        ahead: i8,
    },
    /// The peer writes the word of a slot: a lap this far from where the queue started, and more.
    Slot {
        slot: u8,
        ahead: i8,
        phase_and_owner: u16,
    },
    /// The peer writes anything.
    Any {
        word: u8,
        value: u64,
    },
}

/// Every operation ends, whatever the peer wrote, and reaches nothing but the queue.
pub(super) fn mpmc_words(input: &[u8]) {
    let Some((start, steps)) = super::decode::<(Start, Vec<Step>)>(input) else { return };
    let start = start.position();
    let capacity = View::SLOT_WORDS.len() as u64;
    let config = RingConfig::new(capacity).start_at(start);
    let (queue, descriptor) = sealed::create::<MpmcQueue<u64>>(config).unwrap();
    let view = View::of_queue::<u64>(&descriptor).unwrap();
    let mut producer = queue.producer().unwrap();
    let mut consumer = queue.consumer().unwrap();
    let slot = |slot: u8| view.u64(View::SLOT_WORDS[usize::from(slot % 4)]);
    for (step, value) in steps.into_iter().zip(0..) {
        match step {
            Step::Push => drop(producer.try_push(value)),
            Step::Pop => drop(consumer.try_pop()),
            Step::PushTimeout => drop(producer.push_timeout(value, Duration::ZERO)),
            Step::PopTimeout => drop(consumer.pop_timeout(Duration::ZERO)),
            Step::Counter { tail, ahead } => {
                let counter = view.u64(if tail { "tail" } else { "head" });
                counter.store(start.wrapping_add_signed(ahead.into()), Relaxed);
            }
            Step::Slot { slot: n, ahead, phase_and_owner } => {
                let lap = start.wrapping_add_signed(ahead.into());
                slot(n).store(lap << 14 | u64::from(phase_and_owner & 0x3FFF), Relaxed);
            }
            Step::Any { word, value } => match word % 8 {
                0 => view.u64("head").store(value, Relaxed),
                1 => view.u64("tail").store(value, Relaxed),
                2 => view.u64("filled").store(value, Relaxed),
                3 => view.u64("freed").store(value, Relaxed),
                n => slot(n).store(value, Relaxed),
            },
        }
    }
}
