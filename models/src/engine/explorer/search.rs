//! Which executions are looked at, each once: TruSt (Kokologiannakis, Marmanis, Gladstein and Vafeiadis,
//! "Truly Stateless, Optimal Dynamic Partial Order Reduction", POPL 2022).
//!
//! The search adds one event at a time. A read is tried with every write that is there. A write is
//! tried at every place in modification order, and besides *revisits* each earlier read of its
//! location that does not lead to it: in a copy of the graph without what came after the read, the
//! read takes its value from the new write. A revisit is made only if all that it throws away was
//! *maximal*, that is, as the search adds it by default; so each graph has one way to be met.
//!
//! Nothing is remembered of the graphs that have been seen. A frame is a graph and what is still to be
//! tried in it; a revisit is tried in a frame of its own. So the search is a tree, of which any part can be
//! searched alone: see [`Path`] and [`Shard`].

use super::{
    ask::Ask,
    axioms::MemoryModel,
    event::{About, EventId, Flavour, Flavoured, Kind, Loc, Order, Purpose, Site},
    graph::Graph,
    path::{Path, Shard},
    view::View,
};

/// What is still to be tried: in the graph as it was with so many events.
#[derive(Clone, Copy, Debug)]
struct Alternative {
    length: usize,
    step: Step,
    /// The node that it is a child of, by that node's depth, and which of its children it is. What is still
    /// to be tried descends from nodes on the present path only.
    parent: usize,
    child: u32,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Add {
        thread: u8,
        kind: Kind,
        site: Site,
        position: Option<usize>,
    },
    /// The write is added, and the read reads from it.
    Revisit {
        thread: u8,
        kind: Kind,
        site: Site,
        read: EventId,
    },
    /// The newest event, a write, moves, and the read that it revisits changes its flavour.
    Rearrange {
        position: usize,
        read: EventId,
        flavour: Flavoured,
    },
}

#[derive(Debug, Default)]
struct Frame {
    graph: Graph,
    alternatives: Vec<Alternative>,
}

/// Notes what is still to be tried at a node.
struct Notes<'a> {
    alternatives: &'a mut Vec<Alternative>,
    length: usize,
    parent: usize,
    children: &'a mut u32,
}

impl Notes<'_> {
    fn add(&mut self, step: Step) {
        let Self { length, parent, .. } = *self;
        self.alternatives.push(Alternative { length, step, parent, child: *self.children });
        *self.children += 1;
    }

    /// Notes all ways but the last, which is the usual one.
    fn all_but_the_last<T>(
        &mut self,
        ways: impl Iterator<Item = T>,
        step: impl Fn(T) -> Step,
    ) -> Option<T> {
        let mut usual = None;
        for way in ways {
            if let Some(other) = usual.replace(way) {
                self.add(step(other));
            }
        }
        usual
    }
}

/// What is done about data races.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Races {
    /// The first one ends the search. Until then a plain access can only find the latest write, or
    /// become it.
    End,
    /// They are counted, and plain accesses may find what relaxed ones may: for litmus tests.
    Count,
}

/// A search under way.
#[derive(Debug)]
pub(super) struct Search {
    model: MemoryModel,
    pub(super) races: Races,
    frames: Vec<Frame>,
    /// Frames for use again, with their memory.
    spare: Vec<Frame>,
    /// Graphs met in which two accesses race.
    pub(super) racy: u64,
    /// Spurious events that a thread may have.
    spurious: usize,
    /// How many actors may die.
    deaths: usize,
    /// May they die after an access that nobody else can tell?
    after_each: bool,
    /// The part of the tree that is searched: all that is at or below this node,
    below: Path,
    /// and in this shard, if there are several.
    shard: Option<Shard>,
    /// The present node, and how many children it has so far; none before the root.
    path: Option<Path>,
    children: u32,
    /// What is wrong with the accesses of the graph at hand.
    pub(super) flaw: Option<Flaw>,
}

/// Two accesses that must not be so.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flaw {
    /// They race.
    Race(EventId, EventId),
    /// The second reads what the first had half written when its thread died.
    Torn(EventId, EventId),
}

