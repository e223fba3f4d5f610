//! Which thread goes on, and what it means if none can.

use super::{
    ask::Ask,
    event::{About, Event, EventId, Kind, Loc, MOST_THREADS, Site},
    graph::Graph,
    machine::{Ended, Machine, State},
    search::Races,
};
use crate::{card, wrap::is_bounded};

/// Events of one execution; a longer one is reported, never passed over.
const MOST_EVENTS: usize = 1_000;

impl Machine {
    /// Adds one event, or says how the execution ended: at the latest with so many events.
    pub(super) fn step(&mut self, events: usize) -> Option<Ended> {
        let length = self.search.graph().order.len();
        if length >= events {
            return Some(Ended::Pruned);
        }
        let Some((thread, ask, site)) = self.next() else { return Some(self.conclude()) };
        assert!(
            length < MOST_EVENTS,
            "an execution of more than {MOST_EVENTS} events: a livelock, a loop that waits without calling \
             `give_way` or counts its rounds in shared memory, or too much for one scenario"
        );
        if !self.add((thread, ask, site)) {
            return Some(Ended::Pruned);
        }
        self.search.flaw.filter(|_| self.search.races == Races::End).map(Ended::Flawed)
    }

    /// Adds a thread's next event, if it can be.
    pub(super) fn add(&mut self, (thread, ask, site): (u8, Ask, Site)) -> bool {
        self.threads[usize::from(thread)].state = State::Ready;
        self.search.extend(thread, ask, site)
    }

    /// Whose event is next: the first that can come.
    fn next(&self) -> Option<(u8, Ask, Site)> {
        self.candidates().next()
    }

    /// Whose events can come next: of a thread inside a section alone, if there is one.
    pub(super) fn candidates(&self) -> impl Iterator<Item = (u8, Ask, Site)> + '_ {
        let inside = self
            .threads
            .iter()
            .position(|thread| thread.section.is_some() && matches!(thread.state, State::Asks(..)));
        let threads = self.threads.iter().enumerate();
        threads.filter(move |(at, _)| inside.is_none_or(|inside| inside == *at)).filter_map(
            |(at, thread)| {
                let State::Asks(ask, site) = thread.state else { return None };
                let ask = self.enabled(at as u8, ask)?;
                Some((at as u8, ask, site))
            },
        )
    }

    /// The request as it can be granted, if it can.
    fn enabled(&self, thread: u8, ask: Ask) -> Option<Ask> {
        let graph = self.search.graph();
        match ask {
            Ask::Never => None,
            Ask::Wake { queue, slept, .. } => {
                let after = graph.position(queue, Some(slept));
                let woken = |write: &&EventId| graph.value(**write) >> thread & 1 == 0;
                let by = graph.co(queue)[after..].iter().find(woken)?;
                Some(Ask::Plainly(Kind::Woken { by: *by }))
            }
            Ask::Spawn => {
                let free = (1..MOST_THREADS as u8)
                    .find(|child| graph.threads[usize::from(*child)].spawned.is_none());
                let child = free.unwrap_or_else(|| {
                    panic!("too many threads: {MOST_THREADS} at most, the main one included")
                });
                Some(Ask::Plainly(Kind::Spawn { child }))
            }
            Ask::Plainly(Kind::Join { child }) => graph.has_ended(child).then_some(ask),
            Ask::Plainly(Kind::Pause) => graph.has_effect(thread).then_some(ask),
            _ => Some(ask),
        }
    }

    /// Nobody can go on.
    pub(super) fn conclude(&mut self) -> Ended {
        let graph = self.search.graph();
        let mut sleepers = Vec::new();
        let mut spinners = Vec::new();
        let mut waiting = Vec::new();
        for (at, thread) in self.threads.iter().enumerate() {
            let State::Asks(ask, site) = thread.state else { continue };
            let line = format!("{} at {}", thread.name, card::site(site));
            match ask {
                Ask::Never => return Ended::Blocked,
                // That is the execution in which its sleep ends by its deadline.
                Ask::Wake { until: Some((clock, until)), .. } if graph.latest(clock) >= until => {
                    return Ended::Blocked;
                }
                Ask::Wake { dead, .. }
                    if is_bounded(site) && graph.looks_again(at as u8, dead, thread.noticed) =>
                {
                    return Ended::Blocked;
                }
                Ask::Wake { .. } => sleepers.push(line),
                Ask::Plainly(Kind::Pause) if graph.sees_the_latest(at as u8) => spinners.push(line),
                Ask::Plainly(Kind::Pause) => return Ended::Blocked,
                _ => waiting.push(line),
            }
        }
        if !sleepers.is_empty() {
            return Ended::Stuck(format!(
                "lost wake-up or deadlock: everybody is asleep: {}",
                sleepers.join("; ")
            ));
        }
        if !spinners.is_empty() {
            return Ended::Stuck(format!(
                "livelock: nothing can change for {}",
                spinners.join("; ")
            ));
        }
        if waiting.is_empty() {
            return Ended::Complete;
        }
        Ended::Stuck(format!("deadlock: {}", waiting.join("; ")))
    }
}

