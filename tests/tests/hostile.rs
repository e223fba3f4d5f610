//! A peer with a mapping of its own writes what it likes into the words of a sealed segment. The
//! operations then say what the cards say, and nothing panics or reaches outside the segment.

use std::{
    os::fd::OwnedFd,
    sync::mpsc::{Receiver, TryRecvError, channel},
    thread,
    time::{Duration, Instant},
};

use proptest::prelude::*;
use selvedge::{
    platform::{
        Ordering::Relaxed,
        Owner,
        native::{Native, NativeCell},
    },
    protocol::{
        Corrupt,
        semaphore::{AcquireTimeoutError, MAX, ReleaseError, State, TryAcquireError},
        spsc::{self, Claim, End, PopError, PopTimeoutError, PushError, PushTimeoutError},
    },
    segment::{JoinError, MpmcQueue, RingConfig, Shared, SpscRing, sealed},
    semaphore::{SemaphoreConfig, SharedSemaphore},
};
use selvedge_tests::{LIMIT, View};

const CAPACITY: u64 = 4;

type Ring = SpscRing<u64>;

/// A sealed ring, starting at `start`, and the hostile peer's view of it.
fn ring(start: u64) -> (Shared<Ring>, View, OwnedFd) {
    let config = RingConfig::new(CAPACITY).start_at(start);
    let (ring, descriptor) = sealed::create::<Ring>(config).unwrap();
    let fields = spsc::Ring::<Native, [NativeCell<u64>; CAPACITY as usize]>::fields();
    let view = View::of(&descriptor, &fields).unwrap();
    (ring, view, descriptor)
}

/// A sealed queue, starting at `start`, and the hostile peer's view of it.
fn queue(start: u64) -> (Shared<MpmcQueue<u64>>, View, OwnedFd) {
    let config = RingConfig::new(CAPACITY).start_at(start);
    let (queue, descriptor) = sealed::create(config).unwrap();
    let view = View::of_queue::<u64>(&descriptor).unwrap();
    (queue, view, descriptor)
}

/// Any word of a slot, but often one near those that the protocol writes.
fn slot_words(near: u64) -> impl Strategy<Value = u64> {
    let legal = (positions(near), 0..4_u64, 0..3_u64);
    prop_oneof![any::<u64>(), legal.prop_map(|(lap, phase, owner)| lap << 14 | phase << 12 | owner)]
}

fn semaphore(max: u32) -> (Shared<SharedSemaphore>, View) {
    let (shared, descriptor) = sealed::create(SemaphoreConfig::counting(max)).unwrap();
    let view = View::of(&descriptor, &SharedSemaphore::fields()).unwrap();
    (shared, view)
}

/// Any word of an end, but often one that the protocol writes.
fn ends() -> impl Strategy<Value = u32> {
    let legal = prop_oneof![Just(End::VACANT), Just(End::ABANDONED), Just(End::CLOSED)];
    prop_oneof![any::<u32>(), 0..6_u32, legal.prop_map(|end| end.0)]
}

/// Any number, but often one near those that the protocol writes.
fn positions(near: u64) -> impl Strategy<Value = u64> {
    prop_oneof![any::<u64>(), (0..12_u64).prop_map(move |n| near.wrapping_add(n).wrapping_sub(6))]
}

fn start_and_position() -> impl Strategy<Value = (u64, u64)> {
    prop_oneof![Just(0), Just(u64::MAX - 1), any::<u64>()]
        .prop_flat_map(|start| (Just(start), positions(start)))
}