impl Search {
    pub(super) fn new(model: MemoryModel, races: Races, spurious: usize) -> Self {
        Self {
            model,
            races,
            frames: vec![Frame::default()],
            spare: Vec::new(),
            racy: 0,
            spurious,
            deaths: 0,
            after_each: false,
            below: Path::default(),
            shard: None,
            path: None,
            children: 0,
            flaw: None,
        }
    }

    /// Searches only what is at or below a node, and in a shard.
    pub(super) fn within(self, below: Path, shard: Option<Shard>) -> Self {
        Self { below, shard, ..self }
    }

    /// Lets so many actors die: after accesses that others can tell, or after each.
    pub(super) fn with_deaths(self, deaths: usize, after_each: bool) -> Self {
        Self { deaths, after_each, ..self }
    }

    /// May actors die after an access that nobody else can tell?
    pub(super) fn kills_after_each(&self) -> bool {
        self.after_each
    }

    /// May anybody die?
    pub(super) fn allows_deaths(&self) -> bool {
        self.deaths > 0
    }

    /// May threads wake, and weak compare-exchanges fail, for no reason?
    pub(super) fn allows_spurious(&self) -> bool {
        self.spurious > 0
    }

    /// A search of which nothing is left but to continue this graph.
    #[cfg(test)]
    pub(super) fn at(graph: Graph, model: MemoryModel) -> Self {
        let frames = vec![Frame { graph, alternatives: Vec::new() }];
        Self { frames, path: Some(Path::default()), ..Self::new(model, Races::Count, 1) }
    }

    #[cfg(test)]
    pub(super) fn into_graph(mut self) -> Graph {
        self.frames.pop().expect("a search under way has a frame").graph
    }

    /// The graph at hand.
    pub(super) fn graph(&self) -> &Graph {
        &self.frames.last().expect("a search under way has a frame").graph
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("a search under way has a frame")
    }

    /// The node at hand.
    pub(super) fn path(&self) -> &Path {
        self.path.as_ref().expect("a search under way is at a node")
    }

    /// Does the node at hand count, or is it only on the way to the part that is searched?
    pub(super) fn is_within(&self) -> bool {
        let path = self.path();
        path.0.len() >= self.below.0.len() && self.shard.is_none_or(|shard| shard.has(path))
    }

    /// Goes on to the next graph to be continued; `false` if there is none left.
    pub(super) fn advance(&mut self) -> bool {
        self.flaw = None;
        if self.path.is_none() {
            self.path = Some(Path::default());
            return true;
        }
        while let Some(alternative) = self.next() {
            if self.take(alternative) {
                return true;
            }
        }
        false
    }

    /// What is tried next: on the way to the part that is searched one alternative, and no other.
    fn next(&mut self) -> Option<Alternative> {
        loop {
            let depth = self.path().0.len();
            let wanted = self.below.0.get(depth).copied();
            let frame = self.frame();
            if let Some(child) = wanted {
                let mut alternatives = frame.alternatives.drain(..);
                return alternatives.find(|other| (other.parent, other.child) == (depth, child));
            }
            if let Some(alternative) = frame.alternatives.pop() {
                return Some(alternative);
            }
            if self.frames.len() == 1 {
                return None;
            }
            self.spare.extend(self.frames.pop());
        }
    }

    /// Takes an alternative; `false` if there is nothing to be run there.
    fn take(&mut self, Alternative { length, step, parent, child }: Alternative) -> bool {
        let path = self.path.get_or_insert_default();
        path.0.truncate(parent);
        path.0.push(child);
        self.children = 0;
        if self.shard.is_some_and(|shard| shard.leaves_out(self.path())) {
            return false;
        }
        let frame = self.frame();
        frame.graph.truncate(length);
        let arranged = match step {
            Step::Add { thread, kind, site, position } => {
                let id = frame.graph.next_id(thread);
                frame.graph.add(thread, kind, site, position);
                match frame.graph.write_half(id) {
                    Some(write) => self.write(thread, site, write),
                    None => true,
                }
            }
            Step::Revisit { thread, kind, site, read } => self.revisit(thread, kind, site, read),
            Step::Rearrange { position, read, flavour } => {
                rearrange(&mut frame.graph, position, read, flavour);
                true
            }
        };
        // Nobody dies by default, so no revisit throws a death away.
        let kills = matches!(
            step,
            Step::Add { kind: Kind::Choose { about: About::Death, value: 1.., .. }, .. }
        );
        let allowed = arranged
            && !(kills && self.graph().deaths() > self.deaths)
            && self.model.allows(self.graph());
        if allowed {
            self.look_for_flaws();
        }
        allowed
    }

