//! Where an access may stand among the accesses to its location, by what its thread knows.
//!
//! An event that is added has nothing after it in happens-before, so of RC11's axioms only these can
//! break: coherence, which is a lower bound on the position in modification order, and atomicity, which
//! keeps a read-modify-write's two halves side by side. [`super::axioms`] has the rest.

use super::{
    event::{Event, EventId, Kind, Loc, Order, Purpose},
    graph::Graph,
    view::View,
};

impl Graph {
    /// The latest position in modification order that is known in `view`, by a write or by a read.
    pub(super) fn floor(&self, loc: Loc, view: &View) -> usize {
        let co = self.co(loc);
        let written = co.iter().rposition(|write| view.contains(*write)).map_or(0, |at| at + 1);
        let seen = |read: &EventId| self.position(loc, self.source(*read));
        let reads = self.reads(loc).iter().filter(|read| view.contains(**read));
        reads.map(seen).fold(written, usize::max)
    }

    /// The earliest position that a read may read from: it contradicts nothing that its thread knows.
    pub(super) fn earliest(
        &self,
        read: EventId,
        loc: Loc,
        order: Order,
        purpose: Purpose,
    ) -> usize {
        let mut view = self.past_before(read).hb;
        match (purpose, order) {
            (Purpose::Check, _) => view.join(&self.told(EventId { index: read.index - 1, ..read })),
            (_, Order::Wake) => return self.floor(loc, &view).max(self.unknowing(loc, &view)),
            _ => {}
        }
        self.floor(loc, &view)
    }

    /// What the wakes knew that came before an entry to a futex's queue.
    fn told(&self, entry: EventId) -> View {
        let Kind::Read { loc: queue, from, .. } = self.event(entry).kind else {
            unreachable!("a look follows an entry to the queue")
        };
        let entered = self.position(queue, from);
        let mut told = View::default();
        for wake in self.reads(queue) {
            let Event { kind: Kind::Read { order: Order::Wake, from, .. }, past, .. } =
                self.event(*wake)
            else {
                continue;
            };
            if self.position(queue, *from) < entered {
                told.join(&past.hb);
            }
        }
        told
    }

    /// The latest position in a futex's queue at which somebody fell asleep after a look that does not
    /// know what is in `view`: a wake that knows it comes later.
    fn unknowing(&self, queue: Loc, view: &View) -> usize {
        let slept = |write: &EventId| {
            // A sleeper's stay in the queue: entry, look, this.
            let look = write.index.checked_sub(1).map(|index| EventId { index, ..*write });
            match look.map(|look| self.event(look).kind) {
                Some(Kind::Read { purpose: Purpose::Check, loc, from, .. }) => {
                    self.position(loc, from) < self.floor(loc, view)
                }
                _ => false,
            }
        };
        self.co(queue).iter().rposition(slept).map_or(0, |at| at + 1)
    }

    /// The positions at which a write may be inserted, the latest last.
    pub(super) fn slots(&self, id: EventId, kind: Kind) -> impl Iterator<Item = usize> + use<> {
        let Kind::Write { loc, half, .. } = kind else { unreachable!("only writes have slots") };
        let end = self.co(loc).len() + 1;
        let (from, to) = match half {
            Some(index) => {
                let after = self.position(loc, self.source(EventId { index, ..id })) + 1;
                (after, after)
            }
            None => (self.floor(loc, &self.past_before(id).hb) + 1, end),
        };
        let free: Vec<usize> = (from..=to).filter(|at| !self.is_tied(loc, *at)).collect();
        free.into_iter()
    }

    /// An access that is not ordered with this one although one of them writes and one is plain.
    pub(super) fn race(&self, id: EventId) -> Option<EventId> {
        let event = self.event(id);
        let (loc, plain, writes) = access(event)?;
        let others = self.co(loc).iter().chain(self.reads(loc)).copied();
        let conflicts = |other: &EventId| {
            let Some((_, other_plain, other_writes)) = access(self.event(*other)) else {
                return false;
            };
            let unordered =
                !event.past.hb.contains(*other) && !self.event(*other).past.hb.contains(id);
            unordered && (plain || other_plain) && (writes || other_writes)
        };
        others.filter(|other| *other != id).find(conflicts)
    }

    /// What a read reads from, if that was not written to its end.
    pub(super) fn torn(&self, read: EventId) -> Option<EventId> {
        let Kind::Read { from: Some(write), .. } = self.event(read).kind else { return None };
        let torn = matches!(self.event(write).kind, Kind::Write { order: Order::Torn, .. });
        torn.then_some(write)
    }
}

/// The location, whether it is a plain access, and whether it writes.
fn access(event: &Event) -> Option<(Loc, bool, bool)> {
    match event.kind {
        Kind::Read { loc, order, .. } => Some((loc, order.is_plain(), false)),
        Kind::Write { loc, order, .. } => Some((loc, order.is_plain(), true)),
        _ => None,
    }
}
