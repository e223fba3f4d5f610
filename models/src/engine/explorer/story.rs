//! What an execution did, for the report of a failure.

use selvedge::platform::Rmw;

use super::{
    event::{About, Event, EventId, Flavour, Kind, MOST_THREADS, Order, Purpose, Site},
    graph::Graph,
};
use crate::{card, engine::trace};

/// Records the graph, an access a line: what reads comes after what it reads from.
pub(super) fn tell(graph: &Graph, names: &[&'static str; MOST_THREADS]) {
    for (thread, name) in names.iter().enumerate() {
        trace::name(thread, name);
    }
    for id in in_order(graph) {
        let event = graph.event(id);
        if let Some(what) = what(graph, names, id, event) {
            trace::record(id.thread.into(), label(event.site), what);
        }
    }
}

/// A site as it is shown; none for starts, joins and deaths, which are the platform's own.
fn label(site: Site) -> String {
    let own = site.file().ends_with("explorer/platform.rs");
    if own { String::new() } else { card::site(site) }
}

/// The events, each after all that it depends on, else as the search added them.
fn in_order(graph: &Graph) -> Vec<EventId> {
    let mut open = graph.order.clone();
    let mut told = Vec::with_capacity(open.len());
    while !open.is_empty() {
        let depends = |id: &EventId, other: &EventId| {
            other != id && graph.event(*id).past.porf.contains(*other)
        };
        let next = open.iter().position(|id| !open.iter().any(|other| depends(id, other)));
        told.push(open.remove(next.expect("nothing depends on itself")));
    }
    told
}

/// What an event is, in words; nothing for what shows nothing.
fn what(
    graph: &Graph,
    names: &[&'static str; MOST_THREADS],
    id: EventId,
    event: &Event,
) -> Option<String> {
    let name = |thread: u8| names[usize::from(thread)];
    let source = |from: Option<EventId>| match from {
        None => "initial".to_owned(),
        Some(write) => {
            let from = format!("from {} {}", name(write.thread), label(graph.event(write).site));
            from.trim_end().to_owned()
        }
    };
    Some(match event.kind {
        Kind::Read { purpose: Purpose::Enter, .. } | Kind::End => return None,
        Kind::Read { order: Order::Plain, value, from, .. } => {
            format!("read payload {value} ({})", source(from))
        }
        Kind::Read { purpose: Purpose::Check, value, from, .. } => {
            format!("wait: finds {value} ({})", source(from))
        }
        Kind::Read { order, flavour: Flavour::Spurious, value, from, .. } => {
            format!("CAS {order:?} fails spuriously on {value} ({})", source(from))
        }
        Kind::Read {
            order,
            purpose: Purpose::Compare { current, .. },
            flavour: Flavour::Reads,
            value,
            from,
            ..
        } => {
            format!("CAS {order:?} for {current} finds {value} ({})", source(from))
        }
        // The write half says it.
        Kind::Read { flavour: Flavour::Updates, .. } => return None,
        Kind::Read { order, value, from, .. } => {
            format!("load {order:?} = {value} ({})", source(from))
        }
        Kind::Write { order: Order::Queue, .. } => "wait: falls asleep, or leaves the queue".into(),
        Kind::Write { order: Order::Wake, value, half, .. } => {
            let before = half.map(|index| graph.event(EventId { index, ..id }).kind);
            let told = match before {
                Some(Kind::Read { value: before, .. }) => before & !value,
                _ => 0,
            };
            let told = (0..MOST_THREADS as u8).filter(|thread| told >> thread & 1 == 1).map(name);
            format!("wake: {}", told.collect::<Vec<_>>().join(", "))
        }
        Kind::Write { order: Order::Plain, value, .. } => format!("write payload {value}"),
        Kind::Write { order, value, half: None, .. } => format!("store {order:?} {value}"),
        Kind::Write { order, value, half: Some(index), .. } => {
            let Kind::Read { purpose, value: before, from, .. } =
                graph.event(EventId { index, ..id }).kind
            else {
                return None;
            };
            let verb = match purpose {
                Purpose::Update { op: Rmw::Swap, .. } => "swap".to_owned(),
                Purpose::Update { op, operand, .. } => format!("{op:?} {operand}").to_lowercase(),
                _ => "CAS".to_owned(),
            };
            format!("{verb} {order:?} {before} -> {value} ({})", source(from))
        }
        Kind::Fence(order) => format!("fence {order:?}"),
        Kind::Choose { about: About::Sleep | About::Death, value: 0, .. } => return None,
        Kind::Choose { about: About::Death, .. } => "dies before this".into(),
        Kind::Choose { about: About::Sleep, .. } => "wait: ends by itself".into(),
        Kind::Choose { about, value, .. } => format!("chooses {value} ({about:?})"),
        Kind::Spawn { child } => format!("starts {}", name(child)),
        Kind::Join { child } => format!("joins {}", name(child)),
        Kind::Woken { by } => format!("wait: woken by {}", name(by.thread)),
        Kind::Pause => "gives way".into(),
    })
}
