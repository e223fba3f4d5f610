//! Connections of processes: through shared memory, over TCP and UDP.

use std::{
    io::{ErrorKind, Read, Write},
    path::PathBuf,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use selvedge::{
    pipe::Ended,
    platform::native::SLEEP_SLICE,
    poll::{self, AsyncListener},
    socket::{
        self, Address, Socket,
        frame::{FrameError, Framed},
        local,
    },
};
use selvedge_tests::{A_WHILE, Children, FOR_EVER, handshake, hear, send_packet, sockets::Kind};
use tempfile::TempDir;
use tokio::{runtime, time};

/// A place for a local listener.
fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    (directory, path)
}

fn end<'a>(children: &'a mut Children, address: &Address, deed: &str) -> &'a mut Child {
    let kind = Kind::ours(address.clone());
    children.start("socket_end", &mut kind.hand_to(env!("CARGO_BIN_EXE_socket_end"), deed))
}

/// A connection to a process that has done its deed.
fn with_peer<'a>(children: &'a mut Children, deed: &str) -> (local::Connection, &'a mut Child) {
    let (_directory, path) = place();
    let mut listener = local::Listener::at(&path).expect("a listener");
    let child = end(children, &Address::Local(path), deed);
    let connection = listener.accept_within(Some(FOR_EVER)).expect("it connects");
    assert_eq!(hear(child), "done");
    (connection, child)
}

#[test]
fn bytes_go_both_ways_over_each_transport() {
    let (_directory, path) = place();
    for address in
        ["tcp://127.0.0.1:0", "udp://127.0.0.1:0", &format!("local://{}", path.display())]
    {
        let mut listener =
            socket::listen(&address.parse().expect("an address")).expect("a listener");
        let address = listener.address().expect("it has one");
        let server = thread::spawn(move || {
            let mut connection = listener.accept()?;
            let mut bytes = [0; 5];
            let count = connection.read(&mut bytes)?;
            connection.write_all(&bytes[..count])?;
            // The peer may still have to read it.
            let _ = connection.read_within(&mut bytes, Some(FOR_EVER));
            Ok::<_, std::io::Error>(())
        });
        let mut connection = socket::connect(&address).expect("somebody listens");
        connection.write_all(b"hello").expect("there is room");
        let mut answer = [0; 5];
        connection.read_exact(&mut answer).expect("it is answered");
        assert_eq!(&answer, b"hello", "{address}");
        connection.write_all(b"done").expect("there is room");
        server.join().expect("no panic").expect("it answers");
    }
}

#[test]
fn a_peer_that_is_killed_ends_the_stream_at_once() {
    let mut took = Vec::new();
    for _ in 0..20 {
        let mut children = Children::new();
        let (mut connection, child) = with_peer(&mut children, "silent");
        let reader = thread::spawn(move || {
            let read = connection.read_within(&mut [0], Some(FOR_EVER));
            (read.expect("the end"), Instant::now(), connection)
        });
        thread::sleep(Duration::from_millis(5));
        let killed = Instant::now();
        child.kill().expect("it lives");
        let (read, ended, connection) = reader.join().expect("no panic");
        assert_eq!(read, 0);
        assert!(connection.has_hung_up());
        assert_eq!(connection.split().0.ended(), Some(Ended::WriterDied));
        took.push(ended.duration_since(killed));
    }
    took.sort();
    // At the end of a slice it would be half of one, in the middle.
    assert!(took[took.len() / 2] < SLEEP_SLICE / 4, "{took:?}");
}

#[test]
fn what_a_client_says_once_it_is_let_in_is_nothing_to_the_listener() {
    let (_directory, path) = place();
    let mut listener = local::Listener::at(&path).expect("a listener");
    let client = handshake::half_open(&path).expect("somebody listens");
    let none = listener.accept_within(Some(Duration::ZERO)).expect_err("it has said nothing");
    assert_eq!(none.kind(), ErrorKind::TimedOut);
    send_packet(&client, &handshake::hello(1, 0), &[]).expect("there is room");
    let _connection = listener.accept_within(Some(FOR_EVER)).expect("it is let in");

    send_packet(&client, b"more", &[]).expect("there is room");
    let ready = poll::wait(&[&listener], Some(A_WHILE)).expect("it can be waited for");
    assert!(ready.is_empty(), "nobody has come");
}

#[test]
fn tasks_hear_of_a_client_behind_many_that_say_nothing() {
    let (_directory, path) = place();
    let listener = local::Listener::at(&path).expect("a listener");
    let silent: Vec<_> =
        (0..100).map(|_| handshake::half_open(&path).expect("somebody listens")).collect();
    let client = thread::spawn(move || local::Connection::to(&path, Some(FOR_EVER)));
    // It has said hello, and waits.
    thread::sleep(A_WHILE);
    let runtime = runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut listener = AsyncListener::new(listener).expect("it can be awaited");
        let accepted = time::timeout(FOR_EVER, listener.accept()).await;
        accepted.expect("it is heard of").expect("it is let in");
    });
    client.join().expect("no panic").expect("it is let in");
    drop(silent);
}

#[test]
fn a_frame_that_was_sent_in_part_is_sent_to_its_end_before_the_next() {
    let (_directory, path) = place();
    let mut listener = local::Listener::at(&path).expect("a listener");
    let client = thread::spawn(move || local::Connection::to(&path, None).expect("it listens"));
    let mut sender = Framed::new(listener.accept_within(None).expect("it connects"));
    let mut receiver = Framed::new(client.join().expect("no panic"));
    let (long, at_once) = (vec![7; 100_000], Some(Duration::ZERO));
    let late = sender.send(&long, at_once).expect_err("there is no room for all of it");
    assert!(
        matches!(&late, FrameError::Io(error) if error.kind() == ErrorKind::TimedOut),
        "{late}"
    );
    for _ in 0..2 {
        let refused = sender.send(b"next", at_once).expect_err("nor for what is left");
        assert!(matches!(refused, FrameError::Unfinished), "{refused}");
    }
    let late = receiver.recv(at_once).expect_err("it is not there to its end");
    assert!(
        matches!(&late, FrameError::Io(error) if error.kind() == ErrorKind::TimedOut),
        "{late}"
    );
    sender.send(b"next", at_once).expect("there is room for both");
    assert_eq!(receiver.recv(at_once).expect("it is there"), Some(long));
    assert_eq!(receiver.recv(at_once).expect("it is there").as_deref(), Some(&b"next"[..]));
}
