//! Connections.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::net::{UnixListener, UnixStream},
};

use selvedge::socket::local;
use selvedge_tests::child;
use tempfile::TempDir;

use crate::{
    bytes::{self, SIZES, get, put},
    contest::{Contest, Run},
    peer::{Peer, serve},
};

const NAMES: [&str; 3] = ["unix(7)", "tcp(7)", "selvedge"];

trait Stream: Read + Write + Send {}
impl<S: Read + Write + Send> Stream for S {}

/// Where one end waits for the other.
enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
    Ours(Box<local::Listener>),
}

impl Listener {
    /// One of this name, and where it is.
    fn of(name: &str, directory: &TempDir) -> (Self, String) {
        let path = directory.path().join("socket");
        let place = path.display().to_string();
        match name {
            "unix(7)" => (Self::Unix(UnixListener::bind(path).expect("a socket")), place),
            "tcp(7)" => {
                let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
                let place = listener.local_addr().expect("it has one").to_string();
                (Self::Tcp(listener), place)
            }
            _ => (Self::Ours(Box::new(local::Listener::at(path).expect("a socket"))), place),
        }
    }

    fn accept(&mut self) -> Box<dyn Stream> {
        match self {
            Self::Unix(listener) => Box::new(listener.accept().expect("somebody connects").0),
            Self::Tcp(listener) => Box::new(promptly(listener.accept().expect("likewise").0)),
            Self::Ours(listener) => Box::new(listener.accept_within(None).expect("likewise")),
        }
    }
}

fn connect(name: &str, place: &str) -> Box<dyn Stream> {
    match name {
        "unix(7)" => Box::new(UnixStream::connect(place).expect("somebody listens")),
        "tcp(7)" => Box::new(promptly(TcpStream::connect(place).expect("likewise"))),
        _ => Box::new(local::Connection::to(place, None).expect("likewise")),
    }
}

/// A byte is not to wait for others.
fn promptly(stream: TcpStream) -> TcpStream {
    stream.set_nodelay(true).expect("it is open");
    stream
}

pub(crate) fn measure(contest: &mut Contest) {
    for (writes, size) in SIZES {
        let measurement = format!("socket, 1 MiB in writes of {writes}");
        contest.hold(&measurement, &NAMES, |name| stream(name, size));
    }
    contest.hold("socket, a byte there and back", &NAMES, round_trip);
    contest.hold("socket, a connection made and closed", &NAMES, connections);
}

/// A connection with the other process in this part.
fn connected(part: &str, name: &str) -> (Peer, Box<dyn Stream>, TempDir) {
    let directory = TempDir::new().expect("room");
    let (mut listener, place) = Listener::of(name, &directory);
    let peer = Peer::start(part, |command| {
        command.args([name, &place]);
    });
    (peer, listener.accept(), directory)
}

fn stream(name: &str, size: usize) -> Run {
    let (peer, stream, directory) = connected("count bytes of a socket", name);
    bytes::stream(peer, stream, size, directory)
}

/// The other process's part.
pub(crate) fn count() {
    let [name, place] = child();
    bytes::count(connect(&name, &place));
}

fn round_trip(name: &str) -> Run {
    let (peer, mut stream, directory) = connected("echo bytes of a socket", name);
    let exchange = move |byte| {
        put(&mut stream, byte);
        get(&mut stream)
    };
    bytes::round_trip(peer, exchange, directory)
}

/// The other process's part.
pub(crate) fn echo() {
    let [name, place] = child();
    let mut stream = connect(&name, &place);
    bytes::echo(|| {
        let byte = get(&mut stream);
        put(&mut stream, byte);
    });
}

fn connections(name: &str) -> Run {
    let directory = TempDir::new().expect("room");
    let (mut listener, place) = Listener::of(name, &directory);
    let mut peer = Peer::start("connect", |command| {
        command.args([name, &place]);
    });
    Box::new(move |rounds| {
        let _stays = &directory;
        peer.rounds(rounds, 1, || {
            for _ in 0..rounds {
                let end = listener.accept().read(&mut [0]).expect("it is closed");
                assert_eq!(end, 0);
            }
        })
    })
}

/// The other process's part.
pub(crate) fn connect_each() {
    let [name, place] = child();
    serve(|rounds| {
        for _ in 0..rounds {
            drop(connect(&name, &place));
        }
        rounds
    });
}
