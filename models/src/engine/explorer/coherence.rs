//! Where an access may stand among the accesses to its location, by what its thread knows.
//!
//! An event that is added has nothing after it in happens-before, so of RC11's axioms only these can
//! break: coherence, which is a lower bound on the position in modification order, and atomicity, which
//! keeps a read-modify-write's two halves side by side. [`super::axioms`] has the rest.

use selvedge::platform::Rmw;

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
    pub(super) fn earliest(&self, read: EventId, loc: Loc, order: Order) -> usize {
        let view = self.past_before(read).hb;
        let floor = self.floor(loc, &view);
        if order == Order::Wake { floor.max(self.unknowing(loc, &view)) } else { floor }
    }

    /// The look at a futex's word that came before this write to the futex's queue, if a thread falls
    /// asleep by it: the location, and the position that was found.
    fn look(&self, id: EventId, kind: Kind) -> Option<(Loc, usize)> {
        let Kind::Write { order: Order::Queue, half: Some(index), .. } = kind else { return None };
        let event = |index| self.event(EventId { index, ..id }).kind;
        let Kind::Read { purpose: Purpose::Update { op: Rmw::Or, .. }, .. } = event(index) else {
            return None; // It wakes up.
        };
        let Kind::Read { purpose: Purpose::Check, loc, from, .. } = event(index - 1) else {
            unreachable!("a thread looks right before it falls asleep")
        };
        Some((loc, self.position(loc, from)))
    }

    /// Would a thread that falls asleep by this write do so after a wake that knows more of the word than
    /// the thread had seen?
    pub(super) fn is_told_off(&self, id: EventId, kind: Kind) -> bool {
        let Some((word, seen)) = self.look(id, kind) else { return false };
        let Kind::Write { loc: queue, half: Some(index), .. } = kind else { return false };
        let entered = self.position(queue, self.source(EventId { index, ..id }));
        self.reads(queue).iter().any(|wake| {
            let Event { kind: Kind::Read { order: Order::Wake, from, .. }, past, .. } =
                self.event(*wake)
            else {
                return false;
            };
            self.position(queue, *from) < entered && self.floor(word, &past.hb) > seen
        })
    }

    /// The latest position in a futex's queue at which somebody fell asleep after a look that does not
    /// know what is in `view`: a wake that knows it comes later.
    fn unknowing(&self, queue: Loc, view: &View) -> usize {
        let slept = |write: &EventId| {
            let look = self.look(*write, self.event(*write).kind);
            look.is_some_and(|(word, seen)| seen < self.floor(word, view))
        };
        self.co(queue).iter().rposition(slept).map_or(0, |at| at + 1)
    }

    /// The positions at which a write may be inserted, the latest last.
    pub(super) fn slots(&self, id: EventId, kind: Kind) -> impl Iterator<Item = usize> + '_ {
        let Kind::Write { loc, half, .. } = kind else { unreachable!("only writes have slots") };
        let end = self.co(loc).len() + 1;
        let (from, to) = match half {
            Some(index) => {
                let after = self.position(loc, self.source(EventId { index, ..id })) + 1;
                (after, after)
            }
            None => (self.floor(loc, &self.past_before(id).hb) + 1, end),
        };
        (from..=to).filter(move |at| !self.is_tied(loc, *at))
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
