//! What an execution did, for the report of a failure.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use selvedge::platform::Rmw;

use super::{
    event::{About, Event, EventId, Flavour, Kind, Loc, MOST_THREADS, Order, Purpose, Site},
    graph::Graph,
};
use crate::{card, engine::trace::Trace};

/// What a thread said when so many of its events lay behind it.
pub(super) type Note = (EventId, Site, String);

/// The graph as a trace.
pub(super) fn trace(graph: &Graph, names: [&'static str; MOST_THREADS], notes: &[Note]) -> Trace {
    let numbers = numbers(graph);
    let mut story = Story { graph, names, lines: HashMap::new(), trace: Trace::default() };
    for (thread, name) in names.iter().enumerate() {
        story.trace.name(thread, name);
    }
    for id in in_order(graph) {
        let event = graph.event(id);
        if let Some(what) = story.what(id, event) {
            let number = object(&event.kind).and_then(|loc| numbers.get(&loc));
            let number = number.map_or(String::new(), |number| format!(" #{number}"));
            let line = story.trace.record(id.thread.into(), label(event.site) + &number, what);
            story.lines.insert(id, line);
        }
        let after = EventId { index: id.index + 1, ..id };
        for (_, site, note) in notes.iter().filter(|(moment, ..)| *moment == after) {
            story.trace.record(id.thread.into(), label(site), note.clone());
        }
    }
    story.trace
}

/// A site as it is shown; none for starts, joins and deaths, which are the platform's own.
fn label(site: Site) -> String {
    let own = site.file().ends_with("explorer/platform.rs");
    if own { String::new() } else { card::site(site) }
}

/// The word or cell that an event accesses, if the program does.
fn object(kind: &Kind) -> Option<Loc> {
    match kind {
        Kind::Read { order: Order::Queue | Order::Wake, .. }
        | Kind::Write { order: Order::Queue | Order::Wake, .. } => None,
        _ => kind.loc(),
    }
}

/// A number for each object that a site does not tell from another one.
fn numbers(graph: &Graph) -> HashMap<Loc, usize> {
    let mut objects: BTreeMap<String, Vec<Loc>> = BTreeMap::new();
    let mut met = Vec::new();
    for event in graph.order.iter().map(|id| graph.event(*id)) {
        let Some(loc) = object(&event.kind) else { continue };
        let here = objects.entry(label(event.site)).or_default();
        here.extend(Some(loc).filter(|loc| !here.contains(loc)));
        met.extend(Some(loc).filter(|loc| !met.contains(loc)));
    }
    let is_one_of_several = |loc: &Loc| {
        objects.iter().any(|(site, here)| !site.is_empty() && here.len() > 1 && here.contains(loc))
    };
    met.into_iter().filter(is_one_of_several).zip(1..).collect()
}

/// The events in an order that a machine could have made them in, each thread for as long as it can go on. If
/// there is none, because the memory is weaker than that, at least after all that they depend on.
fn in_order(graph: &Graph) -> Vec<EventId> {
    let mut open = graph.order.clone();
    let mut told: Vec<EventId> = Vec::with_capacity(open.len());
    while !open.is_empty() {
        let present = told.last().map_or(0, |last| last.thread);
        let is_next = |id: &EventId, waits: &dyn Fn(EventId, EventId) -> bool| {
            !open.iter().any(|other| other != id && waits(*id, *other))
        };
        let choose = |waits: &dyn Fn(EventId, EventId) -> bool| {
            let next = (0..open.len()).filter(|at| is_next(&open[*at], waits));
            next.min_by_key(|at| (open[*at].thread != present, *at))
        };
        let depends = |id, other| graph.event(id).past.porf.contains(other);
        let follows = |id, other| depends(id, other) || graph.overwrites(id, other);
        let next = choose(&follows).or_else(|| choose(&depends));
        told.push(open.remove(next.expect("nothing depends on itself")));
    }
    told
}

impl Graph {
    /// Is `write` later in modification order than what `other` wrote or read?
    fn overwrites(&self, write: EventId, other: EventId) -> bool {
        let Kind::Write { loc, .. } = self.event(write).kind else { return false };
        let overwritten = match self.event(other).kind {
            Kind::Write { loc: at, .. } if at == loc => self.position(loc, Some(other)),
            Kind::Read { loc: at, from, .. } if at == loc => self.position(loc, from),
            _ => return false,
        };
        self.position(loc, Some(write)) > overwritten
    }
}

impl Order {
    /// As it is abbreviated in a trace.
    fn short(self) -> &'static str {
        match self {
            Self::Relaxed => "rlx",
            Self::Acquire => "acq",
            Self::Release => "rel",
            Self::AcqRel => "acq_rel",
            Self::SeqCst => "sc",
            Self::Plain | Self::Torn | Self::Queue | Self::Wake => "",
        }
    }
}

