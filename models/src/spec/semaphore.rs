//! The semaphore, in one step an operation: a number of permits.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Call, Spec, Step};

/// A semaphore.
#[derive(Clone, Copy, Debug)]
pub struct Semaphore {
    /// The permits that are free in the beginning.
    pub permits: u32,
    /// The most that can be free.
    pub max: u32,
}

/// What is asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Op {
    /// A permit.
    Acquire,
    /// To take so many permits back.
    Release(u32),
}

/// What it answers. An acquisition that waited until its deadline found no permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Here it is.
    Acquired,
    /// There is none.
    NoPermit,
    /// It has them.
    Released,
    /// There would be too many.
    Overflow,
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acquire => f.write_str("acquire"),
            Self::Release(n) => write!(f, "release {n}"),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Acquired => "acquired",
            Self::NoPermit => "no permit",
            Self::Released => "released",
            Self::Overflow => "overflow",
        })
    }
}

impl Spec for Semaphore {
    type State = u32;
    type Op = Op;
    type Answer = Answer;

    fn initial(&self) -> u32 {
        self.permits
    }

    fn step(&self, free: &u32, call: &Call<Self>, _: usize) -> Option<Step<u32>> {
        let (answer, does, after) = match call.op {
            Op::Acquire if *free == 0 => (Answer::NoPermit, "looks", 0),
            Op::Acquire => (Answer::Acquired, "takes", free - 1),
            Op::Release(n) if self.max - free < n => (Answer::Overflow, "looks", *free),
            Op::Release(n) => (Answer::Released, "adds", free + n),
        };
        (call.answer.is_none_or(|given| given == answer)).then(|| Step::last(does, after))
    }

    fn refuses(answer: &Answer) -> bool {
        matches!(answer, Answer::NoPermit | Answer::Overflow)
    }
}