proptest! {
    #[test]
    fn any_head_is_full_room_or_corrupt((start, head) in start_and_position()) {
        let (ring, view, _descriptor) = ring(start);
        let mut producer = ring.producer().unwrap();
        for n in 0..CAPACITY {
            producer.try_push(n).unwrap();
        }
        view.u64("head").store(head, Relaxed);
        let records = start.wrapping_add(CAPACITY).wrapping_sub(head);
        let expected = match records {
            0..CAPACITY => Ok(()),
            CAPACITY => Err(PushError::Full(9)),
            _ => Err(PushError::Corrupt(9)),
        };
        prop_assert_eq!(producer.try_push(9), expected);
        if expected == Err(PushError::Corrupt(9)) {
            prop_assert_eq!(producer.try_push(9), expected, "it stays so");
            let waiting = producer.push_timeout(9, Duration::ZERO);
            prop_assert_eq!(waiting, Err(PushTimeoutError::Corrupt(9)));
            prop_assert_eq!(producer.write(&[9; 9]), Err(PushError::Corrupt(())));
        }
    }

    #[test]
    fn any_tail_is_empty_records_or_corrupt((start, tail) in start_and_position()) {
        let (ring, view, _descriptor) = ring(start);
        let mut consumer = ring.consumer().unwrap();
        view.u64("tail").store(tail, Relaxed);
        let records = tail.wrapping_sub(start);
        let mut into = [1; 9];
        let expected = match records {
            0 => Err(PopError::Empty),
            1..=CAPACITY => Ok(records as usize),
            _ => Err(PopError::Corrupt),
        };
        prop_assert_eq!(consumer.read(&mut into), expected);
        if expected == Err(PopError::Corrupt) {
            prop_assert_eq!(consumer.try_pop(), Err(PopError::Corrupt), "it stays so");
            let waiting = consumer.pop_timeout(Duration::ZERO);
            prop_assert_eq!(waiting, Err(PopTimeoutError::Corrupt));
        }
        let read = expected.unwrap_or(0);
        prop_assert!(into[..read].iter().all(|record| *record == 0), "the slots' bytes");
        prop_assert!(into[read..].iter().all(|untouched| *untouched == 1));
    }

    #[test]
    fn any_ends_are_claims_and_closes(words in [ends(), ends()]) {
        let (ring, view, _descriptor) = ring(0);
        let mut producer = ring.producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        view.u32("producer").store(words[0], Relaxed);
        view.u32("consumer").store(words[1], Relaxed);
        let [theirs, ours] = words.map(|word| End(word).claim());
        let closed = ours == Claim::Closed;
        prop_assert_eq!(producer.try_push(9), if closed { Err(PushError::Closed(9)) } else { Ok(()) });
        if !closed {
            prop_assert_eq!(consumer.try_pop(), Ok(9));
        }
        // Slots 0 and 1 have owners who live; whoever else is named is dead.
        let expected = match theirs {
            Claim::Closed => PopError::Closed,
            Claim::Abandoned | Claim::Owned(Owner(2..)) => PopError::PeerDead,
            Claim::Vacant | Claim::Owned(_) => PopError::Empty,
        };
        prop_assert_eq!(consumer.try_pop(), Err(expected));
        let again = ring.producer().map(drop);
        match theirs {
            Claim::Closed => prop_assert!(matches!(again, Err(JoinError::Closed))),
            Claim::Owned(Owner(0..2)) => prop_assert!(matches!(again, Err(JoinError::Taken))),
            _ => prop_assert!(again.is_ok()),
        }
    }

    #[test]
    fn any_event_still_lets_a_wait_end_at_its_deadline(word in any::<u64>()) {
        let (ring, view, _descriptor) = ring(0);
        let mut producer = ring.producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        view.u64("filled").store(word, Relaxed);
        view.u64("freed").store(word, Relaxed);
        prop_assert_eq!(consumer.pop_timeout(Duration::ZERO), Err(PopTimeoutError::TimedOut));
        for n in 0..CAPACITY {
            prop_assert_eq!(producer.push_timeout(n, Duration::ZERO), Ok(()));
        }
        let full = producer.push_timeout(9, Duration::ZERO);
        prop_assert_eq!(full, Err(PushTimeoutError::TimedOut(9)));
        prop_assert_eq!(consumer.try_pop(), Ok(0));
    }

    #[test]
    fn any_words_of_a_queue_let_every_operation_end(
        (start, head, tail, words) in prop_oneof![Just(0), Just(u64::MAX - 1), any::<u64>()]
            .prop_flat_map(|near| {
                let words = core::array::from_fn::<_, 4, _>(|_| slot_words(near));
                (Just(near), positions(near), positions(near), words)
            }),
    ) {
        let (queue, view, _descriptor) = queue(start);
        let mut producer = queue.producer().unwrap();
        let mut consumer = queue.consumer().unwrap();
        view.u64("head").store(head, Relaxed);
        view.u64("tail").store(tail, Relaxed);
        for (name, word) in View::SLOT_WORDS.into_iter().zip(words) {
            view.u64(name).store(word, Relaxed);
        }
        // More than the slots could ever hold: each ends, with a result that the card lists.
        let pushed = (0..9).filter(|n| producer.try_push(*n).is_ok()).count();
        let popped = (0..9).filter(|_| consumer.try_pop().is_ok()).count();
        prop_assert!(pushed <= CAPACITY as usize && popped <= CAPACITY as usize);
        let _ = producer.push_timeout(9, Duration::ZERO);
        let _ = consumer.pop_timeout(Duration::ZERO);
    }

    #[test]
    fn any_semaphore_word_is_permits_or_corrupt(
        max in prop_oneof![Just(1), 1..5_u32, Just(MAX)],
        permits in prop_oneof![any::<u32>(), 0..7_u32],
        waiters in prop_oneof![any::<u32>(), Just(0), Just(u32::MAX)],
    ) {
        let (shared, view) = semaphore(max);
        let semaphore = shared.handle().unwrap();
        let word = u64::from(waiters) << 32 | u64::from(permits);
        let scribble = || view.u64("word").store(word, Relaxed);
        let (corrupt, free) = (permits > max, permits > 0);

        scribble();
        let acquired = semaphore.try_acquire();
        prop_assert_eq!(acquired, match (corrupt, free) {
            (true, _) => Err(TryAcquireError::Corrupt(Corrupt)),
            (false, true) => Ok(()),
            (false, false) => Err(TryAcquireError::NoPermit),
        });
        prop_assert_eq!(semaphore.state(), State(word - u64::from(acquired.is_ok())));

        scribble();
        prop_assert_eq!(semaphore.acquire_timeout(Duration::ZERO), match (corrupt, free) {
            (true, _) => Err(AcquireTimeoutError::Corrupt(Corrupt)),
            (false, true) => Ok(()),
            (false, false) => Err(AcquireTimeoutError::TimedOut),
        });

        scribble();
        let released = semaphore.release(1);
        prop_assert_eq!(released, match corrupt {
            true => Err(ReleaseError::Corrupt(Corrupt)),
            false if permits == max => Err(ReleaseError::Overflow),
            false => Ok(()),
        });
        prop_assert_eq!(semaphore.state(), State(word + u64::from(released.is_ok())));
    }

    #[test]
    fn any_maximum_is_one_or_corrupt(max in prop_oneof![any::<u32>(), 0..3_u32]) {
        let (shared, view) = semaphore(1);
        let before = shared.handle().unwrap();
        view.u32("max").store(max, Relaxed);
        let expected = if (1..=MAX).contains(&max) { Ok(max) } else { Err(Corrupt) };
        prop_assert_eq!(shared.handle().map(|semaphore| semaphore.max()), expected);
        prop_assert_eq!(before.max(), 1, "read once, at attach");
    }
}

