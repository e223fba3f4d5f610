//! A queue for many held against a bounded queue for one.

use std::{collections::VecDeque, time::Duration};

use arbitrary::Arbitrary;
use selvedge::{
    protocol::mpmc::{PopError, PopTimeoutError, PushError, PushTimeoutError},
    segment::{MpmcQueue, RingConfig, sealed},
};

/// What is done to a queue.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub enum Operation {
    /// `try_push`.
    TryPush,
    /// `push_timeout`, with a deadline that has passed.
    PushTimeout,
    /// `try_pop`.
    TryPop,
    /// `pop_timeout`, with a deadline that has passed.
    PopTimeout,
}

/// Does the operations, each by the handle of that number, modulo 3, to a new queue and to the model;
/// both must say the same.
///
/// # Panics
/// If they do not.
pub fn check(capacity: u64, start: u64, operations: impl IntoIterator<Item = (Operation, u8)>) {
    let config = RingConfig::new(capacity).start_at(start);
    let (queue, descriptor) = sealed::create::<MpmcQueue<u16>>(config).unwrap();
    let other = sealed::attach::<MpmcQueue<u16>>(&descriptor).unwrap();
    let mut producers = [(); 3].map(|()| queue.producer().unwrap());
    let mut consumers = [(); 3].map(|()| other.consumer().unwrap());
    let mut expected = VecDeque::new();
    for (value, (operation, handle)) in (0..=u16::MAX).cycle().zip(operations) {
        let handle = usize::from(handle % 3);
        let (producer, consumer) = (&mut producers[handle], &mut consumers[handle]);
        let room = expected.len() < capacity as usize;
        match operation {
            Operation::TryPush => {
                let result = if room { Ok(()) } else { Err(PushError::Full(value)) };
                assert_eq!(producer.try_push(value), result);
            }
            Operation::PushTimeout => {
                let result = if room { Ok(()) } else { Err(PushTimeoutError::TimedOut(value)) };
                assert_eq!(producer.push_timeout(value, Duration::ZERO), result);
            }
            Operation::TryPop => {
                let result = expected.pop_front().ok_or(PopError::Empty);
                assert_eq!(consumer.try_pop(), result);
            }
            Operation::PopTimeout => {
                let result = expected.pop_front().ok_or(PopTimeoutError::TimedOut);
                assert_eq!(consumer.pop_timeout(Duration::ZERO), result);
            }
        }
        if room && matches!(operation, Operation::TryPush | Operation::PushTimeout) {
            expected.push_back(value);
        }
    }
}