    /// Gives away the part of what is still to be tried that was noted first: the largest, as a rule.
    pub(super) fn give_away(&mut self) -> Option<Path> {
        if self.path().0.len() < self.below.0.len() {
            return None; // What has been noted on the way is somebody else's.
        }
        let frame = self.frames.iter_mut().find(|frame| !frame.alternatives.is_empty())?;
        let Alternative { parent, child, .. } = frame.alternatives.remove(0);
        let mut path = Path(self.path().0[..parent].to_vec());
        path.0.push(child);
        Some(path)
    }

    /// Adds what a thread does next, as it usually is, and notes how else it could be. Returns `false` if
    /// it cannot be at all.
    pub(super) fn extend(&mut self, thread: u8, ask: Ask, site: Site) -> bool {
        let added = match ask {
            Ask::Read { loc, order, purpose, first } => {
                self.read(thread, site, (loc, order, purpose, first));
                true
            }
            Ask::Write { loc, order, value, half } => {
                self.write(thread, site, Kind::Write { loc, order, value, half })
            }
            Ask::Choose { about, options } => {
                let kinds = (0..options).rev().map(|value| Kind::Choose { about, options, value });
                let (graph, mut notes) = self.at_hand();
                let step = |kind| Step::Add { thread, kind, site, position: None };
                let kind = notes.all_but_the_last(kinds, step).expect("there is a choice");
                graph.add(thread, kind, site, None);
                true
            }
            Ask::Plainly(kind) => {
                self.frame().graph.add(thread, kind, site, None);
                true
            }
            Ask::Spawn | Ask::Wake { .. } | Ask::Never => {
                unreachable!("the machine says which event it is")
            }
        };
        if added {
            self.look_for_flaws();
        }
        added
    }

    /// The graph at hand, and the notes of how else its newest event could be.
    fn at_hand(&mut self) -> (&mut Graph, Notes<'_>) {
        let parent = self.path().0.len();
        let Frame { graph, alternatives } =
            self.frames.last_mut().expect("a search under way has a frame");
        let length = graph.order.len();
        let children = &mut self.children;
        (graph, Notes { alternatives, length, parent, children })
    }

    fn read(
        &mut self,
        thread: u8,
        site: Site,
        (loc, order, purpose, first): (Loc, Order, Purpose, u64),
    ) {
        let (races, spurious) = (self.races, self.spurious);
        let (graph, mut notes) = self.at_hand();
        let latest = graph.co(loc).len();
        let earliest = match order {
            Order::Plain if races == Races::End => latest,
            _ => graph.earliest(graph.next_id(thread), loc, order),
        };
        let may_be_spurious = graph.spurious(thread) < spurious;
        let ways = (earliest..=latest).flat_map(|position| {
            let from = graph.write_at(loc, position);
            let value = from.map_or(first, |write| graph.value(write));
            let kind =
                move |(flavour, order)| Kind::Read { loc, order, purpose, flavour, value, from };
            purpose.ways(value, order, may_be_spurious).map(kind)
        });
        let step = |kind| Step::Add { thread, kind, site, position: None };
        let kind = notes.all_but_the_last(ways, step).expect("the latest write can always be read");
        graph.add(thread, kind, site, None);
    }

    fn write(&mut self, thread: u8, site: Site, kind: Kind) -> bool {
        let races = self.races;
        let (graph, mut notes) = self.at_hand();
        let id = graph.next_id(thread);
        let Kind::Write { loc, order, .. } = kind else { unreachable!("only writes are written") };
        let usual = if order.is_plain() && races == Races::End {
            Some(graph.co(loc).len() + 1)
        } else {
            let prefix = graph.informed(id, kind, site).past.porf;
            for read in revisited(graph, loc, &prefix) {
                notes.add(Step::Revisit { thread, kind, site, read });
            }
            if graph.is_told_off(id, kind) {
                return false; // But if it revisits those who know more.
            }
            let step = |position| Step::Add { thread, kind, site, position: Some(position) };
            notes.all_but_the_last(graph.slots(id, kind), step)
        };
        if usual.is_some() {
            graph.add(thread, kind, site, usual);
        }
        usual.is_some()
    }

