//! What is asked of a ring or a queue, and what it answers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An operation of a producer or a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// Push this record.
    Push(u32),
    /// Pop a record.
    Pop,
    /// The producer closes its end.
    EndPushing,
    /// The consumer closes its end.
    EndPopping,
}

/// An answer. One that waited until its deadline is `Full` or `Empty`: so it was at the last look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The record is there.
    Pushed,
    /// There is no room for it.
    Full,
    /// This record was popped.
    Popped(u32),
    /// There is none.
    Empty,
    /// The other end is closed.
    Closed,
    /// This end is closed.
    Ended,
}

impl Answer {
    /// Was nothing changed, because of the state?
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::Full | Self::Empty | Self::Closed)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Push(record) => write!(f, "push {record}"),
            Self::Pop => f.write_str("pop"),
            Self::EndPushing => f.write_str("end pushing"),
            Self::EndPopping => f.write_str("end popping"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Popped(record) => write!(f, "{record}"),
            other => f.write_str(&format!("{other:?}").to_lowercase()),
        }
    }
}
