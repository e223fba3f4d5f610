//! Message queues: any number of processes send structured messages, any number receive them, first in, first out.
//!
//! A [`MessageQueue`] has room for a number of messages, so that sender and receiver need not run at the same time:
//! who receives may start later, or again. Each message goes to one receiver. What one sender sends arrives in its
//! order; a full queue holds its senders up (back-pressure). What a message is, its [`Codec`] says:
//!
//! | codec | messages | in the queue |
//! |-------|----------|--------------|
//! | [`Plain<T>`] | a [`Record`], of fixed size | the record |
//! | [`Bytes<N>`] | up to `N` bytes | 4 bytes of length, then `N` |
//! | [`Text<N>`] | a string of up to `N` bytes | the same |
//! | `Postcard<T, N>` (feature `postcard`) | whatever `serde` serialises into up to `N` bytes | the same |
//!
//! Its promises are those of [`protocol::mpmc`](crate::protocol::mpmc), on which it is a thin layer. A message is
//! encoded before a slot is claimed for it, and decoded when its slot is free again.
//!
//! # Against the kernel's
//!
//! | | `mq_overview(7)` | here |
//! |-|------------------|------|
//! | `mq_notify` | yes | **no** |
//! | `poll`, `select`, `epoll` | yes | a handle as a [`Pollable`](crate::poll::Pollable) |
//! | priorities | yes | **no**: strictly in order |
//! | system calls | one for each message | none, unless somebody sleeps |
//! | limits | `/proc/sys/fs/mqueue`: 10 messages of 8 KiB, unless root says otherwise | memory |
//! | a message's size | up to what the queue was created with | the same; it is part of the type |
//! | a message's type | bytes | checked when a process attaches: name, size and alignment |
//! | the sender dies in the middle | the message is there, or is not | the same |
//! | the receiver dies in the middle | likewise | the message that it was receiving may be lost with it; no other |
//! | who sends dies, or there is nobody | who receives waits | the same |
//! | the name stays | until it is unlinked, or the machine is booted | the same; [`clean`](Directory::clean) finds what nobody uses |
//!
//! # Whom is trusted
//! With a queue that was handed on as a descriptor nobody: a peer can send any bytes, which are decoded as such or
//! refused as [`Malformed`](RecvError::Malformed), withhold messages, or spoil the queue, which is
//! [`Corrupt`](RecvError::Corrupt) then, or looks empty or full; no more. With a named one whoever may open the name: see
//! [`segment`](crate::segment).
//!
//! # If a process dies
//! What a sender had sent is received. A message that it was sending is there or is not, and holds up nobody: who needs
//! its place takes that, within [`SLEEP_SLICE`] and some milliseconds if he waits. A receiver takes at most one message
//! with it, the one that it was receiving.
//!
//! # After a restart
//! A sender or receiver that attaches again finds the messages that nobody has received, in order. A message is gone
//! once it is received, so what a receiver that was killed had received, and not finished, is known to its sender at
//! best: where nothing may be lost, receivers answer through another queue, and what is not answered in time is sent
//! again. `core/examples/message_queue.rs` does that, with a receiver that is killed again and again.
//!
//! # Examples
//! ```
//! use selvedge::{
//!     message_queue::{MessageQueue, Text},
//!     segment::RingConfig,
//! };
//!
//! let (queue, descriptor) = MessageQueue::<Text<100>>::anonymous(RingConfig::new(16))?;
//! queue.sender()?.send("a message of up to 100 bytes")?;
//!
//! // Usually in a child that has inherited the descriptor, and need not have been there yet.
//! let mut receiver = MessageQueue::<Text<100>>::inherit(descriptor)?.receiver()?;
//! assert_eq!(receiver.recv()?, "a message of up to 100 bytes");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`SLEEP_SLICE`]: crate::platform::native::SLEEP_SLICE

use core::{fmt, marker::PhantomData, time::Duration};
use std::os::fd::{AsFd, OwnedFd};

use zerocopy::{FromBytes, Immutable, IntoBytes, little_endian::U32};

use crate::{
    platform::native::Native,
    protocol::mpmc::{self, PopError, PopTimeoutError, PushError, PushTimeoutError},
    segment::{
        AttachError, CreateError, Directory, JoinError, MpmcQueue, OpenError, Origin, Record,
        RecordId, RingConfig, Shared, sealed,
    },
};