/// A value as it is read best: packed words in hexadecimal.
struct Value(u64);

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(value) = self;
        if *value <= 0xffff { write!(f, "{value}") } else { write!(f, "{value:#x}") }
    }
}

struct Story<'a> {
    graph: &'a Graph,
    names: [&'static str; MOST_THREADS],
    /// On which line an event has been told.
    lines: HashMap<EventId, usize>,
    trace: Trace,
}

impl Story<'_> {
    /// Where a value comes from.
    fn source(&self, from: Option<EventId>) -> String {
        let line = from.and_then(|write| self.lines.get(&write));
        line.map_or("initial".into(), |line| format!("from {line}"))
    }

    /// What an event is, in words; nothing for what shows nothing.
    fn what(&self, id: EventId, event: &Event) -> Option<String> {
        let name = |thread: u8| self.names[usize::from(thread)];
        Some(match event.kind {
            Kind::Read { order, purpose, flavour, value, from, .. } => {
                return self.read((order, purpose, flavour), value, from);
            }
            Kind::Write { order: Order::Plain, value, .. } => {
                format!("write payload {}", Value(value))
            }
            Kind::Write { order: Order::Torn, value, .. } => {
                format!("dies while it writes payload {}", Value(value))
            }
            Kind::Write { order, value, half: None, .. } => {
                format!("store {} {}", order.short(), Value(value))
            }
            Kind::Write { order, value, half: Some(index), .. } => {
                return self.update(EventId { index, ..id }, order, value);
            }
            Kind::Fence(order) => format!("fence {}", order.short()),
            Kind::Choose { about: About::Sleep | About::Death, value: 0, .. } => return None,
            Kind::Choose { about: About::Death, value: 1, .. } => "dies".into(),
            Kind::Choose { about: About::Sleep | About::Death | About::Sleepers, .. } => {
                return None;
            }
            Kind::Choose { about: About::Scenario, value, .. } => format!("chooses {value}"),
            Kind::Spawn { child } => format!("starts {}", name(child)),
            Kind::Join { child } => format!("joins {}", name(child)),
            Kind::Woken { by } => format!("wait: woken {}", self.source(Some(by))),
            Kind::Pause => "gives way".into(),
            Kind::End => return None,
        })
    }

    fn read(
        &self,
        (order, purpose, flavour): (Order, Purpose, Flavour),
        value: u64,
        from: Option<EventId>,
    ) -> Option<String> {
        let (order, value, source) = (order.short(), Value(value), self.source(from));
        Some(match purpose {
            Purpose::Load if order.is_empty() => format!("read payload {value} {source}"),
            Purpose::Load => format!("load {order} {value} {source}"),
            Purpose::Check => format!("wait: finds {value} {source}"),
            Purpose::Compare { .. } if flavour == Flavour::Spurious => {
                format!("cas {order} fails spuriously on {value} {source}")
            }
            Purpose::Compare { current, .. } if flavour == Flavour::Reads => {
                format!("cas {order} for {} finds {value} {source}", Value(current))
            }
            // The write half says it.
            Purpose::Enter | Purpose::Update { .. } | Purpose::Compare { .. } => return None,
        })
    }

    /// The write half of what began with `read`.
    fn update(&self, read: EventId, order: Order, after: u64) -> Option<String> {
        let Kind::Read { purpose, value: before, from, .. } = self.graph.event(read).kind else {
            unreachable!("a write half follows its read")
        };
        let (short, source) = (order.short(), self.source(from));
        let (from, to) = (Value(before), Value(after));
        Some(match purpose {
            Purpose::Update { op: Rmw::Or, .. } if order == Order::Queue => {
                "wait: falls asleep".into()
            }
            Purpose::Update { .. } if order == Order::Queue => "wait: ends by itself".into(),
            Purpose::Update { op: Rmw::Swap, .. } => {
                format!("swap {short} {from} -> {to} {source}")
            }
            Purpose::Update { op, operand, .. } => {
                let op = format!("{op:?}").to_lowercase();
                format!("{op} {} {short} {from} -> {to} {source}", Value(operand))
            }
            // A lock's step: its note says it.
            Purpose::Enter if order != Order::Wake => return None,
            Purpose::Enter => {
                let told = |thread: &usize| (before & !after) >> thread & 1 == 1;
                let told = (0..MOST_THREADS).filter(told).map(|thread| self.names[thread]);
                let told = told.collect::<Vec<_>>().join(", ");
                format!("wakes {}", if told.is_empty() { "nobody" } else { &told })
            }
            _ => format!("cas {short} {from} -> {to} {source}"),
        })
    }
}
