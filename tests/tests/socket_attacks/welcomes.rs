//! What servers may answer to one of our clients, which has no descriptor more open afterwards.

use std::{
    fmt::Write as _,
    fs::File,
    io::{self, Write as _},
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
};

use nix::{
    fcntl::{F_ADD_SEALS, SealFlag, fcntl},
    sys::{
        memfd::{MFdFlags, memfd_create},
        socket::accept,
    },
};
use selvedge::{
    platform::{
        Ordering::Relaxed,
        native::{Native, NativeCell},
    },
    protocol::spsc::{self, End},
    segment::{MpmcQueue, RingConfig, SpscRing, sealed},
    socket::Address,
};
use selvedge_tests::{
    Children, View,
    handshake::{server, welcome},
    hear, receive_packet, send_packet,
    sockets::Kind,
};

/// What a server does with a client that it has accepted, and whose hello it may have heard.
type Answer = fn(&OwnedFd);

fn says(client: &OwnedFd, packet: &[u8], descriptors: &[BorrowedFd<'_>]) {
    receive_packet(client).unwrap();
    send_packet(client, packet, descriptors).unwrap();
}

fn hands(client: &OwnedFd, descriptors: &[BorrowedFd<'_>]) {
    says(client, &welcome(1, 0), descriptors);
}

fn ring() -> OwnedFd {
    sealed::create::<SpscRing<u8>>(RingConfig::new(64).owners(2)).unwrap().1
}

/// A copy of a segment's bytes up to this many, sealed like this.
fn copy(of: OwnedFd, bytes: u64, seals: SealFlag) -> OwnedFd {
    let copy = memfd_create(c"copy", MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING).unwrap();
    let mut file = File::from(copy);
    io::copy(&mut io::Read::take(File::from(of), bytes), &mut file).unwrap();
    fcntl(&file, F_ADD_SEALS(seals)).unwrap();
    file.into()
}

fn size_seals() -> SealFlag {
    SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW
}

fn hands_twice(client: &OwnedFd, memory: &OwnedFd) {
    hands(client, &[memory.as_fd(); 2]);
}

const ANSWERS: &[(&str, Answer)] = &[
    ("no attack", |client| hands(client, &[ring().as_fd(), ring().as_fd()])),
    ("nothing", |client| drop(receive_packet(client))),
    ("an empty packet", |client| says(client, b"", &[])),
    ("garbage", |client| says(client, b"HTTP/1.1 200 OK\r", &[])),
    ("a byte too few", |client| says(client, &welcome(1, 0)[..15], &[])),
    ("a byte too many, and memory", |client| {
        says(client, &[&welcome(1, 0)[..], b"x"].concat(), &[ring().as_fd(), ring().as_fd()]);
    }),
    ("another version, and memory", |client| {
        says(client, &welcome(7, 0), &[ring().as_fd(), ring().as_fd()]);
    }),
    ("a refusal that is unknown, and memory", |client| {
        says(client, &welcome(1, 99), &[ring().as_fd(), ring().as_fd()]);
    }),
    ("no memory", |client| hands(client, &[])),
    ("half of it", |client| hands(client, &[ring().as_fd()])),
    ("three of two", |client| {
        let ring = ring();
        hands(client, &[ring.as_fd(); 3]);
    }),
    ("253 of two", |client| {
        let ring = ring();
        hands(client, &[ring.as_fd(); 253]);
    }),
    ("pipes", |client| {
        let (reader, writer) = io::pipe().unwrap();
        hands(client, &[reader.as_fd(), writer.as_fd()]);
    }),
    ("files", |client| hands_twice(client, &tempfile::tempfile().unwrap().into())),
    ("directories", |client| hands_twice(client, &File::open("/").unwrap().into())),
    ("the client's own end", |client| hands_twice(client, client)),
    ("memory that may shrink", |client| {
        hands_twice(client, &copy(ring(), u64::MAX, SealFlag::F_SEAL_GROW));
    }),
    ("memory that may grow", |client| {
        hands_twice(client, &copy(ring(), u64::MAX, SealFlag::F_SEAL_SHRINK));
    }),
    ("memory that may not be written", |client| {
        hands_twice(client, &copy(ring(), u64::MAX, size_seals() | SealFlag::F_SEAL_WRITE));
    }),
    ("memory that lacks its last byte", |client| {
        let size = File::from(ring()).metadata().unwrap().len();
        hands_twice(client, &copy(ring(), size - 1, size_seals()));
    }),
    ("memory of nothing", |client| hands_twice(client, &copy(ring(), 0, size_seals()))),
    ("memory of zeros", |client| {
        let memory = memfd_create(c"zeros", MFdFlags::MFD_ALLOW_SEALING).unwrap();
        File::from(memory.try_clone().unwrap()).write_all(&[0; 4096]).unwrap();
        fcntl(&memory, F_ADD_SEALS(size_seals())).unwrap();
        hands_twice(client, &memory);
    }),
    ("a queue's memory", |client| {
        hands_twice(client, &sealed::create::<MpmcQueue<u8>>(RingConfig::new(64)).unwrap().1);
    }),
    ("a ring's of other records", |client| {
        hands_twice(client, &sealed::create::<SpscRing<u64>>(RingConfig::new(64)).unwrap().1);
    }),
    ("memory whose ends are closed", |client| {
        let ring = ring();
        let fields = spsc::Ring::<Native, [NativeCell<u8>; 64]>::fields();
        let view = View::of(&ring, &fields).unwrap();
        for end in ["producer", "consumer"] {
            view.u32(end).store(End::CLOSED.0, Relaxed);
        }
        hands_twice(client, &ring);
    }),
    ("the same memory twice", |client| hands_twice(client, &ring())),
];

/// What a client says to this answer, and how many descriptors it has more.
fn told(answer: Answer, hangs_up: bool) -> [String; 2] {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let listener = server(&path).unwrap();
    let kind = Kind::ours(Address::Local(path.clone()));
    let mut children = Children::new();
    let mut command = kind.hand_to(env!("CARGO_BIN_EXE_socket_end"), "try");
    let child = children.start("socket_end", &mut command);
    let number = accept(listener.as_raw_fd()).unwrap();
    // SAFETY: the kernel has just made it for this process, and nobody else knows of it.
    let client = unsafe { OwnedFd::from_raw_fd(number) };
    answer(&client);
    let _client = Some(client).filter(|_| !hangs_up);
    [hear(child), hear(child)].map(|line| line.replace(path.to_str().unwrap(), "PATH"))
}

#[test]
fn whatever_a_server_answers_is_an_error_and_nothing_is_left_open() {
    let mut table = String::new();
    for (name, answer) in ANSWERS {
        let [said, left] = told(*answer, false);
        // The thread that waits for all connections has one, once there has been any.
        assert!(left == "0" || said == "connected" || left == "1", "{name}: {left} descriptors");
        writeln!(table, "{name}\n    {said}").unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_server_that_hangs_up_before_it_answers_refuses() {
    let heard_nothing: Answer = |_| ();
    let heard: Answer = |client| drop(receive_packet(client));
    let why = "ConnectionRefused: PATH: the server hung up before it answered: try again";
    for answer in [heard_nothing, heard] {
        assert_eq!(told(answer, true), [why, "0"]);
    }
}