    /// Opens a frame in which `read` reads from the new write. Returns `false` if that cannot be.
    fn revisit(&mut self, thread: u8, kind: Kind, site: Site, read: EventId) -> bool {
        let Kind::Write { loc, value, .. } = kind else { unreachable!("only writes revisit") };
        let mut frame = self.spare.pop().unwrap_or_default();
        frame.alternatives.clear();
        let old = self.graph();
        let id = old.next_id(thread);
        let prefix = old.informed(id, kind, site).past.porf;
        let stamp = old.event(read).stamp;
        let graph = &mut frame.graph;
        graph.restrict(old, |event, known| known.stamp <= stamp || prefix.contains(event));
        graph.place(loc).reads.retain(|other| *other != read);
        let Kind::Read { purpose, order, .. } = graph.event(read).kind else {
            unreachable!("only reads are revisited")
        };
        if graph.is_told_off(id, kind) {
            self.spare.push(frame);
            return false;
        }
        let floor = graph.earliest(read, loc, order);
        graph.add(thread, kind, site, None);
        self.frames.push(frame);
        let spurious = self.spurious;
        let (graph, mut notes) = self.at_hand();
        let may_be_spurious = graph.spurious(read.thread) < spurious;
        for position in graph.slots(id, kind).filter(|at| *at > floor) {
            for flavour in purpose.ways(value, order, may_be_spurious) {
                notes.add(Step::Rearrange { position, read, flavour });
            }
        }
        graph.place(loc).reads.push(read);
        // The frame's alternatives are all there is of it: the first one is taken next.
        false
    }

    fn look_for_flaws(&mut self) {
        let graph = self.graph();
        let Some(newest) = graph.order.last().copied() else { return };
        let events = || std::iter::once(newest).chain(graph.reads_from(newest));
        let race = events().find_map(|event| Some(Flaw::Race(graph.race(event)?, event)));
        let torn = events().find_map(|event| Some(Flaw::Torn(graph.torn(event)?, event)));
        self.racy += u64::from(race.is_some());
        self.flaw = race.or(torn);
    }
}

/// The reads that a new write revisits; `prefix` is what leads to it.
fn revisited(graph: &Graph, loc: Loc, prefix: &View) -> impl Iterator<Item = EventId> {
    // From the newest event back: what a read's revisit throws away is what has been passed.
    (graph.order.iter().rev().copied())
        .filter(|event| !prefix.contains(*event))
        .take_while(|event| is_maximal(graph, *event, prefix))
        .filter(move |event| matches!(graph.event(*event).kind, Kind::Read { loc: at, .. } if at == loc))
}

/// The newest event, a write, takes a place, and `read` reads from it.
fn rearrange(graph: &mut Graph, position: usize, read: EventId, flavour: Flavoured) {
    let write = *graph.order.last().expect("the revisiting write is there");
    let Kind::Write { loc, value, .. } = graph.event(write).kind else {
        unreachable!("only writes revisit")
    };
    let co = &mut graph.place(loc).co;
    co.retain(|other| *other != write);
    co.insert(position - 1, write);
    graph.redirect(read, write, value, flavour);
}

/// Is the event as the search would add it by default after the events that are older than it or lead to
/// the new write? `prefix` is what leads to that write.
fn is_maximal(graph: &Graph, id: EventId, prefix: &View) -> bool {
    let event = graph.event(id);
    let is_earlier =
        |other: EventId| graph.event(other).stamp <= event.stamp || prefix.contains(other);
    let is_latest = |loc, write: Option<EventId>| {
        let later = &graph.co(loc)[graph.position(loc, write)..];
        write.is_none_or(is_earlier) && !later.iter().any(|other| is_earlier(*other))
    };
    match event.kind {
        Kind::Read { flavour: Flavour::Spurious, .. } => false,
        Kind::Read { loc, from, .. } => is_latest(loc, from),
        Kind::Write { loc, .. } => {
            // Read by an older event, it has revisited that event itself.
            let revisits = |read: &EventId| {
                graph.source(*read) == Some(id) && graph.event(*read).stamp < event.stamp
            };
            is_latest(loc, Some(id)) && !graph.reads(loc).iter().any(revisits)
        }
        Kind::Choose { value, .. } => value == 0,
        _ => true,
    }
}
