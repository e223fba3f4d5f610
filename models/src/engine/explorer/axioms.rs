//! The memory models, written out as relations over the events of a graph.
//!
//! RC11 (Lahav, Vafeiadis, Kang, Hur and Dreyer, "Repairing Sequential Consistency in C/C++11", PLDI 2017,
//! section 3), with C++20's release sequences:
//!
//! - `rs = [W]; (rf; rmw)*`, `sw = [rel]; ([F]; sb)?; rs; rf; [R]; (sb; [F])?; [acq]`
//! - `hb = (sb ∪ sw ∪ start ∪ join)+`, `rb = rf⁻¹; mo`, `eco = (rf ∪ mo ∪ rb)+`
//! - coherence: `hb; eco?` is irreflexive
//! - atomicity: `rmw ∩ (rb; mo)` is empty
//! - no thin air: `sb ∪ rf` is acyclic
//! - SC: `psc` is acyclic, where
//!   `psc = ([SC] ∪ [Fsc]; hb?); scb; ([SC] ∪ hb?; [Fsc]) ∪ [Fsc]; (hb ∪ hb; eco; hb); [Fsc]`
//!   and `scb = sb ∪ far; hb; far ∪ hb|loc ∪ mo ∪ rb`; see [`Scb`] for `far`.
//! - futex: a look at a futex's word after which the thread falls asleep contradicts nothing that happens-before
//!   an earlier wake of the word, in the order of the futex's queue.
//!
//! The two halves of a read-modify-write are two events, related by `sb`.

#[cfg(test)]
use super::event::{Flavour, Purpose};
use super::{
    event::{EventId, Kind, Order},
    graph::Graph,
    relation::Relation,
};

/// Which executions there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemoryModel {
    /// RC11.
    Rc11(Scb),
    /// Sequential consistency: `sb ∪ rf ∪ mo ∪ rb` is acyclic.
    Sc,
}

/// What SC accesses order (`far` in `scb`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scb {
    /// `sb`: what GenMC's published counts were made with.
    Calibration,
    /// `sb` between different locations, as in the paper: weaker, so what holds under it holds.
    Pldi17,
}

impl MemoryModel {
    /// Is a graph allowed of which everything but its order of SC events is known to be right? The order
    /// can go wrong only with two of them.
    pub(super) fn allows(self, graph: &Graph) -> bool {
        match self {
            Self::Rc11(_) if graph.sc < 2 => true,
            Self::Rc11(scb) => {
                let relations = Relations::of(graph);
                relations.psc(scb).is_acyclic()
            }
            Self::Sc => Relations::of(graph).is_sequential(),
        }
    }

    /// Is the graph consistent, by all of the axioms? Slow, and independent of what the search knows.
    #[cfg(test)]
    pub(super) fn is_consistent(self, graph: &Graph) -> bool {
        let relations = Relations::of(graph);
        let well = relations.is_coherent() && relations.is_atomic() && relations.has_no_thin_air();
        well && match self {
            Self::Rc11(scb) => relations.psc(scb).is_acyclic(),
            Self::Sc => relations.is_sequential(),
        }
    }
}

/// The relations of a graph; event `i` is the one added as the `i`-th, after the first values.
struct Relations<'g> {
    graph: &'g Graph,
    sb: Relation,
    /// Start and end of threads.
    threads: Relation,
    rf: Relation,
    mo: Relation,
    rb: Relation,
    rmw: Relation,
    hb: Relation,
    eco: Relation,
}

impl<'g> Relations<'g> {
    fn of(graph: &'g Graph) -> Self {
        let n = graph.order.len();
        let number = |id: EventId| {
            // Stamps grow along the order of adding.
            let stamp = graph.event(id).stamp;
            graph.order.partition_point(|other| graph.event(*other).stamp < stamp)
        };
        let mut relations = Self {
            graph,
            sb: Relation::empty(n),
            threads: Relation::empty(n),
            rf: Relation::empty(n),
            mo: Relation::empty(n),
            rb: Relation::empty(n),
            rmw: Relation::empty(n),
            hb: Relation::empty(n),
            eco: Relation::empty(n),
        };
        for (at, id) in graph.order.iter().enumerate() {
            for earlier in 0..id.index {
                relations.sb.add(number(EventId { index: earlier, ..*id }), at);
            }
            match graph.event(*id).kind {
                Kind::Read { from: Some(from), .. } => relations.rf.add(number(from), at),
                Kind::Write { half: Some(index), .. } => {
                    relations.rmw.add(number(EventId { index, ..*id }), at);
                }
                Kind::Join { child } => {
                    let end = EventId { thread: child, index: graph.len(child) - 1 };
                    relations.threads.add(number(end), at);
                }
                _ => {}
            }
            let spawn = graph.threads[usize::from(id.thread)].spawned;
            if let Some(spawn) = spawn.filter(|_| id.index == 0) {
                relations.threads.add(number(spawn), at);
            }
        }
        for loc in graph.locations() {
            let co: Vec<usize> = graph.co(loc).iter().map(|write| number(*write)).collect();
            for (at, write) in co.iter().enumerate() {
                co[at + 1..].iter().for_each(|later| relations.mo.add(*write, *later));
            }
            for read in graph.reads(loc) {
                let from = graph.position(loc, graph.source(*read));
                // A read-modify-write's read half is before its own write as well.
                co[from..].iter().for_each(|later| relations.rb.add(number(*read), *later));
            }
        }
        relations.eco = relations.rf.or(&relations.mo).or(&relations.rb).closure();
        let sw = relations.synchronises();
        relations.hb = relations.sb.or(&relations.threads).or(&sw).closure();
        relations
    }