/// How messages of some type lie in a queue.
pub trait Codec {
    /// What is sent, behind a reference.
    type Message: ?Sized;
    /// What is received.
    type Received;
    /// What lies in the queue.
    type Slot: Record;

    /// The message as it lies in the queue.
    ///
    /// # Errors
    /// [`EncodeError`].
    fn encode(message: &Self::Message) -> Result<Self::Slot, EncodeError>;

    /// The message that lay in the queue: any bytes, if a peer has written them.
    ///
    /// # Errors
    /// [`Malformed`].
    fn decode(slot: &Self::Slot) -> Result<Self::Received, Malformed>;
}

/// Why a message cannot be sent through a queue.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// It is too long.
    #[error("the message has {found} bytes, and the queue's messages at most {max}")]
    TooLong {
        /// Its bytes.
        found: usize,
        /// The most that there may be.
        max: usize,
    },
    /// It cannot be serialised into so many bytes, or at all.
    #[error("the message cannot be serialised: {0}")]
    Serialise(String),
}

/// The bytes of a message are none of its type's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a message was received that is none: {0}")]
pub struct Malformed(String);

/// Messages are records of fixed size.
#[derive(Debug)]
pub struct Plain<T>(PhantomData<T>);

impl<T: Record> Codec for Plain<T> {
    type Message = T;
    type Received = T;
    type Slot = T;

    fn encode(message: &T) -> Result<T, EncodeError> {
        Ok(*message)
    }

    fn decode(slot: &T) -> Result<T, Malformed> {
        Ok(*slot)
    }
}

/// Messages are up to `N` bytes; this is how they lie in a queue.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Bytes<const N: usize> {
    length: U32,
    bytes: [u8; N],
}

impl<const N: usize> Record for Bytes<N> {
    const ID: RecordId = RecordId::new("selvedge.message/1");
}

impl<const N: usize> fmt::Debug for Bytes<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} of {N})", self.length)
    }
}

impl<const N: usize> Bytes<N> {
    fn filled(message: &[u8]) -> Result<Self, EncodeError> {
        let mut slot = Self { length: (message.len() as u32).into(), bytes: [0; N] };
        let too_long = EncodeError::TooLong { found: message.len(), max: N };
        slot.bytes.get_mut(..message.len()).ok_or(too_long)?.copy_from_slice(message);
        Ok(slot)
    }

    fn message(&self) -> Result<&[u8], Malformed> {
        let length = self.length.get() as usize;
        let longer = || Malformed(format!("{length} bytes, of at most {N}"));
        self.bytes.get(..length).ok_or_else(longer)
    }
}

impl<const N: usize> Codec for Bytes<N> {
    type Message = [u8];
    type Received = Vec<u8>;
    type Slot = Self;

    fn encode(message: &[u8]) -> Result<Self, EncodeError> {
        Self::filled(message)
    }

    fn decode(slot: &Self) -> Result<Vec<u8>, Malformed> {
        Ok(slot.message()?.to_vec())
    }
}

/// Messages are strings of up to `N` bytes.
#[derive(Debug)]
pub struct Text<const N: usize>;

impl<const N: usize> Codec for Text<N> {
    type Message = str;
    type Received = String;
    type Slot = Bytes<N>;

    fn encode(message: &str) -> Result<Bytes<N>, EncodeError> {
        Bytes::filled(message.as_bytes())
    }

    fn decode(slot: &Bytes<N>) -> Result<String, Malformed> {
        let text = str::from_utf8(slot.message()?);
        text.map(str::to_owned).map_err(|error| Malformed(error.to_string()))
    }
}

/// Messages are what `serde` makes up to `N` bytes of, in the format of the crate `postcard`.
#[cfg(feature = "postcard")]
#[derive(Debug)]
pub struct Postcard<T, const N: usize>(PhantomData<T>);

#[cfg(feature = "postcard")]
impl<T: serde::Serialize + serde::de::DeserializeOwned, const N: usize> Codec for Postcard<T, N> {
    type Message = T;
    type Received = T;
    type Slot = Bytes<N>;

    fn encode(message: &T) -> Result<Bytes<N>, EncodeError> {
        let mut bytes = [0; N];
        let serialised = postcard::to_slice(message, &mut bytes);
        Bytes::filled(serialised.map_err(|error| EncodeError::Serialise(error.to_string()))?)
    }

