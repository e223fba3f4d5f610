//! A queue in a segment does what a bounded queue does, whatever the sequence of operations, and
//! whichever of its handles makes them.

use std::sync::Arc;

use proptest::{collection::vec, prelude::*};
use selvedge::{
    platform::{
        Owner,
        native::{Native, NativeCtx},
    },
    protocol::mpmc::{self, AttachError, Producer},
};
use selvedge_tests::model::queue::{self, Operation};

/// Operations, each with the number of the handle that makes it.
fn operations() -> impl Strategy<Value = Vec<(Operation, u8)>> {
    let operation = prop_oneof![
        8 => Just(Operation::TryPush),
        2 => Just(Operation::PushTimeout),
        8 => Just(Operation::TryPop),
        2 => Just(Operation::PopTimeout),
    ];
    vec((operation, 0..3_u8), 0..80)
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
        queue::check(capacity, start, operations);
    }
}

#[test]
fn an_owner_that_no_word_can_name_is_refused() {
    type Queue = mpmc::Queue<Native, mpmc::Slots<Native, u64>>;
    let queue: Arc<Queue> = Arc::new(mpmc::Queue::new([mpmc::Slot::default()]));
    let attach = |owner| Producer::attach(queue.clone(), NativeCtx::default(), Owner(owner));
    assert!(attach(4095).is_ok());
    for owner in [4096, u32::MAX] {
        assert_eq!(attach(owner).unwrap_err(), AttachError::Owner(Owner(owner)));
    }
    let refused = attach(4096).unwrap_err();
    assert_eq!(refused.to_string(), "an owner's number is at most 4095, not 4096");
}
