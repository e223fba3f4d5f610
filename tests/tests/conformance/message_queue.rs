use selvedge_tests::{
    A_WHILE, Children, FOR_EVER, begin, outlive,
    queues::{Kind, LONGEST, User},
};

use crate::{ONE_CALL, Question, called, ended, table};

const QUESTIONS: &[Question<Kind>] = &[
    ("two messages", |kind| {
        let mut user = kind.user();
        user.send(b"first", true).unwrap();
        user.send(b"second", true).unwrap();
        format!("{}, {}", received(&mut *user), received(&mut *user))
    }),
    ("a message of nothing", |kind| {
        let mut user = kind.user();
        user.send(b"", true).unwrap();
        received(&mut *user)
    }),
    ("the longest message, and one byte more", |kind| {
        let mut user = kind.user();
        format!("{}, {}", sent(&mut *user, &[0; LONGEST]), sent(&mut *user, &[0; LONGEST + 1]))
    }),
    ("messages that fit", |kind| {
        let mut user = kind.user();
        format!("{}, then {}", fill(&mut *user), sent(&mut *user, b"x"))
    }),
    ("nothing to receive", |kind| received(&mut *kind.user())),
    ("two receivers", |kind| {
        let [mut one, mut other] = [kind.user(), kind.user()];
        one.send(b"first", true).unwrap();
        one.send(b"second", true).unwrap();
        format!("{}, {}, {}", received(&mut *other), received(&mut *one), received(&mut *other))
    }),
    ("a message whose sender has gone, and nobody else was there", |kind| {
        kind.user().send(b"kept", true).unwrap();
        received(&mut *kind.user())
    }),
    ("a receiver that waits", |kind| {
        let mut user = kind.user();
        let answer = begin(move || user.recv(true));
        let waited = answer.recv_timeout(A_WHILE).is_err();
        kind.user().send(b"late", true).unwrap();
        let answer = answer.recv_timeout(FOR_EVER).unwrap();
        format!("{:?}, {waited}", answer.map(|text| String::from_utf8(text).unwrap()))
    }),
    ("a sender that waits for room", |kind| {
        let (mut user, mut other) = (kind.user(), kind.user());
        fill(&mut *other);
        let answer = begin(move || user.send(b"late", true));
        let waited = answer.recv_timeout(A_WHILE).is_err();
        other.recv(true).unwrap();
        format!("{:?}, {waited}", answer.recv_timeout(FOR_EVER).unwrap())
    }),
    ("a sender is killed, and what it sent is there", |kind| {
        let mut children = Children::new();
        called(&mut children, &mut kind.hand_to(ONE_CALL), "sends");
        drop(children);
        received(&mut *kind.user())
    }),
    ("a receiver waits for more, and the sender is killed", |kind| {
        let (mut user, mut other) = (kind.user(), kind.user());
        let mut children = Children::new();
        let sender = called(&mut children, &mut kind.hand_to(ONE_CALL), "sends");
        assert_eq!(user.recv(true).unwrap(), b"sent");
        let answer = begin(move || shown(user.recv(true)));
        ended(outlive(sender, &answer, || other.send(b"late", true).unwrap()))
    }),
    ("a sender waits for room, and the receiver is killed", |kind| {
        let (mut user, mut other) = (kind.user(), kind.user());
        fill(&mut *user);
        let mut children = Children::new();
        let receiver = called(&mut children, &mut kind.hand_to(ONE_CALL), "receives");
        fill(&mut *user);
        let answer = begin(move || said(user.send(b"late", true)));
        ended(outlive(receiver, &answer, || drop(other.recv(true).unwrap())))
    }),
];

/// Fills the queue; how many messages that takes.
fn fill(user: &mut dyn User) -> usize {
    (0..).take_while(|_| user.send(b"x", false).is_ok()).count()
}

fn received(user: &mut dyn User) -> String {
    shown(user.recv(false))
}

fn shown(received: Result<Vec<u8>, &str>) -> String {
    match received {
        Ok(message) => format!("{:?}", String::from_utf8_lossy(&message)),
        Err(why) => why.into(),
    }
}

fn sent(user: &mut dyn User, message: &[u8]) -> String {
    said(user.send(message, false))
}

fn said(sent: Result<(), &str>) -> String {
    sent.map_or_else(|why| why.into(), |()| "sent".into())
}

#[test]
fn ours_answers_as_the_kernels_but_where_the_table_says_otherwise() {
    let table = table("message_queue", QUESTIONS, |name| Kind::all(name));
    insta::assert_snapshot!(table);
}
