//! Streams of bytes.

use std::io::{Read, Write};

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use selvedge_tests::{child, pipes::Kind};
use tempfile::TempDir;

use crate::{
    contest::{Contest, Run},
    peer::{Peer, serve},
};

const NAMES: [&str; 4] = ["pipe(2)", "mkfifo(3)", "socketpair(2)", "selvedge"];

/// Bytes of a stream.
const STREAM: usize = 1 << 20;

/// Bytes that are written or read at a time, at most.
const MOST: usize = 1 << 16;

pub(crate) fn measure(contest: &mut Contest) {
    for (writes, size) in [("64 B", 64), ("4 KiB", 4096), ("64 KiB", MOST)] {
        let measurement = format!("pipe, 1 MiB in writes of {writes}");
        contest.hold(&measurement, &NAMES, |name| stream(name, size));
    }
    contest.hold("pipe, a byte there and back", &NAMES, round_trip);
}

/// The pipe of this name, and the directory where it may lie.
fn pipe(name: &str) -> (Kind, TempDir) {
    let directory = TempDir::new().expect("room");
    let [pipe, fifo, ours, _] = Kind::all(directory.path().join("fifo"), "none");
    let (family, flags) = (AddressFamily::Unix, SockFlag::SOCK_CLOEXEC);
    let (one, other) = socketpair(family, SockType::Stream, None, flags).expect("two descriptors");
    // Written to and read from as a pipe's ends are.
    let pair = Kind::Kernel([Some(one), Some(other)]);
    let mut named = NAMES.into_iter().zip([pipe, fifo, pair, ours]);
    let (_, kind) = named.find(|(it, _)| *it == name).expect("a pipe's name");
    (kind, directory)
}

fn stream(name: &str, size: usize) -> Run {
    let (mut pipe, directory) = pipe(name);
    let mut peer = Peer::start("count bytes", |command| pipe.hand_over(command, false));
    let mut writer = pipe.writer();
    let bytes = [b'x'; MOST];
    Box::new(move |rounds| {
        let _stays = &directory;
        peer.rounds(rounds, STREAM as u64, || {
            for _ in 0..rounds * (STREAM / size) as u64 {
                writer.write_all(&bytes[..size]).expect("somebody reads");
            }
        })
    })
}

/// The other process's part.
pub(crate) fn count() {
    let (mut pipe, _) = Kind::handed(child());
    let (mut reader, mut bytes) = (pipe.reader(), [0; MOST]);
    serve(|rounds| {
        let (mut count, expected) = (0, rounds * STREAM as u64);
        while count < expected {
            match reader.read(&mut bytes).expect("a stream") {
                0 => break,
                read => count += read as u64,
            }
        }
        count
    });
}

fn round_trip(name: &str) -> Run {
    let [mut there, mut back] = [pipe(name), pipe(name)];
    let mut peer = Peer::start("echo bytes", |command| {
        there.0.hand_over(command, false);
        back.0.hand_over(command, true);
    });
    let (mut writer, mut reader) = (there.0.writer(), back.0.reader());
    Box::new(move |rounds| {
        let _stay = (&there.1, &back.1);
        peer.rounds(rounds, 1, || {
            for n in 0..rounds {
                let (sent, mut echoed) = ([n as u8], [0]);
                writer.write_all(&sent).expect("somebody reads");
                reader.read_exact(&mut echoed).expect("somebody writes");
                assert_eq!(echoed, sent);
            }
        })
    })
}

/// The other process's part.
pub(crate) fn echo() {
    let [place, kind, side, back @ ..] = child::<6>();
    let (mut there, _) = Kind::handed([place, kind, side]);
    let (mut back, _) = Kind::handed(back);
    let (mut reader, mut writer) = (there.reader(), back.writer());
    serve(|rounds| {
        let mut byte = [0];
        for _ in 0..rounds {
            reader.read_exact(&mut byte).expect("somebody writes");
            writer.write_all(&byte).expect("somebody reads");
        }
        rounds
    });
}