impl Graph {
    /// The events of a thread since it last paused.
    fn round(&self, thread: u8) -> impl Iterator<Item = Kind> + '_ {
        let events = self.threads[usize::from(thread)].events.iter().rev();
        events.map(|event| event.kind).take_while(|kind| *kind != Kind::Pause)
    }

    /// Has the thread done anything since it last paused but read, fail, and put back what it found?
    fn has_effect(&self, thread: u8) -> bool {
        self.round(thread).any(|kind| match kind {
            Kind::Write { .. } => !self.puts_back(thread, kind),
            // That it did not die.
            Kind::Choose { about, .. } => about != About::Death,
            Kind::Spawn { .. } => true,
            _ => false,
        })
    }

    /// Is it the write half of a read-modify-write that changes nothing, as of a swap of a lock that is held?
    fn puts_back(&self, thread: u8, kind: Kind) -> bool {
        let Kind::Write { half: Some(index), value, .. } = kind else { return false };
        let read = self.event(EventId { thread, index }).kind;
        matches!(read, Kind::Read { value: found, .. } if found == value)
    }

    /// Is it an accident that a sleeper sleeps on after a death? The bound on its sleep lets it look again:
    /// because of a death that it has not `noticed`, or because it was shown, when it looked last, less than
    /// what had led to its look. But nothing that came later may rely on that.
    fn looks_again(&self, thread: u8, dead: Loc, noticed: u64) -> bool {
        let dead = self.latest(dead);
        let ended = |event: &&Event| {
            matches!(
                event.kind,
                Kind::Woken { .. } | Kind::Choose { about: About::Sleep, value: 1.., .. }
            )
        };
        let is_old = |event: &Event| {
            let Kind::Read { loc, from, .. } = event.kind else { return false };
            let later = &self.co(loc)[self.position(loc, from)..];
            later.iter().any(|write| event.past.porf.contains(*write))
        };
        let events = self.threads[usize::from(thread)].events.iter().rev();
        dead & !noticed != 0 || dead != 0 && events.take_while(|event| !ended(event)).any(is_old)
    }

    /// The latest value of a location that begins with 0.
    fn latest(&self, loc: Loc) -> u64 {
        self.co(loc).last().map_or(0, |write| self.value(*write))
    }

    /// Did each read since the thread's last pause find the latest write, or what has only been put back since?
    fn sees_the_latest(&self, thread: u8) -> bool {
        self.round(thread).all(|kind| {
            let Kind::Read { loc, from, .. } = kind else { return true };
            let later = &self.co(loc)[self.position(loc, from)..];
            later.iter().all(|write| self.puts_back(write.thread, self.event(*write).kind))
        })
    }
}
