use std::{ffi::CString, fmt::Write as _, thread};

use nix::{
    mqueue::{MQ_OFlag, MqAttr, MqdT, mq_open, mq_receive, mq_send, mq_unlink},
    sys::stat::Mode,
};
use selvedge::{
    message_queue::{Bytes, EncodeError, MessageQueue, Receiver, RecvError, SendError, Sender},
    segment::{Directory, RingConfig},
};
use selvedge_tests::{A_WHILE, Name};

/// Messages that a queue has room for, and bytes of the longest.
const CAPACITY: usize = 4;
const LONGEST: usize = 64;

/// A queue of one kind, by its name.
enum Kind {
    Kernel(CString),
    Named(Name),
}

/// Somebody who sends and receives.
trait User: Send {
    /// Sends a message, or says why not.
    fn send(&mut self, message: &[u8], waits: bool) -> Result<(), &'static str>;
    /// Receives a message, or says why not.
    fn recv(&mut self, waits: bool) -> Result<Vec<u8>, &'static str>;
}

impl User for [MqdT; 2] {
    fn send(&mut self, message: &[u8], waits: bool) -> Result<(), &'static str> {
        mq_send(&self[usize::from(waits)], message, 0).map_err(|errno| errno.desc())
    }

    fn recv(&mut self, waits: bool) -> Result<Vec<u8>, &'static str> {
        let mut message = [0; LONGEST];
        let length = mq_receive(&self[usize::from(waits)], &mut message, &mut 0);
        Ok(message[..length.map_err(|errno| errno.desc())?].to_vec())
    }
}

type Ours = Bytes<LONGEST>;

impl User for (Sender<Ours>, Receiver<Ours>) {
    fn send(&mut self, message: &[u8], waits: bool) -> Result<(), &'static str> {
        let sent = if waits { self.0.send(message) } else { self.0.try_send(message) };
        sent.map_err(|error| match error {
            SendError::Encode(EncodeError::TooLong { .. }) => "too long",
            SendError::Full => "full",
            _ => "another error",
        })
    }

    fn recv(&mut self, waits: bool) -> Result<Vec<u8>, &'static str> {
        let received = if waits { self.1.recv() } else { self.1.try_recv() };
        received.map_err(|error| match error {
            RecvError::Empty => "empty",
            _ => "another error",
        })
    }
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Kernel(_) => "mq_open(3)",
            Self::Named(_) => "named",
        }
    }

    /// Another user.
    fn user(&self) -> Box<dyn User> {
        match self {
            Self::Kernel(name) => Box::new([MQ_OFlag::O_NONBLOCK, MQ_OFlag::empty()].map(|flag| {
                let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_RDWR | flag;
                let attributes = MqAttr::new(0, CAPACITY as i64, LONGEST as i64, 0);
                mq_open(&**name, flags, Mode::S_IRWXU, Some(&attributes))
                    .expect("a kernel with queues")
            })),
            Self::Named(name) => {
                let config = RingConfig::new(CAPACITY as u64);
                let queue = MessageQueue::<Ours>::named(&Directory::shm(), name, config);
                let (queue, _) = queue.expect("a name in /dev/shm");
                Box::new((queue.sender().expect("a slot"), queue.receiver().expect("a slot")))
            }
        }
    }
}

impl Drop for Kind {
    fn drop(&mut self) {
        if let Self::Kernel(name) = self {
            let _ = mq_unlink(&**name);
        }
    }
}

/// A question, and how a queue of some kind answers it.
type Question = (&'static str, fn(&Kind) -> String);

const QUESTIONS: &[Question] = &[
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
        let fit = (0..).take_while(|_| user.send(b"x", false).is_ok()).count();
        format!("{fit}, then {}", sent(&mut *user, b"x"))
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
        let waiting = thread::spawn(move || user.recv(true));
        thread::sleep(A_WHILE);
        let waited = !waiting.is_finished();
        kind.user().send(b"late", true).unwrap();
        format!(
            "{:?}, {waited}",
            waiting.join().unwrap().map(|text| String::from_utf8(text).unwrap())
        )
    }),
    ("a sender that waits for room", |kind| {
        let (mut user, mut other) = (kind.user(), kind.user());
        while other.send(b"x", false).is_ok() {}
        let waiting = thread::spawn(move || user.send(b"late", true));
        thread::sleep(A_WHILE);
        let waited = !waiting.is_finished();
        other.recv(true).unwrap();
        format!("{:?}, {waited}", waiting.join().unwrap())
    }),
];

fn received(user: &mut dyn User) -> String {
    match user.recv(false) {
        Ok(message) => format!("{:?}", String::from_utf8_lossy(&message)),
        Err(why) => why.into(),
    }
}

fn sent(user: &mut dyn User, message: &[u8]) -> String {
    user.send(message, false).map_or_else(|why| why.into(), |()| "sent".into())
}

#[test]
fn ours_answers_as_the_kernels_but_where_the_table_says_otherwise() {
    let mut table = String::new();
    for (n, (question, ask)) in QUESTIONS.iter().enumerate() {
        writeln!(table, "{question}").unwrap();
        let name = Name::of(&format!("conformance.message_queue.{n}"));
        let kernels = CString::new(format!("/selvedge.{}", &*name)).unwrap();
        for kind in [Kind::Kernel(kernels), Kind::Named(name)] {
            writeln!(table, "    {:<11} {}", kind.name(), ask(&kind)).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}
