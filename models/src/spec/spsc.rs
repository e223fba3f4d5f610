//! The ring, in one step an operation: a bounded queue, first in, first out.
//!
//! The positions have one writer each, so a push is over when it publishes, a pop when it frees, and
//! in between nobody else is in the way. `Full` and `Empty` are said after a look at the other's
//! position. A push that was under way when the consumer closed may still succeed.

use std::collections::VecDeque;

use super::{
    Call, Spec, Step,
    fifo::{Answer, Op},
};

/// A ring of so many slots.
#[derive(Clone, Copy, Debug)]
pub struct Ring {
    /// The number of slots.
    pub capacity: usize,
}

/// The records in a ring, and which ends are closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State {
    records: VecDeque<u32>,
    pushing_ended: bool,
    popping_ended: bool,
}

impl Spec for Ring {
    type State = State;
    type Op = Op;
    type Answer = Answer;

    fn initial(&self) -> State {
        State::default()
    }

    fn step(&self, state: &State, call: &Call<Self>, _: usize) -> Option<Step<State>> {
        let mut state = state.clone();
        let full = state.records.len() == self.capacity;
        let answer = match call.op {
            Op::Push(_) if state.popping_ended => Answer::Closed,
            Op::Push(_) if full => Answer::Full,
            Op::Push(record) => {
                state.records.push_back(record);
                Answer::Pushed
            }
            Op::Pop => match state.records.pop_front() {
                Some(record) => Answer::Popped(record),
                None if state.pushing_ended => Answer::Closed,
                None => Answer::Empty,
            },
            Op::EndPushing => {
                state.pushing_ended = true;
                Answer::Ended
            }
            Op::EndPopping => {
                state.popping_ended = true;
                Answer::Ended
            }
        };
        let does = match answer {
            Answer::Pushed => "pushes",
            Answer::Popped(_) => "pops",
            Answer::Ended => "ends",
            Answer::Full | Answer::Empty | Answer::Closed => "looks",
        };
        (call.answer.is_none_or(|given| given == answer)).then(|| Step::last(does, state))
    }

    fn refuses(answer: &Answer) -> bool {
        answer.is_refusal()
    }
}
