//! A program is killed with SIGKILL in the middle of a stream. Its peer is told; what it leaves behind is
//! exact.

use std::os::fd::OwnedFd;

use selvedge::{
    platform::{
        Ordering::Acquire,
        native::{Native, NativeCell},
    },
    protocol::spsc::{self, PopError, PopTimeoutError, PushError, PushTimeoutError},
    segment::{RingConfig, Shared, SpscRing, sealed},
};
use selvedge_tests::{Children, LIMIT, Tick, View, heir};

const CAPACITY: usize = 64;

/// Each death comes at another moment.
const DEATHS: u64 = 30;

fn ring() -> (Shared<SpscRing<Tick>>, View, OwnedFd) {
    let config = RingConfig::new(CAPACITY as u64).start_at(u64::MAX - 1);
    let (ring, descriptor) = sealed::create(config).unwrap();
    let fields = spsc::Ring::<Native, [NativeCell<Tick>; CAPACITY]>::fields();
    let view = View::of(&descriptor, &fields).unwrap();
    (ring, view, descriptor)
}

#[test]
fn a_killed_producer_leaves_an_exact_prefix_and_its_consumer_is_told() {
    for death in 0..DEATHS {
        let (ring, view, descriptor) = ring();
        let mut children = Children::new();
        let mut command = heir(env!("CARGO_BIN_EXE_produce_descriptor"), descriptor);
        let child = children.start("produce_descriptor", &mut command);

        let mut consumer = ring.consumer().unwrap();
        let mut taken = 0;
        while taken < 1 + death * 997 {
            assert_eq!(consumer.pop_timeout(LIMIT), Ok(Tick::nth(taken)));
            taken += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        while let Ok(tick) = consumer.try_pop() {
            assert_eq!(tick, Tick::nth(taken));
            taken += 1;
        }
        assert_eq!(consumer.try_pop(), Err(PopError::PeerDead));
        assert_eq!(consumer.pop_timeout(LIMIT), Err(PopTimeoutError::PeerDead));
        let published = view.u64("tail").load(Acquire).wrapping_sub(u64::MAX - 1);
        assert_eq!(taken, published, "all that was published was delivered");
    }
}

#[test]
fn a_killed_consumer_leaves_a_ring_that_fills_up_and_its_producer_is_told() {
    for death in 0..DEATHS {
        let (ring, view, descriptor) = ring();
        let mut children = Children::new();
        let mut command = heir(env!("CARGO_BIN_EXE_consume_descriptor"), descriptor);
        let child = children.start("consume_descriptor", &mut command);

        let mut producer = ring.producer().unwrap();
        let mut pushed = 0;
        while pushed < CAPACITY as u64 + 1 + death * 997 {
            assert_eq!(producer.push_timeout(Tick::nth(pushed), LIMIT), Ok(()));
            pushed += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        while producer.try_push(Tick::nth(pushed)).is_ok() {
            pushed += 1;
        }
        let next = Tick::nth(pushed);
        assert_eq!(producer.try_push(next), Err(PushError::PeerDead(next)));
        assert_eq!(producer.push_timeout(next, LIMIT), Err(PushTimeoutError::PeerDead(next)));
        let freed = view.u64("head").load(Acquire).wrapping_sub(u64::MAX - 1);
        assert_eq!(pushed - freed, CAPACITY as u64, "every slot that was freed was used again");
    }
}