/// Scribbles on every word of the ring until told to stop.
fn scribble(view: &View, stop: &Receiver<()>) {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    while stop.try_recv() == Err(TryRecvError::Empty) {
        let near = random() % 8;
        let value = if random() % 2 == 0 { near } else { random() };
        match random() % 6 {
            0 => view.u64("head").store(value, Relaxed),
            1 => view.u64("tail").store(value, Relaxed),
            2 => view.u64("filled").store(value, Relaxed),
            3 => view.u64("freed").store(value, Relaxed),
            4 => view.u32("producer").store(value as u32, Relaxed),
            _ => view.u32("consumer").store(value as u32, Relaxed),
        }
    }
}

/// Runs `end` under a scribbler: it claims one end of the ring, uses it for a while and says whether
/// it found it corrupt. Ends when that has happened often enough.
fn under_scribbling(end: impl Fn(&Shared<Ring>) -> bool) {
    let (ring, view, _descriptor) = ring(0);
    thread::scope(|scope| {
        let (stop, stopped) = channel();
        scope.spawn(move || scribble(&view, &stopped));
        let limit = Instant::now() + LIMIT;
        let mut corrupt = 0;
        while corrupt < 10_000 {
            assert!(Instant::now() < limit, "seen {corrupt} times only");
            corrupt += u32::from(end(&ring));
        }
        drop(stop);
    });
}

#[test]
fn a_producer_survives_concurrent_scribbling() {
    under_scribbling(|ring| {
        let Ok(mut producer) = ring.producer() else { return false };
        (0..20).any(|n| {
            matches!(producer.try_push(n), Err(PushError::Corrupt(_)))
                || producer.write(&[n; 7]) == Err(PushError::Corrupt(()))
        })
    });
}

#[test]
fn a_consumer_survives_concurrent_scribbling() {
    under_scribbling(|ring| {
        let Ok(mut consumer) = ring.consumer() else { return false };
        (0..20).any(|_| {
            consumer.try_pop() == Err(PopError::Corrupt)
                || consumer.read(&mut [0; 7]) == Err(PopError::Corrupt)
        })
    });
}
