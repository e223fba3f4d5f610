//! Streams of bytes.

use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use selvedge_tests::{child, pipes::Kind};
use tempfile::TempDir;

use crate::{
    bytes::{self, SIZES, get, put},
    contest::{Contest, Run},
    peer::Peer,
};

const NAMES: [&str; 4] = ["pipe(2)", "mkfifo(3)", "socketpair(2)", "selvedge"];

pub(crate) fn measure(contest: &mut Contest) {
    for (writes, size) in SIZES {
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
    let peer = Peer::start("count bytes", |command| pipe.hand_over(command, false));
    bytes::stream(peer, pipe.writer(), size, directory)
}

/// The other process's part.
pub(crate) fn count() {
    let (mut pipe, _) = Kind::handed(child());
    bytes::count(pipe.reader());
}

fn round_trip(name: &str) -> Run {
    let [mut there, mut back] = [pipe(name), pipe(name)];
    let peer = Peer::start("echo bytes", |command| {
        there.0.hand_over(command, false);
        back.0.hand_over(command, true);
    });
    let (mut writer, mut reader) = (there.0.writer(), back.0.reader());
    let exchange = move |byte| {
        put(&mut writer, byte);
        get(&mut reader)
    };
    bytes::round_trip(peer, exchange, (there.1, back.1))
}

/// The other process's part.
pub(crate) fn echo() {
    let [place, kind, side, back @ ..] = child::<6>();
    let (mut there, _) = Kind::handed([place, kind, side]);
    let (mut back, _) = Kind::handed(back);
    let (mut reader, mut writer) = (there.reader(), back.writer());
    bytes::echo(|| put(&mut writer, get(&mut reader)));
}
