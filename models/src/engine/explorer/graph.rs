//! Execution graphs: the events of each thread, which write each read takes its value from, and in
//! which order the writes to each location come.

use super::{
    event::{
        About, Event, EventId, Flavour, Flavoured, Kind, Loc, MOST_THREADS, Order, Past, Site,
    },
    view::View,
};
use crate::card;

/// One location.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// Modification order, without the first value.
    pub(super) co: Vec<EventId>,
    pub(super) reads: Vec<EventId>,
}

/// One thread.
#[derive(Clone, Debug, Default)]
pub(super) struct Thread {
    pub(super) events: Vec<Event>,
    /// The event that started it; the main thread has none, nor has a thread that is not there.
    pub(super) spawned: Option<EventId>,
}

/// An execution graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) threads: [Thread; MOST_THREADS],
    /// Locations, by the thread that made them.
    places: [Vec<Place>; MOST_THREADS],
    /// The order in which the events were added.
    pub(super) order: Vec<EventId>,
    /// SC accesses and fences.
    pub(super) sc: usize,
}

impl Graph {
    pub(super) fn event(&self, id: EventId) -> &Event {
        &self.threads[usize::from(id.thread)].events[usize::from(id.index)]
    }

    pub(super) fn event_mut(&mut self, id: EventId) -> &mut Event {
        &mut self.threads[usize::from(id.thread)].events[usize::from(id.index)]
    }

    /// The number of events of a thread.
    pub(super) fn len(&self, thread: u8) -> u16 {
        self.threads[usize::from(thread)].events.len() as u16
    }

    pub(super) fn last(&self, thread: u8) -> Option<&Event> {
        self.threads[usize::from(thread)].events.last()
    }

    /// Has this thread ended?
    pub(super) fn has_ended(&self, thread: u8) -> bool {
        self.last(thread).is_some_and(|event| event.kind == Kind::End)
    }

    /// The id of the next event of a thread.
    pub(super) fn next_id(&self, thread: u8) -> EventId {
        EventId { thread, index: self.len(thread) }
    }

    pub(super) fn place(&mut self, loc: Loc) -> &mut Place {
        let places = &mut self.places[usize::from(loc.thread)];
        let index = usize::from(loc.index);
        if places.len() <= index {
            places.resize_with(index + 1, Place::default);
        }
        &mut places[index]
    }

    pub(super) fn co(&self, loc: Loc) -> &[EventId] {
        self.at(loc).map_or(&[], |place| &place.co)
    }

    pub(super) fn reads(&self, loc: Loc) -> &[EventId] {
        self.at(loc).map_or(&[], |place| &place.reads)
    }

    fn at(&self, loc: Loc) -> Option<&Place> {
        self.places[usize::from(loc.thread)].get(usize::from(loc.index))
    }

