//! A queue in a segment does what a bounded queue does, whatever the sequence of operations, and
//! whichever of its handles makes them.

use std::{collections::VecDeque, time::Duration};

use proptest::{collection::vec, prelude::*};
use selvedge::{
    platform::Owner,
    protocol::mpmc::{AttachError, PopError, PopTimeoutError, PushError, PushTimeoutError},
    segment::{MpmcQueue, RingConfig, sealed},
};

/// Handles on each side.
const HANDLES: usize = 3;

#[derive(Clone, Copy, Debug)]
enum Operation {
    TryPush,
    /// With a deadline that has passed.
    PushTimeout,
    TryPop,
    /// With a deadline that has passed.
    PopTimeout,
}

/// Operations, each with the number of the handle that makes it.
fn operations() -> impl Strategy<Value = Vec<(Operation, usize)>> {
    let operation = prop_oneof![
        8 => Just(Operation::TryPush),
        2 => Just(Operation::PushTimeout),
        8 => Just(Operation::TryPop),
        2 => Just(Operation::PopTimeout),
    ];
    vec((operation, 0..HANDLES), 0..80)
}

/// Near where the position, or the lap in a slot's word, starts again; and anywhere.
fn starts() -> impl Strategy<Value = u64> {
    let lap_end = 1 << 50;
    prop_oneof![Just(0), Just(u64::MAX - 1), Just(u64::MAX), Just(lap_end - 3), any::<u64>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_a_queue(
        capacity in prop_oneof![Just(1), Just(2), Just(8)],
        start in starts(),
        operations in operations(),
    ) {
        let config = RingConfig::new(capacity).start_at(start);
        let (queue, descriptor) = sealed::create::<MpmcQueue<u16>>(config).unwrap();
        let other = sealed::attach::<MpmcQueue<u16>>(&descriptor).unwrap();
        let mut producers = [0, 1, 2].map(|owner| queue.producer(Owner(owner)).unwrap());
        let mut consumers = [3, 4, 5].map(|owner| other.consumer(Owner(owner)).unwrap());
        let mut expected = VecDeque::new();
        for (value, (operation, handle)) in (0_u16..).zip(operations) {
            let has_room = expected.len() < capacity as usize;
            let (producer, consumer) = (&mut producers[handle], &mut consumers[handle]);
            match operation {
                Operation::TryPush => {
                    let result = has_room.then_some(()).ok_or(PushError::Full(value));
                    prop_assert_eq!(producer.try_push(value), result);
                }
                Operation::PushTimeout => {
                    let result = has_room.then_some(()).ok_or(PushTimeoutError::TimedOut(value));
                    prop_assert_eq!(producer.push_timeout(value, Duration::ZERO), result);
                }
                Operation::TryPop => {
                    let result = expected.pop_front().ok_or(PopError::Empty);
                    prop_assert_eq!(consumer.try_pop(), result);
                    continue;
                }
                Operation::PopTimeout => {
                    let result = expected.pop_front().ok_or(PopTimeoutError::TimedOut);
                    prop_assert_eq!(consumer.pop_timeout(Duration::ZERO), result);
                    continue;
                }
            }
            if has_room {
                expected.push_back(value);
            }
        }
    }
}

#[test]
fn an_owner_that_no_word_can_name_is_refused() {
    let (queue, _) = sealed::create::<MpmcQueue<u64>>(RingConfig::new(1)).unwrap();
    assert!(queue.producer(Owner(4095)).is_ok());
    let refused = queue.producer(Owner(4096)).unwrap_err();
    assert_eq!(refused, AttachError::Owner(Owner(4096)));
    assert_eq!(refused.to_string(), "an owner's number is at most 4095, not 4096");
    assert_eq!(queue.consumer(Owner(u32::MAX)).unwrap_err(), AttachError::Owner(Owner(u32::MAX)));
}
