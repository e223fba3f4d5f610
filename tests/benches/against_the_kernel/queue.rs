//! Messages.

use std::{
    os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd},
    process,
};

use nix::{
    mqueue::{MQ_OFlag, MqAttr, MqdT, mq_open, mq_receive, mq_send, mq_unlink},
    sys::{
        socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair},
        stat::Mode,
    },
};
use selvedge::{
    message_queue::{Bytes, Codec, MessageQueue, Plain, Receiver, Sender},
    segment::RingConfig,
};
use selvedge_tests::{bequeath, child, inherited};

use crate::{
    contest::{Contest, Run},
    peer::{Peer, serve},
};

/// Ours has room for about as many messages as the kernel's, or for many.
const NAMES: [&str; 5] = ["mq_open(3)", "socketpair(2)", PLAIN, BYTES, ROOMY];
const PLAIN: &str = "selvedge, Plain, room for 8";
const BYTES: &str = "selvedge, Bytes, room for 8";
const ROOMY: &str = "selvedge, Plain, room for 1024";

/// Messages of a stream.
const STREAM: u64 = 10_000;

/// Bytes of each.
const SIZE: usize = 64;

type Message = [u8; SIZE];

pub(crate) fn measure(contest: &mut Contest) {
    contest.hold("message queue, 10,000 messages of 64 B", &NAMES, stream);
    // There is one message at a time: more room is nothing to it.
    contest.hold("message queue, 64 B there and back", &NAMES[..4], round_trip);
}

/// Message number `n`.
fn message(n: u64) -> Message {
    let mut message = [b'x'; SIZE];
    message[..8].copy_from_slice(&n.to_le_bytes());
    message
}

/// The number of a message.
fn number(message: &[u8]) -> u64 {
    let message: &Message = message.try_into().expect("all of a message");
    let (number, _) = message.split_first_chunk().expect("it is longer");
    u64::from_le_bytes(*number)
}

/// The descriptors of a queue, for who sends and who receives.
fn queue(name: &str) -> [OwnedFd; 2] {
    let queue = match name {
        "mq_open(3)" => kernels(),
        "socketpair(2)" => {
            let (family, flags) = (AddressFamily::Unix, SockFlag::SOCK_CLOEXEC);
            let pair = socketpair(family, SockType::SeqPacket, None, flags);
            return pair.expect("two descriptors").into();
        }
        BYTES => ours::<Bytes<SIZE>>(8),
        PLAIN => ours::<Plain<Message>>(8),
        ROOMY => ours::<Plain<Message>>(1024),
        _ => panic!("no queue is called {name}"),
    };
    [queue.try_clone().expect("a descriptor is free"), queue]
}

fn kernels() -> OwnedFd {
    // Without the right to more, there is room for 10.
    let (name, attributes) =
        (format!("/selvedge.bench.{}", process::id()), MqAttr::new(0, 10, 64, 0));
    let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_EXCL | MQ_OFlag::O_RDWR | MQ_OFlag::O_CLOEXEC;
    let queue =
        mq_open(&*name, flags, Mode::S_IRWXU, Some(&attributes)).expect("a kernel with queues");
    mq_unlink(&*name).expect("it was just created");
    // SAFETY: on Linux it is a descriptor, which has no other owner now.
    unsafe { OwnedFd::from_raw_fd(queue.into_raw_fd()) }
}

fn ours<C: Codec>(room: u64) -> OwnedFd {
    MessageQueue::<C>::anonymous(RingConfig::new(room)).expect("some memory").1
}

trait Sends {
    /// Sends message number `n`.
    fn send(&mut self, n: u64);
}

trait Receives {
    /// The number of the next message.
    fn receive(&mut self) -> u64;
}

impl Sends for MqdT {
    fn send(&mut self, n: u64) {
        mq_send(self, &message(n), 0).expect("a queue");
    }
}

impl Receives for MqdT {
    fn receive(&mut self) -> u64 {
        let mut message = [0; SIZE];
        let size = mq_receive(self, &mut message, &mut 0).expect("a queue");
        number(&message[..size])
    }
}

