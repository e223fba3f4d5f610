//! What clients may send instead of frames, over shared memory and over TCP.

use std::{io::Write, thread, time::Duration};

use selvedge::socket::{Socket, frame::Framed};
use selvedge_tests::FOR_EVER;

use crate::{Attack, Deed, Victim, table};

/// How the connection of a client ends that has sent these bytes, and perhaps ended its stream.
fn ended(victim: &Victim, bytes: &[u8], finishes: bool) -> String {
    let mut connection = victim.connect();
    connection.write_all(bytes).unwrap();
    if finishes {
        connection.finish().unwrap();
    }
    match Framed::new(connection).recv(Some(FOR_EVER)) {
        Ok(None) => "it hung up".into(),
        Ok(Some(message)) => format!("{message:?}"),
        // The server may have left unread what came too late.
        Err(error) => error.to_string(),
    }
}

const ATTACKS: &[(&str, Deed)] = &[
    ("no attack", |victim| ended(victim, &[1, 0, 0, 0, 7], true)),
    ("a frame that claims 4 GiB less one byte", |victim| ended(victim, &[0xFF; 4], false)),
    ("a frame that claims one byte more than is allowed", |victim| {
        ended(victim, &((1_u32 << 20) + 1).to_le_bytes(), false)
    }),
    ("100 frames that claim all that is allowed, and bring nothing", |victim| {
        let mut open = Vec::new();
        for _ in 0..100 {
            let mut connection = victim.connect();
            connection.write_all(&(1_u32 << 20).to_le_bytes()).unwrap();
            open.push(connection);
        }
        "it could".into()
    }),
    ("half a frame, and nothing more", |victim| ended(victim, &[9, 0, 0, 0, 1, 2, 3], false)),
    ("half a frame, and the end", |victim| ended(victim, &[9, 0, 0, 0, 1, 2, 3], true)),
    ("half a length, and the end", |victim| ended(victim, &[9, 0], true)),
    ("garbage", |victim| ended(victim, b"GET / HTTP/1.1\r\n\r\n", false)),
    ("100 connections that say nothing", |victim| {
        // No more than wait to be accepted at a time: the kernel has another try to connect wait for a second.
        let open: Vec<_> = (0..100).map(|_| victim.connect()).collect();
        thread::sleep(Duration::from_millis(100));
        drop(open);
        "it could".into()
    }),
];

fn over(transport: &'static str) -> String {
    let attacks = ATTACKS.iter().map(|(name, attack)| Attack {
        name,
        transport,
        serves: "frames",
        attack: *attack,
    });
    table(&attacks.collect::<Vec<_>>())
}

#[test]
fn whatever_is_sent_for_a_frame_is_an_error_and_the_others_are_served() {
    insta::assert_snapshot!("over_local", over("local"));
    insta::assert_snapshot!("over_tcp", over("tcp"));
}
