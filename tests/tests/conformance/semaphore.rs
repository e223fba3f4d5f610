use std::{
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use selvedge_tests::{
    A_WHILE, Children, FOR_EVER, Name, begin, hear, outlive,
    semaphores::{Answer, Kind, User},
};

use crate::{ONE_CALL, Question, called, ended, table};

const QUESTIONS: &[Question<Kind>] = &[
    ("two permits acquired of two, and a third", |kind| {
        let user = kind.user();
        [(); 3].map(|()| said(user.try_acquire())).join(", ")
    }),
    ("the number of free permits: at first, after one, two, and a release", |kind| {
        let user = kind.user();
        let after = |call: Answer| call.map(|()| user.value()).unwrap();
        let [first, one] = [user.value(), after(user.acquire(None))];
        let [two, back] = [after(user.acquire(None)), after(user.release())];
        format!("{first}, {one}, {two}, {back}")
    }),
    ("a release makes one available, to another", |kind| {
        let [user, other] = [emptied(kind), kind.user()];
        user.release().unwrap();
        [(); 2].map(|()| said(other.try_acquire())).join(", ")
    }),
    ("a release of more than there were at first", |kind| {
        let user = kind.user();
        format!("{}, {} are free", said(user.release()), user.value())
    }),
    ("a wait that times out", |kind| {
        let (user, start) = (emptied(kind), Instant::now());
        let answer = said(user.acquire(Some(A_WHILE)));
        format!("{answer}; waited so long: {}", (A_WHILE..FOR_EVER).contains(&start.elapsed()))
    }),
    ("a waiter, and another process releases", |kind| {
        let user = emptied(kind);
        let answer = begin(move || said(user.acquire(None)));
        let waited = answer.recv_timeout(A_WHILE).is_err();
        called(&mut Children::new(), &mut kind.hand_to(ONE_CALL), "releases");
        format!("{}; waited for it: {waited}", answer.recv_timeout(FOR_EVER).unwrap())
    }),
    ("a waiter, and a signal handler runs, installed without SA_RESTART", interrupted),
    ("the name is removed while somebody has it", |kind| {
        let user = emptied(kind);
        if !kind.unlink() {
            return "has no name".into();
        }
        let next = kind.user();
        next.acquire(None).unwrap();
        user.release().unwrap();
        user.release().unwrap();
        format!("{} are free, of another with that name {}", user.value(), next.value())
    }),
    ("its creator took one, and has ended", |kind| {
        if matches!(kind, Kind::Unnamed(_) | Kind::Anonymous(_)) {
            return "has no name".into();
        }
        let mut creator = Children::new();
        creator.start("one_call", kind.hand_to(ONE_CALL).arg("acquires"));
        assert_eq!(creator.finish(), ["here\ndone"]);
        format!("{} is free", kind.user().value())
    }),
];

/// Asked of permits that belong to their holders, too.
const OF_ALL: &[Question<Kind>] = &[("a waiter, and a holder is killed", |kind| {
    let [user, other] = [kind.user(), kind.user()];
    user.acquire(None).unwrap();
    let mut children = Children::new();
    let holder = called(&mut children, &mut kind.hand_to(ONE_CALL), "acquires");
    let answer = begin(move || said(user.acquire(None)));
    ended(outlive(holder, &answer, || other.release().unwrap()))
})];

/// A user of a semaphore whose permits are all taken.
fn emptied(kind: &Kind) -> Box<dyn User> {
    let user = kind.user();
    while user.try_acquire().is_ok() {}
    user
}

fn said(answer: Answer) -> String {
    answer.map_or_else(|why| why, |()| "done".into())
}

/// A child waits, and is interrupted again and again, for a while.
fn interrupted(kind: &mut Kind) -> String {
    let user = emptied(kind);
    let mut children = Children::new();
    let child = children.start("one_call", kind.hand_to(ONE_CALL).arg("acquires"));
    assert_eq!(hear(child), "here");
    let (start, mut waits) = (Instant::now(), true);
    while waits && start.elapsed() < A_WHILE {
        kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGUSR1).unwrap();
        thread::sleep(Duration::from_millis(1));
        waits = child.try_wait().unwrap().is_none();
    }
    if waits {
        user.release().unwrap();
    }
    ended((children.finish().remove(0), !waits))
}

#[test]
fn ours_answers_as_the_kernels_but_where_the_table_says_otherwise() {
    let all = |name: &Name| {
        let [unnamed, opened, anonymous, named] = Kind::plain(name);
        [unnamed, opened, anonymous, named, Kind::owned()]
    };
    let table = table("semaphore", QUESTIONS, |name| Kind::plain(name))
        + &table("semaphore.of_all", OF_ALL, all);
    insta::assert_snapshot!(table);
}
