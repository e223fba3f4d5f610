//! A semaphore in a segment does what a counter does, whatever the sequence of operations.

use std::time::Duration;

use proptest::{collection::vec, prelude::*};
use selvedge::{
    protocol::semaphore::{AcquireTimeoutError, MAX, ReleaseError, State, TryAcquireError},
    segment::{SemaphoreConfig, SharedSemaphore, sealed},
};

#[derive(Clone, Copy, Debug)]
enum Operation {
    TryAcquire,
    /// With a deadline that has passed.
    AcquireTimeout,
    Release(u32),
    /// Go on with another handle, in another mapping.
    Attach,
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        Just(Operation::TryAcquire),
        Just(Operation::AcquireTimeout),
        prop_oneof![0..4_u32, Just(MAX), Just(u32::MAX)].prop_map(Operation::Release),
        Just(Operation::Attach),
    ];
    vec(operation, 0..60)
}

/// A maximum, and not more initial permits.
fn permits() -> impl Strategy<Value = (u32, u32)> {
    prop_oneof![Just(1), 1..5_u32, Just(MAX)].prop_flat_map(|max| (0..=max, Just(max)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn agrees_with_a_counter((initially, max) in permits(), operations in operations()) {
        let config = SemaphoreConfig::counting(max).initially(initially);
        let (shared, descriptor) = sealed::create::<SharedSemaphore>(config).unwrap();
        let mut semaphore = shared.handle().unwrap();
        let mut counter = initially;
        for operation in operations {
            match operation {
                Operation::TryAcquire => {
                    let expected = counter.checked_sub(1);
                    let result = semaphore.try_acquire();
                    prop_assert_eq!(result, expected.map(drop).ok_or(TryAcquireError::NoPermit));
                    counter = expected.unwrap_or(counter);
                }
                Operation::AcquireTimeout => {
                    let expected = counter.checked_sub(1);
                    let result = semaphore.acquire_timeout(Duration::ZERO);
                    prop_assert_eq!(result, expected.map(drop).ok_or(AcquireTimeoutError::TimedOut));
                    counter = expected.unwrap_or(counter);
                }
                Operation::Release(n) => {
                    let expected = counter.checked_add(n).filter(|sum| *sum <= max);
                    let result = semaphore.release(n);
                    prop_assert_eq!(result, expected.map(drop).ok_or(ReleaseError::Overflow));
                    counter = expected.unwrap_or(counter);
                }
                Operation::Attach => {
                    let shared = sealed::attach::<SharedSemaphore>(&descriptor).unwrap();
                    semaphore = shared.handle().unwrap();
                    prop_assert_eq!(semaphore.max(), max);
                }
            }
            prop_assert_eq!(semaphore.state(), State(u64::from(counter)), "after {:?}", operation);
        }
    }
}