    fn decode(slot: &Bytes<N>) -> Result<T, Malformed> {
        let taken = postcard::take_from_bytes(slot.message()?);
        match taken.map_err(|error| Malformed(error.to_string()))? {
            (message, []) => Ok(message),
            (_, rest) => Err(Malformed(format!("{} bytes too many", rest.len()))),
        }
    }
}

/// A queue of messages, which can be sent and received.
#[derive(Debug)]
pub struct MessageQueue<C: Codec>(Shared<MpmcQueue<C::Slot>>);

impl<C: Codec> Clone for MessageQueue<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: Codec> MessageQueue<C> {
    /// A queue without a name, for this process and those that get its descriptor: it is a sealed memfd,
    /// close-on-exec, which a child inherits once that flag is cleared.
    ///
    /// # Errors
    /// [`CreateError::Config`], [`CreateError::NoSpace`] or [`CreateError::Io`].
    ///
    /// # If a process dies
    /// The kernel frees the queue once nobody has it.
    pub fn anonymous(config: RingConfig) -> Result<(Self, OwnedFd), CreateError> {
        let (queue, descriptor) = sealed::create(config)?;
        Ok((Self(queue), descriptor))
    }

    /// The queue of a descriptor, which is not needed any longer afterwards.
    ///
    /// # Errors
    /// [`AttachError`]; nothing of it was used.
    pub fn inherit(descriptor: impl AsFd) -> Result<Self, AttachError> {
        Ok(Self(sealed::attach(descriptor)?))
    }

    /// The queue of this name, which is created unless it is there; it keeps the messages that are in it.
    ///
    /// # Errors
    /// [`OpenError`]; [`AttachError::RecordSize`] if its messages are of another size.
    ///
    /// # If a process dies
    /// The name and the messages stay, until somebody receives them, or [cleans](Directory::clean) the name.
    pub fn named(
        directory: &Directory,
        name: &str,
        config: RingConfig,
    ) -> Result<(Self, Origin), OpenError> {
        let (queue, origin) = directory.create_or_attach(name, config)?;
        Ok((Self(queue), origin))
    }

    /// The queue of this name, which is there.
    ///
    /// # Errors
    /// [`AttachError`].
    pub fn attach(directory: &Directory, name: &str) -> Result<Self, AttachError> {
        Ok(Self(directory.attach(name)?))
    }

    /// A handle that sends.
    ///
    /// # Errors
    /// [`JoinError`].
    ///
    /// # If a process dies
    /// What it had sent is received. A message that it was sending is there, or is not. Nobody is held up.
    pub fn sender(&self) -> Result<Sender<C>, JoinError> {
        Ok(Sender(self.0.producer()?))
    }

    /// A handle that receives.
    ///
    /// # Errors
    /// [`JoinError`].
    ///
    /// # If a process dies
    /// A message that it was receiving is lost with it, or is there. Nobody is held up.
    pub fn receiver(&self) -> Result<Receiver<C>, JoinError> {
        Ok(Receiver(self.0.consumer()?))
    }
}

/// A handle that sends. It may move between threads, not be shared by them.
#[derive(Debug)]
pub struct Sender<C: Codec>(Sending<C>);

type Sending<C> = mpmc::Producer<Native, <C as Codec>::Slot, Shared<MpmcQueue<<C as Codec>::Slot>>>;

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// No queue of this kind can hold it.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Not now: there is no room; or there was none until the deadline, or until the call was cancelled.
    #[error("the queue is full")]
    Full,
    /// A word of the queue is impossible.
    #[error("a word of the queue is impossible: shared memory is corrupt")]
    Corrupt,
}

impl<C: Codec> Sender<C> {
    pub(crate) fn producer(&self) -> &Sending<C> {
        &self.0
    }

    /// Sends a message, waiting for room as long as it takes.
    ///
    /// # Errors
    /// [`SendError`]; `Full` only if it was [cancelled](crate::cancel).
    pub fn send(&mut self, message: &C::Message) -> Result<(), SendError> {
        self.0.push(C::encode(message)?).map_err(not_sent)
    }

    /// Sends a message if there is room.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn try_send(&mut self, message: &C::Message) -> Result<(), SendError> {
        self.0.try_push(C::encode(message)?).map_err(not_sent)
    }

    /// [`send`](Self::send), waiting for at most `timeout`.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn send_timeout(
        &mut self,
        message: &C::Message,
        timeout: Duration,
    ) -> Result<(), SendError> {
        match self.0.push_timeout(C::encode(message)?, timeout) {
            Ok(()) => Ok(()),
            Err(PushTimeoutError::TimedOut(_)) => Err(SendError::Full),
            Err(PushTimeoutError::Corrupt(_)) => Err(SendError::Corrupt),
        }
    }
}

