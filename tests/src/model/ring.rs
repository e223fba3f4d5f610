//! A ring held against a bounded queue.

use std::{collections::VecDeque, time::Duration};

use arbitrary::Arbitrary;
use selvedge::{
    protocol::spsc::{PopError, PopTimeoutError, PushError, PushTimeoutError},
    segment::{RingConfig, SpscRing, sealed},
};

/// What is done to a ring.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub enum Operation {
    /// `try_push`.
    TryPush,
    /// `push_timeout`, with a deadline that has passed.
    PushTimeout,
    /// `write` of so many records, modulo 8.
    Write(u8),
    /// `close` of the producer.
    CloseProducer,
    /// `try_pop`.
    TryPop,
    /// `pop_timeout`, with a deadline that has passed.
    PopTimeout,
    /// `read` of so many records at most, modulo 8.
    Read(u8),
    /// `close` of the consumer.
    CloseConsumer,
}

/// What the ring promises, in private memory.
struct Queue {
    records: VecDeque<u16>,
    capacity: usize,
    producer_closed: bool,
    consumer_closed: bool,
}

impl Queue {
    fn write(&mut self, values: &[u16]) -> Result<usize, PushError<()>> {
        let room = self.capacity - self.records.len();
        match values.len().min(room) {
            _ if values.is_empty() => Ok(0),
            _ if self.consumer_closed => Err(PushError::Closed(())),
            0 => Err(PushError::Full(())),
            count => {
                self.records.extend(&values[..count]);
                Ok(count)
            }
        }
    }

    fn read(&mut self, wanted: usize) -> Result<Vec<u16>, PopError> {
        match wanted.min(self.records.len()) {
            0 if wanted == 0 => Ok(Vec::new()),
            0 if self.producer_closed => Err(PopError::Closed),
            0 => Err(PopError::Empty),
            count => Ok(self.records.drain(..count).collect()),
        }
    }
}

/// Does the operations to a new ring and to the model; both must say the same.
///
/// # Panics
/// If they do not.
pub fn check(capacity: u64, start: u64, operations: impl IntoIterator<Item = Operation>) {
    let config = RingConfig::new(capacity).start_at(start);
    let (ring, descriptor) = sealed::create::<SpscRing<u16>>(config).unwrap();
    let mut producer = Some(ring.producer().unwrap());
    let other = sealed::attach::<SpscRing<u16>>(&descriptor).unwrap();
    let mut consumer = Some(other.consumer().unwrap());
    let mut queue = Queue {
        records: VecDeque::new(),
        capacity: capacity as usize,
        producer_closed: false,
        consumer_closed: false,
    };
    let mut values = (0..=u16::MAX).cycle();
    for operation in operations {
        match (operation, &mut producer, &mut consumer) {
            (Operation::TryPush, Some(producer), _) => {
                let value = values.next().unwrap();
                let expected = match queue.write(&[value]) {
                    Ok(_) => Ok(()),
                    Err(PushError::Full(())) => Err(PushError::Full(value)),
                    Err(_) => Err(PushError::Closed(value)),
                };
                assert_eq!(producer.try_push(value), expected);
            }
            (Operation::PushTimeout, Some(producer), _) => {
                let value = values.next().unwrap();
                let expected = match queue.write(&[value]) {
                    Ok(_) => Ok(()),
                    Err(PushError::Full(())) => Err(PushTimeoutError::TimedOut(value)),
                    Err(_) => Err(PushTimeoutError::Closed(value)),
                };
                assert_eq!(producer.push_timeout(value, Duration::ZERO), expected);
            }
            (Operation::Write(len), Some(producer), _) => {
                let values: Vec<u16> = values.by_ref().take(usize::from(len % 8)).collect();
                assert_eq!(producer.write(&values), queue.write(&values));
            }
            (Operation::TryPop, _, Some(consumer)) => {
                assert_eq!(consumer.try_pop(), queue.read(1).map(|one| one[0]));
            }
            (Operation::PopTimeout, _, Some(consumer)) => {
                let expected = match queue.read(1) {
                    Ok(one) => Ok(one[0]),
                    Err(PopError::Empty) => Err(PopTimeoutError::TimedOut),
                    Err(_) => Err(PopTimeoutError::Closed),
                };
                assert_eq!(consumer.pop_timeout(Duration::ZERO), expected);
            }
            (Operation::Read(len), _, Some(consumer)) => {
                let mut into = vec![0; usize::from(len % 8)];
                let result = consumer.read(&mut into).map(|count| into[..count].to_vec());
                assert_eq!(result, queue.read(into.len()));
            }
            (Operation::CloseProducer, closing, _) => {
                closing.take().into_iter().for_each(|producer| producer.close());
                queue.producer_closed = true;
            }
            (Operation::CloseConsumer, _, closing) => {
                closing.take().into_iter().for_each(|consumer| consumer.close());
                queue.consumer_closed = true;
            }
            // The end has been closed.
            _ => {}
        }
    }
}