    fn kind(&self, at: usize) -> Kind {
        self.graph.event(self.graph.order[at]).kind
    }

    fn those(&self, are: impl Fn(Kind) -> bool) -> Relation {
        Relation::identity(self.graph.order.len(), |at| are(self.kind(at)))
    }

    fn synchronises(&self) -> Relation {
        let order = |kind| match kind {
            Kind::Read { order, .. } | Kind::Write { order, .. } | Kind::Fence(order) => {
                Some(order)
            }
            _ => None,
        };
        let fences = self.those(|kind| matches!(kind, Kind::Fence(_)));
        let atomic = |kind| {
            !matches!(
                order(kind),
                None | Some(Order::Plain | Order::Torn | Order::Queue | Order::Wake)
            )
        };
        let writes = self.those(|kind| matches!(kind, Kind::Write { .. }) && atomic(kind));
        let reads = self.those(|kind| matches!(kind, Kind::Read { .. }) && atomic(kind));
        let releases = self.those(|kind| {
            !matches!(kind, Kind::Read { .. }) && order(kind).is_some_and(Order::releases)
        });
        let acquires = self.those(|kind| {
            !matches!(kind, Kind::Write { .. }) && order(kind).is_some_and(Order::acquires)
        });
        let rs = writes.then(&self.rf.then(&self.rmw).closure().reflexive());
        let from = releases.then(&fences.then(&self.sb).reflexive()).then(&rs);
        let to = reads.then(&self.sb.then(&fences).reflexive()).then(&acquires);
        from.then(&self.rf).then(&to)
    }

    #[cfg(test)]
    fn is_coherent(&self) -> bool {
        let seen = self.hb.or(&self.told());
        self.hb.is_irreflexive() && seen.then(&self.eco).is_irreflexive()
    }

    /// From what happens-before a wake to the look at the futex's word of each who falls asleep later. The order
    /// is that of the queue.
    #[cfg(test)]
    fn told(&self) -> Relation {
        let graph = self.graph;
        let mut before = Relation::empty(graph.order.len());
        for (at, look) in graph.order.iter().enumerate() {
            let Kind::Read { purpose: Purpose::Check, .. } = self.kind(at) else { continue };
            let entry = EventId { index: look.index + 1, ..*look };
            if entry.index + 1 >= graph.len(entry.thread) {
                continue;
            }
            let Kind::Read { order: Order::Queue, loc: queue, from: entered, .. } =
                graph.event(entry).kind
            else {
                continue;
            };
            for (wake, kind) in (0..at).chain(at + 1..before.len()).map(|i| (i, self.kind(i))) {
                let Kind::Write { order: Order::Wake, loc, .. } = kind else { continue };
                let left = Some(graph.order[wake]);
                if loc == queue && graph.position(loc, left) <= graph.position(loc, entered) {
                    before.add(wake, at);
                }
            }
        }
        self.hb.then(&before)
    }

    #[cfg(test)]
    fn is_atomic(&self) -> bool {
        !self.rmw.meets(&self.rb.then(&self.mo))
    }

    #[cfg(test)]
    fn has_no_thin_air(&self) -> bool {
        self.sb.or(&self.rf).or(&self.threads).is_acyclic()
    }

    fn is_sequential(&self) -> bool {
        let order = self.sb.or(&self.threads).or(&self.rf).or(&self.mo).or(&self.rb);
        order.is_acyclic()
    }

    fn psc(&self, scb: Scb) -> Relation {
        let place = |at: usize| self.kind(at).loc();
        let same_place = |a: usize, b: usize| place(a).is_some() && place(a) == place(b);
        let far = match scb {
            Scb::Calibration => self.sb.clone(),
            Scb::Pldi17 => self.sb.filter(|a, b| !same_place(a, b)),
        };
        let scb = (self.sb.or(&far.then(&self.hb).then(&far)))
            .or(&self.hb.filter(same_place))
            .or(&self.mo)
            .or(&self.rb);
        let sc = self.those(|kind| kind.is_sc());
        let fences = self.those(|kind| kind == Kind::Fence(Order::SeqCst));
        let hb = self.hb.reflexive();
        let base = sc.or(&fences.then(&hb)).then(&scb).then(&sc.or(&hb.then(&fences)));
        let between = self.hb.or(&self.hb.then(&self.eco).then(&self.hb));
        base.or(&fences.then(&between).then(&fences))
    }
}

/// Two graphs of one program are the same if their keys are equal: what each thread read and chose, and
/// the modification orders. What else is in a graph follows from that.
#[cfg(test)]
pub(super) fn key(graph: &Graph) -> Vec<u32> {
    let number = |id: Option<EventId>| {
        id.map_or(u32::MAX, |id| u32::from(id.thread) << 16 | u32::from(id.index))
    };
    let mut key = Vec::new();
    for thread in &graph.threads {
        key.push(thread.events.len() as u32);
        for event in &thread.events {
            let detail = match event.kind {
                Kind::Read { from, flavour, .. } => {
                    key.push(u32::from(flavour == Flavour::Spurious));
                    number(from)
                }
                Kind::Woken { by } => number(Some(by)),
                Kind::Choose { value, .. } => value.into(),
                Kind::Spawn { child } | Kind::Join { child } => child.into(),
                Kind::Write { .. } | Kind::Fence(_) | Kind::Pause | Kind::End => 0,
            };
            key.push(detail);
        }
    }
    for loc in graph.locations() {
        key.extend([u32::from(loc.thread), u32::from(loc.index)]);
        key.extend(graph.co(loc).iter().map(|write| number(Some(*write))));
    }
    key
}