    /// Every location that has been touched.
    pub(super) fn locations(&self) -> impl Iterator<Item = Loc> + '_ {
        (0_u8..).zip(&self.places).flat_map(|(thread, places)| {
            let touched = move |(index, place): (u16, &Place)| {
                let used = !(place.co.is_empty() && place.reads.is_empty());
                used.then_some(Loc { thread, index })
            };
            (0_u16..).zip(places).filter_map(touched)
        })
    }

    /// What its thread has behind it before an event.
    pub(super) fn past_before(&self, id: EventId) -> Past {
        if let Some(index) = id.index.checked_sub(1) {
            return self.event(EventId { index, ..id }).past;
        }
        let Some(spawn) = self.threads[usize::from(id.thread)].spawned else {
            return Past::default();
        };
        let Past { hb, porf, .. } = self.event(spawn).past;
        Past { hb, porf, ..Past::default() }
    }

    /// The place of a write in its location's modification order: 0 is the first value.
    pub(super) fn position(&self, loc: Loc, write: Option<EventId>) -> usize {
        let Some(write) = write else { return 0 };
        let found = self.co(loc).iter().position(|other| *other == write);
        1 + found.expect("a write that is read is in the modification order")
    }

    /// Is the write half of a read-modify-write at this position, which reads from the one before?
    pub(super) fn is_tied(&self, loc: Loc, position: usize) -> bool {
        let Some(write) = position.checked_sub(1).and_then(|at| self.co(loc).get(at)) else {
            return false;
        };
        matches!(self.event(*write).kind, Kind::Write { half: Some(_), .. })
    }

    /// The value at a position; `None` for the first one, which the location's owner knows.
    pub(super) fn write_at(&self, loc: Loc, position: usize) -> Option<EventId> {
        position.checked_sub(1).map(|at| self.co(loc)[at])
    }

    /// The value of a write.
    pub(super) fn value(&self, write: EventId) -> u64 {
        match self.event(write).kind {
            Kind::Write { value, .. } => value,
            _ => unreachable!("only writes are read"),
        }
    }

    /// The write half that follows a read, if the read alone decides it.
    pub(super) fn write_half(&self, read: EventId) -> Option<Kind> {
        match self.event(read).kind {
            Kind::Read { loc, order, purpose, flavour: Flavour::Updates, value, .. } => {
                let value = purpose.writes(value)?;
                Some(Kind::Write { loc, order, value, half: Some(read.index) })
            }
            _ => None,
        }
    }

    /// Where the read half of an update reads from.
    pub(super) fn source(&self, read: EventId) -> Option<EventId> {
        match self.event(read).kind {
            Kind::Read { from, .. } => from,
            _ => unreachable!("only reads have a source"),
        }
    }

    /// The reads that take their value from a write.
    pub(super) fn reads_from(&self, write: EventId) -> impl Iterator<Item = EventId> + '_ {
        let reads = self.event(write).kind.loc().map_or(&[][..], |loc| self.reads(loc));
        reads.iter().copied().filter(move |read| self.source(*read) == Some(write))
    }

    /// How many threads die.
    pub(super) fn deaths(&self) -> usize {
        let events = self.threads.iter().flat_map(|thread| &thread.events);
        events
            .filter(|event| {
                matches!(event.kind, Kind::Choose { about: About::Death, value: 1.., .. })
            })
            .count()
    }

    /// The step of a card after which each of the dead died.
    pub(super) fn last_steps(&self) -> Vec<String> {
        let mut steps = Vec::new();
        for events in self.threads.iter().map(|thread| &thread.events) {
            let dies = |event: &Event| {
                matches!(event.kind, Kind::Choose { about: About::Death, value: 1.., .. })
            };
            let Some(death) = events.iter().position(dies) else { continue };
            let accesses = events[..death].iter().rev().filter(|event| event.kind.loc().is_some());
            let step = accesses.map(|event| card::site(event.site)).find(|site| site.contains('/'));
            steps.push(step.unwrap_or("start".into()));
        }
        steps
    }

    /// How often a thread's compare-exchanges have failed for no reason.
    pub(super) fn spurious(&self, thread: u8) -> usize {
        let events = self.threads[usize::from(thread)].events.iter();
        let spurious =
            |event: &&Event| matches!(event.kind, Kind::Read { flavour: Flavour::Spurious, .. });
        events.filter(spurious).count()
    }

    /// Adds an event to a thread. A write comes at `position` in its modification order, or nowhere yet
    /// if there is none.
    pub(super) fn add(&mut self, thread: u8, kind: Kind, site: Site, position: Option<usize>) {
        let id = self.next_id(thread);
        let stamp = self.order.last().map_or(0, |last| self.event(*last).stamp + 1);
        let event = Event { kind, site, stamp, ..self.informed(id, kind, site) };
        match kind {
            Kind::Read { loc, .. } => self.place(loc).reads.push(id),
            Kind::Write { loc, .. } => {
                if let Some(position) = position {
                    self.place(loc).co.insert(position - 1, id);
                }
            }
            Kind::Spawn { child } => self.threads[usize::from(child)].spawned = Some(id),
            _ => {}
        }
        self.sc += usize::from(kind.is_sc());
        self.threads[usize::from(thread)].events.push(event);
        self.order.push(id);
    }

    /// The event as it would be, next in its thread, with what is known to it.
    pub(super) fn informed(&self, id: EventId, kind: Kind, site: Site) -> Event {
        let mut past = self.past_before(id);
        past.hb.add(id);
        past.porf.add(id);
        let mut carries = View::default();
        match kind {
            Kind::Read { order, purpose: _, from, .. } => {
                if let Some(from) = from {
                    let source = self.event(from);
                    past.porf.join(&source.past.porf);
                    match order {
                        Order::Plain | Order::Torn | Order::Queue | Order::Wake => {}
                        order if order.acquires() => past.hb.join(&source.carries),
                        _ => past.pending.join(&source.carries),
                    }
                }
            }
            Kind::Write { order, half, .. } => {
                carries = match order {
                    Order::Plain | Order::Torn | Order::Queue | Order::Wake => View::default(),
                    Order::Relaxed | Order::Acquire => past.fenced,
                    Order::Release | Order::AcqRel | Order::SeqCst => past.hb,
                };
                let source = half.and_then(|index| self.source(EventId { index, ..id }));
                if let Some(source) = source {
                    carries.join(&self.event(source).carries);
                }
            }
            Kind::Fence(order) => {
                if order.acquires() {
                    let pending = past.pending;
                    past.hb.join(&pending);
                }
                if order.releases() {
                    past.fenced = past.hb;
                }
            }
            Kind::Join { child } => {
                if let Some(end) = self.last(child) {
                    past.hb.join(&end.past.hb);
                    past.porf.join(&end.past.porf);
                }
            }
            Kind::Woken { by } => past.porf.join(&self.event(by).past.porf),
            Kind::Choose { .. } | Kind::Spawn { .. } | Kind::Pause | Kind::End => {}
        }
        Event { kind, site, stamp: 0, past, carries }
    }

    /// Takes the newest events back, until so many are left.
    pub(super) fn truncate(&mut self, length: usize) {
        while self.order.len() > length {
            let id = self.order.pop().expect("there are more events than are to be left");
            let event = self.threads[usize::from(id.thread)].events.pop().expect("it is the last");
            self.sc -= usize::from(event.kind.is_sc());
            match event.kind {
                Kind::Read { loc, .. } => self.place(loc).reads.retain(|read| *read != id),
                Kind::Write { loc, .. } => self.place(loc).co.retain(|write| *write != id),
                Kind::Spawn { child } => self.threads[usize::from(child)].spawned = None,
                _ => {}
            }
        }
    }

    /// Makes `self` what `keep` leaves of `graph`: with an event, all that it depends on.
    pub(super) fn restrict(&mut self, graph: &Self, keep: impl Fn(EventId, &Event) -> bool) {
        self.order.clear();
        self.order.extend(graph.order.iter().filter(|id| keep(**id, graph.event(**id))));
        self.sc = 0;
        for (mine, theirs) in self.threads.iter_mut().zip(&graph.threads) {
            mine.events.clear();
            mine.spawned = theirs.spawned;
        }
        for id in &self.order {
            // In its thread, an event comes after all earlier ones also in the order of adding.
            let event = *graph.event(*id);
            self.sc += usize::from(event.kind.is_sc());
            self.threads[usize::from(id.thread)].events.push(event);
        }
        for index in 0..MOST_THREADS {
            if let Some(spawn) = self.threads[index].spawned {
                let there =
                    usize::from(spawn.index) < self.threads[usize::from(spawn.thread)].events.len();
                self.threads[index].spawned = there.then_some(spawn);
            }
        }
        for (mine, theirs) in self.places.iter_mut().zip(&graph.places) {
            mine.iter_mut().for_each(|place| {
                place.co.clear();
                place.reads.clear();
            });
            mine.resize_with(theirs.len(), Place::default);
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                let kept = |id: &&EventId| {
                    usize::from(id.index) < self.threads[usize::from(id.thread)].events.len()
                };
                mine.co.extend(theirs.co.iter().filter(kept));
                mine.reads.extend(theirs.reads.iter().filter(kept));
            }
        }
    }

    /// Lets a read take its value from another write.
    pub(super) fn redirect(
        &mut self,
        read: EventId,
        write: EventId,
        found: u64,
        (flavour, order): Flavoured,
    ) {
        let event = *self.event(read);
        let Kind::Read { loc, purpose, .. } = event.kind else {
            unreachable!("only a read can be revisited")
        };
        let kind = Kind::Read { loc, order, purpose, flavour, value: found, from: Some(write) };
        self.sc = self.sc + usize::from(kind.is_sc()) - usize::from(event.kind.is_sc());
        let informed = self.informed(read, kind, event.site);
        *self.event_mut(read) = Event { stamp: event.stamp, ..informed };
    }
}
