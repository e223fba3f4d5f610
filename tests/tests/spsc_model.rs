//! A ring in a segment does what a bounded queue does, whatever the sequence of operations.

use proptest::{collection::vec, prelude::*};
use selvedge_tests::model::ring::{self, Operation};

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    let operation = prop_oneof![
        8 => Just(Operation::TryPush),
        2 => Just(Operation::PushTimeout),
        8 => (0..7_u8).prop_map(Operation::Write),
        1 => Just(Operation::CloseProducer),
        8 => Just(Operation::TryPop),
        2 => Just(Operation::PopTimeout),
        8 => (0..7_u8).prop_map(Operation::Read),
        1 => Just(Operation::CloseConsumer),
    ];
    vec(operation, 0..60)
}

fn starts() -> impl Strategy<Value = u64> {
    let u32_max = u64::from(u32::MAX);
    prop_oneof![Just(0), Just(u64::MAX - 1), Just(u64::MAX), Just(u32_max - 1), any::<u64>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_a_queue(
        capacity in prop_oneof![Just(1), Just(2), Just(4)],
        start in starts(),
        operations in operations(),
    ) {
        ring::check(capacity, start, operations);
    }
}
