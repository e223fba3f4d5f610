//! What clients may say instead of a hello, or not say at all.

use std::{
    collections::VecDeque,
    fs::File,
    os::fd::{AsFd, OwnedFd},
};

use selvedge_tests::{
    handshake::{half_open, hello, welcome},
    receive_packet, send_packet,
};

use crate::{Attack, Victim, local, table};

/// What the server answers who says this.
fn answered(victim: &Victim, said: &[u8]) -> String {
    let socket = half_open(victim.path()).unwrap();
    send_packet(&socket, said, &[]).unwrap();
    answer(&socket)
}

fn answer(socket: &OwnedFd) -> String {
    const CODES: [&str; 6] =
        ["let in", "not allowed", "another version", "not that capacity", "busy", "malformed"];
    match receive_packet(socket) {
        Ok((packet, _)) if packet.is_empty() => "it hung up".into(),
        Ok((packet, descriptors)) => {
            let code = (0..6_u32).find(|code| packet == welcome(1, *code)).unwrap();
            format!("{}, with {} descriptors", CODES[code as usize], descriptors.len())
        }
        Err(errno) => errno.to_string(),
    }
}

const ATTACKS: &[Attack] = &[
    local("no attack", |victim| answered(victim, &hello(1, 0))),
    local("an empty packet", |victim| answered(victim, b"")),
    local("a byte too few", |victim| answered(victim, &hello(1, 0)[..15])),
    local("a byte too many", |victim| answered(victim, &[&hello(1, 0)[..], b"x"].concat())),
    local("100,000 bytes", |victim| answered(victim, &vec![b'x'; 100_000])),
    local("another magic word", |victim| answered(victim, b"GET / HTTP/1.1\r\n")),
    local("another version", |victim| answered(victim, &hello(2, 0))),
    local("a capacity of 3", |victim| answered(victim, &hello(1, 3))),
    local("a capacity of 2 MiB", |victim| answered(victim, &hello(1, 1 << 21))),
    local("a capacity of 2 GiB", |victim| answered(victim, &hello(1, 1 << 31))),
    local("a capacity of 4 GiB less one byte", |victim| answered(victim, &hello(1, u32::MAX))),
    local("descriptors with a good hello, and with a bad one", |victim| {
        [&hello(1, 0)[..], b"x"]
            .map(|said| {
                let file = File::open("/dev/null").unwrap();
                let socket = half_open(victim.path()).unwrap();
                send_packet(&socket, said, &[file.as_fd(); 100]).unwrap();
                answer(&socket)
            })
            .join("; ")
    }),
    local("nothing", |victim| answer(&half_open(victim.path()).unwrap())),
    local("a connection that is hung up at once, 1000 times", |victim| {
        (0..1000).for_each(|_| drop(half_open(victim.path()).unwrap()));
        "it could".into()
    }),
    local("10,000 connections that say nothing", |victim| {
        // As many open at a time as this process may have; the server has let go of the others.
        let mut open = VecDeque::new();
        for _ in 0..10_000 {
            open.push_back(half_open(victim.path()).unwrap());
            if open.len() > 500 {
                open.pop_front();
            }
        }
        format!("the first that is open still: {}", answer(&open[0]))
    }),
];

#[test]
fn whatever_a_client_says_first_is_answered_and_the_others_are_served() {
    insta::assert_snapshot!(table(ATTACKS));
}

#[test]
fn a_client_that_is_gone_before_the_answer_was_let_in_or_not() {
    let mut victim = Victim::start("local", "bytes");
    victim.is_attacked(|victim| {
        for _ in 0..1000 {
            let socket = half_open(victim.path()).unwrap();
            send_packet(&socket, &hello(1, 0), &[]).unwrap();
        }
        String::new()
    });
    victim.tells_of(&["silent", "died"]);
}
