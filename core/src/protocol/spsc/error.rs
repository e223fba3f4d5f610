//! Each operation's own errors. A refused record is handed back.

/// Why an end could not be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// The end has an owner, who lives as far as is known.
    #[error("this end of the ring has an owner already")]
    Taken,
    /// The end was closed.
    #[error("this end of the ring was closed")]
    Closed,
    /// The number of slots is not a power of two.
    #[error("a ring's capacity must be a power of two, not {0}")]
    Capacity(usize),
}

/// Why nothing was pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError<T> {
    /// Not now: every slot holds a record.
    #[error("the ring is full")]
    Full(T),
    /// The consumer has closed.
    #[error("the consumer has closed the ring")]
    Closed(T),
    /// The ring is full, and its consumer dead; another may come.
    #[error("the ring is full and its consumer is dead")]
    PeerDead(T),
    /// The ring's counters are impossible.
    #[error("the ring's counters are impossible: shared memory is corrupt")]
    Corrupt(T),
}

impl PushError<()> {
    /// The same error, handing `value` back.
    pub(super) fn with<T>(self, value: T) -> PushError<T> {
        match self {
            PushError::Full(()) => PushError::Full(value),
            PushError::Closed(()) => PushError::Closed(value),
            PushError::PeerDead(()) => PushError::PeerDead(value),
            PushError::Corrupt(()) => PushError::Corrupt(value),
        }
    }
}

/// Why nothing was pushed before the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushTimeoutError<T> {
    /// Every slot still held a record when the deadline had passed.
    #[error("the ring was still full at the deadline")]
    TimedOut(T),
    /// The consumer has closed.
    #[error("the consumer has closed the ring")]
    Closed(T),
    /// The ring is full, and its consumer dead; another may come.
    #[error("the ring is full and its consumer is dead")]
    PeerDead(T),
    /// The ring's counters are impossible.
    #[error("the ring's counters are impossible: shared memory is corrupt")]
    Corrupt(T),
}

/// Why nothing was popped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PopError {
    /// Not now: nothing is published.
    #[error("the ring is empty")]
    Empty,
    /// The producer has closed, and everything was taken.
    #[error("the producer has closed the ring")]
    Closed,
    /// The producer is dead, and everything was taken; another may come.
    #[error("the ring is empty and its producer is dead")]
    PeerDead,
    /// The ring's counters are impossible.
    #[error("the ring's counters are impossible: shared memory is corrupt")]
    Corrupt,
}

/// Why nothing was popped before the deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PopTimeoutError {
    /// Nothing was published when the deadline had passed.
    #[error("the ring was still empty at the deadline")]
    TimedOut,
    /// The producer has closed, and everything was taken.
    #[error("the producer has closed the ring")]
    Closed,
    /// The producer is dead, and everything was taken; another may come.
    #[error("the ring is empty and its producer is dead")]
    PeerDead,
    /// The ring's counters are impossible.
    #[error("the ring's counters are impossible: shared memory is corrupt")]
    Corrupt,
}