impl Sends for OwnedFd {
    fn send(&mut self, n: u64) {
        let sent = send(self.as_raw_fd(), &message(n), MsgFlags::empty());
        assert_eq!(sent, Ok(SIZE));
    }
}

impl Receives for OwnedFd {
    fn receive(&mut self) -> u64 {
        let mut message = [0; SIZE];
        let size = recv(self.as_raw_fd(), &mut message, MsgFlags::empty()).expect("a pair");
        number(&message[..size])
    }
}

impl Sends for Sender<Plain<Message>> {
    fn send(&mut self, n: u64) {
        self.send(&message(n)).expect("a queue");
    }
}

impl Receives for Receiver<Plain<Message>> {
    fn receive(&mut self) -> u64 {
        number(&self.recv().expect("a queue"))
    }
}

impl Sends for Sender<Bytes<SIZE>> {
    fn send(&mut self, n: u64) {
        self.send(&message(n)).expect("a queue");
    }
}

impl Receives for Receiver<Bytes<SIZE>> {
    fn receive(&mut self) -> u64 {
        number(&self.recv().expect("a queue"))
    }
}

fn of_mq(queue: OwnedFd) -> Box<MqdT> {
    // SAFETY: it came from `kernels`, and has no other owner now.
    Box::new(unsafe { MqdT::from_raw_fd(queue.into_raw_fd()) })
}

fn inherit<C: Codec>(queue: impl AsFd) -> MessageQueue<C> {
    MessageQueue::inherit(queue).expect("a queue")
}

fn sender(name: &str, queue: OwnedFd) -> Box<dyn Sends> {
    match name {
        "mq_open(3)" => of_mq(queue),
        "socketpair(2)" => Box::new(queue),
        BYTES => Box::new(inherit::<Bytes<SIZE>>(queue).sender().expect("a slot")),
        _ => Box::new(inherit::<Plain<Message>>(queue).sender().expect("a slot")),
    }
}

fn receiver(name: &str, queue: OwnedFd) -> Box<dyn Receives> {
    match name {
        "mq_open(3)" => of_mq(queue),
        "socketpair(2)" => Box::new(queue),
        BYTES => Box::new(inherit::<Bytes<SIZE>>(queue).receiver().expect("a slot")),
        _ => Box::new(inherit::<Plain<Message>>(queue).receiver().expect("a slot")),
    }
}

fn stream(name: &str) -> Run {
    let [ours, theirs] = queue(name);
    let mut peer = Peer::start("count messages", |command| {
        bequeath(command.arg(name), theirs);
    });
    let mut sender = sender(name, ours);
    Box::new(move |rounds| {
        peer.rounds(rounds, STREAM, || (0..rounds * STREAM).for_each(|n| sender.send(n)))
    })
}

/// The other process's part.
pub(crate) fn count() {
    let [name, descriptor] = child();
    let mut receiver = receiver(&name, handed(&descriptor));
    // In order, and so each once.
    serve(|rounds| (0..rounds * STREAM).take_while(|n| receiver.receive() == *n).count() as u64);
}

fn round_trip(name: &str) -> Run {
    let ([there, theirs], [answer, back]) = (queue(name), queue(name));
    let mut peer = Peer::start("echo messages", |command| {
        bequeath(command.arg(name), theirs);
        bequeath(command, answer);
    });
    let (mut sender, mut receiver) = (sender(name, there), receiver(name, back));
    Box::new(move |rounds| {
        peer.rounds(rounds, 1, || {
            for n in 0..rounds {
                sender.send(n);
                assert_eq!(receiver.receive(), n);
            }
        })
    })
}

/// The other process's part.
pub(crate) fn echo() {
    let [name, there, back] = child();
    let (mut receiver, mut sender) =
        (receiver(&name, handed(&there)), sender(&name, handed(&back)));
    serve(|rounds| {
        for _ in 0..rounds {
            sender.send(receiver.receive());
        }
        rounds
    });
}

fn handed(descriptor: &str) -> OwnedFd {
    inherited(descriptor.parse().expect("a descriptor's number"))
}
