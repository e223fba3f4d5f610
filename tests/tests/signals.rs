//! Signals between processes.

use std::{thread, time::Duration};

use selvedge::{
    segment::{Cleaned, Directory, Origin},
    signal::{Set, Signals, TimedOut},
};
use selvedge_tests::{A_WHILE, Children, FOR_EVER, Name, begin, hear, heir};

/// Each death comes at another moment.
const DEATHS: u64 = 30;

const PROGRAM: &str = env!("CARGO_BIN_EXE_raise");

#[test]
fn what_another_process_raises_wakes_who_waits_for_it_and_is_taken_once() {
    let (signals, descriptor) = Signals::anonymous().unwrap();
    let waiter = signals.clone();
    let taken = begin(move || waiter.wait(Set::of(63)));
    signals.raise(Set::of(1));
    assert!(taken.recv_timeout(A_WHILE).is_err(), "it waits for another one");

    let mut children = Children::new();
    children.start("raise", heir(PROGRAM, &descriptor).arg("640"));
    assert_eq!(taken.recv_timeout(FOR_EVER), Ok(Set::of(63)));
    assert_eq!(children.finish(), ["here\ndone"]);
    let left = signals.take(Set::ALL);
    assert!((0..63).all(|signal| left.contains(signal)), "{left:?}");
    assert!(signals.take(Set::ALL).is_empty(), "each was raised ten times");
    assert_eq!(signals.wait_timeout(Set::ALL, Duration::ZERO), Err(TimedOut));
}

#[test]
fn a_process_that_is_killed_while_it_raises_leaves_nobody_asleep_and_the_set_in_order() {
    let (signals, descriptor) = Signals::anonymous().unwrap();
    for death in 0..DEATHS {
        let mut children = Children::new();
        let child = children.start("raise", heir(PROGRAM, &descriptor).arg("0"));
        assert_eq!(hear(child), "here");
        let waiter = signals.clone();
        let taken = begin(move || {
            (0..death * 317).try_for_each(|_| waiter.wait_timeout(Set::ALL, FOR_EVER).map(drop))
        });
        thread::sleep(Duration::from_micros(death * 211));
        child.kill().unwrap();
        child.wait().unwrap();
        // Whoever waits for more than was raised: one after the other, from another process, which lives.
        while taken.try_recv().is_err() {
            signals.raise(Set::of(0));
        }
        signals.take(Set::ALL);
        signals.raise(Set::of(7));
        assert_eq!(signals.take(Set::ALL), Set::of(7));
    }
}

#[test]
fn what_was_raised_is_pending_for_whoever_comes_and_names_are_cleaned() {
    let (shm, name) = (Directory::shm(), Name::of("signals"));
    let (signals, origin) = Signals::named(&shm, &name).unwrap();
    assert_eq!(origin, Origin::Created);
    signals.raise(Set::of(3).and(Set::of(5)));
    drop(signals);
    let (signals, origin) = Signals::named(&shm, &name).unwrap();
    assert_eq!(origin, Origin::Attached);
    assert_eq!(signals.take(Set::of(5)), Set::of(5));
    assert_eq!(signals.take(Set::ALL).iter().collect::<Vec<_>>(), [3]);
    drop(signals);
    assert_eq!(shm.clean(&name).unwrap(), Cleaned::Removed);
}
