//! A semaphore held against a counter.

use std::time::Duration;

use arbitrary::Arbitrary;
use selvedge::{
    protocol::semaphore::{AcquireTimeoutError, ReleaseError, State, TryAcquireError},
    segment::sealed,
    semaphore::{SemaphoreConfig, SharedSemaphore},
};

/// What is done to a semaphore.
#[derive(Clone, Copy, Debug, Arbitrary)]
pub enum Operation {
    /// `try_acquire`.
    TryAcquire,
    /// `acquire_timeout`, with a deadline that has passed.
    AcquireTimeout,
    /// `release` of so many permits.
    Release(u32),
    /// Go on with another handle, in another mapping.
    Attach,
}

/// Does the operations to a new semaphore and to a counter; both must say the same.
///
/// # Panics
/// If they do not.
pub fn check(initially: u32, max: u32, operations: impl IntoIterator<Item = Operation>) {
    let config = SemaphoreConfig::counting(max).initially(initially);
    let (shared, descriptor) = sealed::create::<SharedSemaphore>(config).unwrap();
    let mut semaphore = shared.handle().unwrap();
    let mut counter = initially;
    for operation in operations {
        match operation {
            Operation::TryAcquire => {
                let expected = counter.checked_sub(1);
                let result = semaphore.try_acquire();
                assert_eq!(result, expected.map(drop).ok_or(TryAcquireError::NoPermit));
                counter = expected.unwrap_or(counter);
            }
            Operation::AcquireTimeout => {
                let expected = counter.checked_sub(1);
                let result = semaphore.acquire_timeout(Duration::ZERO);
                assert_eq!(result, expected.map(drop).ok_or(AcquireTimeoutError::TimedOut));
                counter = expected.unwrap_or(counter);
            }
            Operation::Release(n) => {
                let expected = counter.checked_add(n).filter(|sum| *sum <= max);
                let result = semaphore.release(n);
                assert_eq!(result, expected.map(drop).ok_or(ReleaseError::Overflow));
                counter = expected.unwrap_or(counter);
            }
            Operation::Attach => {
                let shared = sealed::attach::<SharedSemaphore>(&descriptor).unwrap();
                semaphore = shared.handle().unwrap();
                assert_eq!(semaphore.max(), max);
            }
        }
        assert_eq!(semaphore.state(), State(u64::from(counter)), "after {:?}", operation);
    }
}
