//! The kernel's signals: sent to processes that are what they are, taken when the process asks, raised in a set.

use std::{
    io::{ErrorKind, Write},
    os::{fd::AsFd, unix::process::CommandExt},
    process::{self, Command},
    thread,
    time::Duration,
};

use nix::{
    libc,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::signal::raise,
    unistd::geteuid,
};
use selvedge::{
    cancel::Canceller,
    signal::{Caught, Process, ProcessError, Received, Sender, Set, Signal, Signals},
    timer::Timer,
};
use selvedge_tests::{A_WHILE, Children, FOR_EVER, begin, confined, hear, signals::Kind};

fn is_ready(descriptor: &impl AsFd) -> bool {
    let mut one = [PollFd::new(descriptor.as_fd(), PollFlags::POLLIN)];
    poll(&mut one, PollTimeout::ZERO).unwrap() == 1
}

#[test]
fn a_process_is_sent_a_signal_and_once_it_has_ended_it_is_gone() {
    let mut children = Children::new();
    let child = children.start("sleep", Command::new("sleep").arg("1000"));
    let pid = child.id();
    let process = Process::of_child(child).unwrap();
    let same = Process::open(pid).unwrap();
    assert_eq!(same.wait_for_end(Some(A_WHILE)).unwrap_err().kind(), ErrorKind::TimedOut);
    assert!(!is_ready(&process));

    process.send(Signal::SIGTERM).unwrap();
    same.wait_for_end(Some(FOR_EVER)).unwrap();
    assert!(is_ready(&process));
    process.send(Signal::SIGTERM).expect("nobody has waited for it");
    assert!(matches!(Process::of_child(child), Err(ProcessError::Gone)));
    assert!(matches!(process.send(Signal::SIGTERM), Err(ProcessError::Gone)));
    assert!(matches!(Process::open(pid), Err(ProcessError::Gone)));
    process.wait_for_end(None).unwrap();
    assert!(matches!(Process::open(0), Err(ProcessError::Gone)));
    assert!(matches!(Process::open(u32::MAX), Err(ProcessError::Gone)));
}

/// What `signal_end` says when it is to raise a signal in this process.
fn raised_by(prepare: impl FnOnce(&mut Command)) -> String {
    let mut children = Children::new();
    let mut command = Kind::Kernel(process::id()).hand_to(env!("CARGO_BIN_EXE_signal_end"));
    prepare(&mut command);
    let child = children.talk_to("signal_end", &mut command);
    assert_eq!(hear(child), "here");
    writeln!(child.stdin.as_mut().unwrap(), "raise 0").unwrap();
    hear(child)
}

#[test]
fn who_may_not_send_a_signal_is_told_why() {
    let refused = raised_by(|command| confined::refuse(command, libc::SYS_pidfd_open));
    assert!(refused.starts_with("pidfds are refused"), "{refused}");
    if geteuid().is_root() {
        let refused = raised_by(|command| _ = command.uid(65534));
        assert!(refused.starts_with("the process is another user's"), "{refused}");
    }
}

/// A signal sent to the calling thread, as it does to itself.
fn is_own(received: Received, signal: Signal) -> bool {
    let own = received.sender.map(|Sender { pid, .. }| pid) == Some(process::id());
    own && received.signal == signal
}

#[test]
fn a_caught_signal_interrupts_nobody_and_is_taken_once() {
    let caught = Caught::new([Signal::SIGHUP, Signal::SIGUSR1]).unwrap();
    assert!(caught.try_next().unwrap().is_none() && !is_ready(&caught));
    let timed_out = caught.next(Some(Duration::from_millis(1))).unwrap_err();
    assert_eq!(timed_out.kind(), ErrorKind::TimedOut);
    for signal in [Signal::SIGUSR1, Signal::SIGHUP, Signal::SIGUSR1] {
        raise(signal).unwrap();
    }
    assert!(is_ready(&caught));
    assert!(is_own(caught.next(None).unwrap(), Signal::SIGHUP), "the lower number is first");
    assert!(is_own(caught.try_next().unwrap().unwrap(), Signal::SIGUSR1));
    assert!(caught.try_next().unwrap().is_none() && !is_ready(&caught));
}

#[test]
fn a_signal_is_raised_in_a_set_by_its_handler_until_that_is_dropped() {
    let (signals, _) = Signals::anonymous().unwrap();
    let waiter = signals.clone();
    let taken = begin(move || waiter.wait(Set::of(5)));
    assert!(taken.recv_timeout(A_WHILE).is_err());
    let first = signals.raise_on(Signal::SIGUSR2, Set::of(5).and(Set::of(6))).unwrap();
    let second = signals.raise_on(Signal::SIGUSR2, Set::of(7)).unwrap();
    raise(Signal::SIGUSR2).unwrap();
    assert_eq!(taken.recv_timeout(FOR_EVER), Ok(Set::of(5)));
    assert_eq!(signals.take(Set::ALL), Set::of(6).and(Set::of(7)));

    drop(first);
    raise(Signal::SIGUSR2).unwrap();
    assert_eq!(signals.take(Set::ALL), Set::of(7));
    let caught = Caught::new([Signal::SIGUSR2]).unwrap();
    raise(Signal::SIGUSR2).unwrap();
    assert!(signals.take(Set::ALL).is_empty(), "it is blocked");
    caught.release().unwrap();
    assert_eq!(signals.take(Set::ALL), Set::of(7), "and then does what it would have done");
    drop(second);
    raise(Signal::SIGUSR2).unwrap();
    assert!(signals.take(Set::ALL).is_empty());

    for signal in [Signal::SIGSEGV, Signal::SIGKILL] {
        let refused = signals.raise_on(signal, Set::ALL).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput, "{signal}");
    }
}

#[test]
fn a_timer_expires_once_or_again_and_again_and_counts_what_was_missed() {
    let once = Timer::once(A_WHILE / 3).unwrap();
    assert!(once.try_expired().unwrap().is_none() && !is_ready(&once));
    assert_eq!(once.wait(None).unwrap(), 1);
    assert_eq!(once.wait(Some(A_WHILE)).unwrap_err().kind(), ErrorKind::TimedOut);

    let every = Timer::every(A_WHILE / 10).unwrap();
    thread::sleep(A_WHILE);
    assert!(is_ready(&every));
    assert!(every.wait(None).unwrap() >= 9);
    assert!(every.try_expired().unwrap().is_none() && !is_ready(&every));

    assert_eq!(Timer::once(Duration::ZERO).unwrap().wait(Some(FOR_EVER)).unwrap(), 1);
    let never = Timer::every(Duration::MAX).unwrap();
    assert_eq!(never.wait(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::TimedOut);
}

#[test]
fn waits_for_signals_timers_and_ends_of_processes_are_cancelled() {
    let mut children = Children::new();
    let child = children.start("sleep", Command::new("sleep").arg("1000"));
    let process = Process::of_child(child).unwrap();
    let canceller = Canceller::new().unwrap();
    let within = canceller.clone();
    let ended = begin(move || {
        let caught = Caught::new([Signal::SIGHUP]).unwrap();
        let timer = Timer::once(Duration::MAX).unwrap();
        within.run(|| {
            [
                timer.wait(None).unwrap_err(),
                caught.next(None).map(drop).unwrap_err(),
                process.wait_for_end(None).unwrap_err(),
            ]
            .map(|error| error.kind())
        })
    });
    assert!(ended.recv_timeout(A_WHILE).is_err());
    canceller.cancel();
    assert_eq!(ended.recv_timeout(A_WHILE), Ok([ErrorKind::TimedOut; 3]));
}
