//! Message queues of each kind, the kernel's and ours, to be held against each other.

use std::{fmt, process::Command};

use nix::{
    mqueue::{MQ_OFlag, MqAttr, MqdT, mq_open, mq_receive, mq_send},
    sys::stat::Mode,
};
use selvedge::{
    message_queue::{Bytes, EncodeError, MessageQueue, Receiver, RecvError, SendError, Sender},
    segment::{Directory, RingConfig},
};

use crate::names::kernels;

/// Messages that a queue has room for.
const CAPACITY: usize = 4;

/// Bytes of the longest message.
pub const LONGEST: usize = 64;

/// Somebody who sends and receives.
pub trait User: Send {
    /// Sends a message.
    ///
    /// # Errors
    /// Why not.
    fn send(&mut self, message: &[u8], waits: bool) -> Result<(), &'static str>;

    /// Receives a message.
    ///
    /// # Errors
    /// Why not.
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

/// A queue of one kind, by its name.
#[derive(Debug)]
pub enum Kind {
    /// The kernel's `mq_open(3)`.
    Kernel(String),
    /// Ours.
    Named(String),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kernel(_) => "mq_open(3)",
            Self::Named(_) => "named",
        })
    }
}

impl Kind {
    /// One of each kind.
    #[must_use]
    pub fn all(name: &str) -> [Self; 2] {
        [Self::Kernel(name.to_owned()), Self::Named(name.to_owned())]
    }

    /// The program at `path`, which is told of the queue.
    #[must_use]
    pub fn hand_to(&self, path: &str) -> Command {
        let (Self::Kernel(name) | Self::Named(name)) = self;
        let mut command = Command::new(path);
        command.args([name, &self.to_string()]);
        command
    }

    /// The queue that a child was [told](Self::hand_to) of.
    ///
    /// # Panics
    /// If it was told nonsense.
    #[must_use]
    pub fn handed(name: String, kind: &str) -> Self {
        match kind {
            "mq_open(3)" => Self::Kernel(name),
            "named" => Self::Named(name),
            other => panic!("no queue is called {other}"),
        }
    }

    /// Another user.
    ///
    /// # Panics
    /// If there can be none.
    #[must_use]
    pub fn user(&self) -> Box<dyn User> {
        match self {
            Self::Kernel(name) => Box::new([MQ_OFlag::O_NONBLOCK, MQ_OFlag::empty()].map(|flag| {
                let flags = MQ_OFlag::O_CREAT | MQ_OFlag::O_RDWR | flag;
                let attributes = MqAttr::new(0, CAPACITY as i64, LONGEST as i64, 0);
                mq_open(&*kernels(name), flags, Mode::S_IRWXU, Some(&attributes))
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
