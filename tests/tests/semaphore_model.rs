//! A semaphore in a segment does what a counter does, whatever the sequence of operations.

use proptest::{collection::vec, prelude::*};
use selvedge::protocol::semaphore::MAX;
use selvedge_tests::model::semaphore::{self, Operation};

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
        semaphore::check(initially, max, operations);
    }
}
