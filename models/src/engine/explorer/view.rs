//! Vector clocks: how much of each thread is known.

use super::event::{EventId, MOST_THREADS};

/// A set of events that contains with each event all earlier ones of its thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct View([u16; MOST_THREADS]);

impl View {
    pub(super) fn contains(&self, event: EventId) -> bool {
        event.index < self.0[usize::from(event.thread)]
    }

    pub(super) fn add(&mut self, event: EventId) {
        let known = &mut self.0[usize::from(event.thread)];
        *known = (*known).max(event.index + 1);
    }

    pub(super) fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(other.0) {
            *mine = (*mine).max(theirs);
        }
    }
}
