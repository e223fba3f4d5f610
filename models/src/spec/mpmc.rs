//! The queue, in two steps an operation, as its card has it: a push claims a position, then publishes
//! its record; a pop takes the position at the head, then frees the slot.
//!
//! In between a record is in the way: not to be had, nor is what lies behind it, and its slot is not
//! free. `Full`: the next position's slot has not been freed. `Empty`: nothing is published at the
//! head. With one step an operation, explored executions refute it: see `models/tests/histories.rs`.

use std::collections::VecDeque;

use super::{
    Call, Spec, Step,
    fifo::{Answer, Op},
};

/// A queue of so many slots.
#[derive(Clone, Copy, Debug)]
pub struct Queue {
    /// The number of slots.
    pub capacity: usize,
}

/// A slot from its claim until all before it and it are free again; the number is the operation's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Slot {
    Writing(usize),
    Published(u32),
    Reading(usize),
    Free,
}

/// The slots that are not free, and those between them, in the order of their positions: the last is
/// that of the position before the tail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct State(VecDeque<Slot>);

impl State {
    /// The slot of the position at the head, if that position is claimed.
    fn head(&mut self) -> Option<&mut Slot> {
        self.0.iter_mut().find(|slot| matches!(slot, Slot::Writing(_) | Slot::Published(_)))
    }

    fn slot(&mut self, claimed: Slot) -> Option<&mut Slot> {
        self.0.iter_mut().find(|slot| **slot == claimed)
    }

    fn push(mut self, call: &Call<Queue>, record: u32, done: usize) -> Option<Step<Self>> {
        if done == 0 {
            self.0.push_back(Slot::Writing(call.id));
            return Some(Step::then("claims", self));
        }
        *self.slot(Slot::Writing(call.id))? = Slot::Published(record);
        Some(Step::last("publishes", self))
    }

    fn pop(mut self, call: &Call<Queue>, done: usize) -> Option<Step<Self>> {
        if done == 0 {
            let head = self.head()?;
            let Slot::Published(record) = *head else { return None };
            if call.answer.is_some_and(|answer| answer != Answer::Popped(record)) {
                return None;
            }
            *head = Slot::Reading(call.id);
            return Some(Step::then("takes", self));
        }
        Some(Step::last("frees", self.free(Slot::Reading(call.id))?))
    }

    fn free(mut self, claimed: Slot) -> Option<Self> {
        *self.slot(claimed)? = Slot::Free;
        while self.0.front() == Some(&Slot::Free) {
            self.0.pop_front();
        }
        Some(self)
    }
}

impl Spec for Queue {
    type State = State;
    type Op = Op;
    type Answer = Answer;

    fn initial(&self) -> State {
        State::default()
    }

    fn step(&self, state: &State, call: &Call<Self>, done: usize) -> Option<Step<State>> {
        let mut state = state.clone();
        // Of all positions below the tail, the one a capacity below is the oldest that can be in use.
        let full = state.0.len() == self.capacity;
        let empty = !matches!(state.head(), Some(Slot::Published(_)));
        match (call.op, call.answer) {
            (Op::Push(_), Some(Answer::Full) | None) if full && done == 0 => {
                Some(Step::last("looks", state))
            }
            (Op::Push(record), Some(Answer::Pushed) | None) if !full || done > 0 => {
                state.push(call, record, done)
            }
            (Op::Pop, Some(Answer::Empty) | None) if empty && done == 0 => {
                Some(Step::last("looks", state))
            }
            (Op::Pop, Some(Answer::Popped(_)) | None) => state.pop(call, done),
            _ => None,
        }
    }

    fn undo(&self, state: &State, call: &Call<Self>) -> Option<State> {
        let claim = |claimed| state.clone().free(claimed);
        claim(Slot::Writing(call.id)).or_else(|| claim(Slot::Reading(call.id)))
    }

    /// Producers leave it to consumers to pass over a record that nobody will publish.
    fn clears(&self, call: &Call<Self>, left: &Call<Self>) -> bool {
        matches!((call.op, left.op), (Op::Push(_), Op::Pop) | (Op::Pop, Op::Push(_)))
    }

    fn refuses(answer: &Answer) -> bool {
        answer.is_refusal()
    }
}