fn not_sent<T>(error: PushError<T>) -> SendError {
    match error {
        PushError::Full(_) => SendError::Full,
        PushError::Corrupt(_) => SendError::Corrupt,
    }
}

/// A handle that receives. It may move between threads, not be shared by them.
#[derive(Debug)]
pub struct Receiver<C: Codec>(Receiving<C>);

type Receiving<C> =
    mpmc::Consumer<Native, <C as Codec>::Slot, Shared<MpmcQueue<<C as Codec>::Slot>>>;

/// Why no message was received.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecvError {
    /// Not now: none is there; or none came until the deadline, or until the call was cancelled.
    #[error("the queue is empty")]
    Empty,
    /// One was taken, and is none: whoever sent it does not agree on the type.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A word of the queue is impossible.
    #[error("a word of the queue is impossible: shared memory is corrupt")]
    Corrupt,
}

impl<C: Codec> Receiver<C> {
    pub(crate) fn consumer(&self) -> &Receiving<C> {
        &self.0
    }

    /// Receives a message, waiting for one as long as it takes.
    ///
    /// # Errors
    /// [`RecvError`]; `Empty` only if it was [cancelled](crate::cancel).
    pub fn recv(&mut self) -> Result<C::Received, RecvError> {
        Ok(C::decode(&self.0.pop().map_err(not_received)?)?)
    }

    /// Receives a message if there is one.
    ///
    /// # Errors
    /// [`RecvError`].
    pub fn try_recv(&mut self) -> Result<C::Received, RecvError> {
        Ok(C::decode(&self.0.try_pop().map_err(not_received)?)?)
    }

    /// [`recv`](Self::recv), waiting for at most `timeout`.
    ///
    /// # Errors
    /// [`RecvError`].
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<C::Received, RecvError> {
        match self.0.pop_timeout(timeout) {
            Ok(slot) => Ok(C::decode(&slot)?),
            Err(PopTimeoutError::TimedOut) => Err(RecvError::Empty),
            Err(PopTimeoutError::Corrupt) => Err(RecvError::Corrupt),
        }
    }
}

fn not_received(error: PopError) -> RecvError {
    match error {
        PopError::Empty => RecvError::Empty,
        PopError::Corrupt => RecvError::Corrupt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_and_what_is_too_long_is_refused() {
        for message in ["", "a", "four", "fünf"] {
            assert_eq!(Text::<5>::decode(&Text::<5>::encode(message).unwrap()).unwrap(), message);
        }
        let too_long = EncodeError::TooLong { found: 6, max: 5 };
        assert_eq!(Text::<5>::encode("zu fünft".get(..6).unwrap()).unwrap_err(), too_long);
        assert_eq!(Bytes::<4>::decode(&Bytes::encode(&[0, 255]).unwrap()).unwrap(), [0, 255]);
    }

    #[test]
    fn bytes_that_are_no_message_are_malformed() {
        for length in [5, u32::MAX] {
            let slot = Bytes::<4> { length: length.into(), bytes: [0; 4] };
            assert_eq!(
                Bytes::decode(&slot),
                Err(Malformed(format!("{length} bytes, of at most 4")))
            );
        }
        let slot = Bytes::<4> { length: 2.into(), bytes: [b'a', 0xFF, 0, 0] };
        let Err(Malformed(why)) = Text::decode(&slot) else { panic!("no UTF-8 is a string") };
        assert!(why.contains("utf-8"), "{why}");
    }

    #[cfg(feature = "postcard")]
    #[test]
    fn what_serde_serialises_is_sent_and_nothing_else_is_taken_for_it() {
        type Job = Postcard<(u32, Vec<String>), 16>;
        let job = (7, vec!["cc".to_owned(), "-c".to_owned()]);
        let slot = Job::encode(&job).unwrap();
        assert_eq!(Job::decode(&slot).unwrap(), job);
        let large = (7, vec!["a message that is too long".to_owned()]);
        assert!(matches!(Job::encode(&large), Err(EncodeError::Serialise(_))));
        let rest = Bytes { length: (slot.length.get() + 1).into(), ..slot };
        assert_eq!(Job::decode(&rest), Err(Malformed("1 bytes too many".into())));
        assert!(Job::decode(&Bytes { length: 1.into(), ..slot }).is_err());
    }
}
