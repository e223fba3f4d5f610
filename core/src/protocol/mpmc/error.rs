//! Each operation's own errors. A refused record is handed back.

use super::word::{MAX_CAPACITY, MAX_OWNER};
use crate::platform::Owner;

/// Why nobody attached to a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttachError {
    /// A slot's word has no room for the owner.
    #[error("an owner's number is at most {max}, not {number}", max = MAX_OWNER.0, number = .0.0)]
    Owner(Owner),
    /// The number of slots is not a power of two, or larger than 2^48.
    #[error("a queue's capacity must be a power of two, {MAX_CAPACITY} at most, not {0}")]
    Capacity(usize),
}

/// Why nothing was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError<T> {
    /// Not now: the next slot is occupied.
    #[error("the queue is full")]
    Full(T),
    /// A word of the queue is impossible.
    #[error("a word of the queue is impossible: shared memory is corrupt")]
    Corrupt(T),
}

impl PushError<()> {
    /// The same error, handing `value` back.
    pub(super) fn with<T>(self, value: T) -> PushError<T> {
        match self {
            PushError::Full(()) => PushError::Full(value),
            PushError::Corrupt(()) => PushError::Corrupt(value),
        }
    }
}

/// Why nothing was pushed before the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushTimeoutError<T> {
    /// The next slot was still occupied when the deadline had passed.
    #[error("the queue was still full at the deadline")]
    TimedOut(T),
    /// A word of the queue is impossible.
    #[error("a word of the queue is impossible: shared memory is corrupt")]
    Corrupt(T),
}

/// Why nothing was popped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PopError {
    /// Not now: nothing is published at the head.
    #[error("the queue is empty")]
    Empty,
    /// A word of the queue is impossible.
    #[error("a word of the queue is impossible: shared memory is corrupt")]
    Corrupt,
}

/// Why nothing was popped before the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PopTimeoutError {
    /// Nothing was published at the head when the deadline had passed.
    #[error("the queue was still empty at the deadline")]
    TimedOut,
    /// A word of the queue is impossible.
    #[error("a word of the queue is impossible: shared memory is corrupt")]
    Corrupt,
}
