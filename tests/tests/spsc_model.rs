//! A ring in a segment does what a bounded queue does, whatever the sequence of operations.

use std::{collections::VecDeque, time::Duration};

use proptest::{collection::vec, prelude::*};
use selvedge::{
    protocol::spsc::{PopError, PopTimeoutError, PushError, PushTimeoutError},
    segment::{RingConfig, SpscRing, sealed},
};

#[derive(Clone, Copy, Debug)]
enum Operation {
    TryPush,
    /// With a deadline that has passed.
    PushTimeout,
    Write(usize),
    CloseProducer,
    TryPop,
    /// With a deadline that has passed.
    PopTimeout,
    Read(usize),
    CloseConsumer,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        8 => Just(Operation::TryPush),
        2 => Just(Operation::PushTimeout),
        8 => (0..7_usize).prop_map(Operation::Write),
        1 => Just(Operation::CloseProducer),
        8 => Just(Operation::TryPop),
        2 => Just(Operation::PopTimeout),
        8 => (0..7_usize).prop_map(Operation::Read),
        1 => Just(Operation::CloseConsumer),
    ];
    vec(operation, 0..60)
}

fn starts() -> impl Strategy<Value = u64> {
    let u32_max = u64::from(u32::MAX);
    prop_oneof![Just(0), Just(u64::MAX - 1), Just(u64::MAX), Just(u32_max - 1), any::<u64>()]
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_a_queue(
        capacity in prop_oneof![Just(1), Just(2), Just(4)],
        start in starts(),
        operations in operations(),
    ) {
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
                    prop_assert_eq!(producer.try_push(value), expected);
                }
                (Operation::PushTimeout, Some(producer), _) => {
                    let value = values.next().unwrap();
                    let expected = match queue.write(&[value]) {
                        Ok(_) => Ok(()),
                        Err(PushError::Full(())) => Err(PushTimeoutError::TimedOut(value)),
                        Err(_) => Err(PushTimeoutError::Closed(value)),
                    };
                    prop_assert_eq!(producer.push_timeout(value, Duration::ZERO), expected);
                }
                (Operation::Write(len), Some(producer), _) => {
                    let values: Vec<u16> = values.by_ref().take(len).collect();
                    prop_assert_eq!(producer.write(&values), queue.write(&values));
                }
                (Operation::TryPop, _, Some(consumer)) => {
                    prop_assert_eq!(consumer.try_pop(), queue.read(1).map(|one| one[0]));
                }
                (Operation::PopTimeout, _, Some(consumer)) => {
                    let expected = match queue.read(1) {
                        Ok(one) => Ok(one[0]),
                        Err(PopError::Empty) => Err(PopTimeoutError::TimedOut),
                        Err(_) => Err(PopTimeoutError::Closed),
                    };
                    prop_assert_eq!(consumer.pop_timeout(Duration::ZERO), expected);
                }
                (Operation::Read(len), _, Some(consumer)) => {
                    let mut into = vec![0; len];
                    let result = consumer.read(&mut into).map(|count| into[..count].to_vec());
                    prop_assert_eq!(result, queue.read(len));
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
}
