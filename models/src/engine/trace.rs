//! What one execution did, access by access, in columns: one an actor.

use std::{cell::RefCell, iter};

use selvedge::platform::Ordering;

/// One execution, as it is told.
#[derive(Debug, Default)]
pub(super) struct Trace {
    accesses: Vec<Access>,
    /// By the engine's number for them.
    actors: Vec<(usize, &'static str)>,
}

#[derive(Debug)]
struct Access {
    actor: usize,
    /// As it is shown; empty if it is the platform's own.
    site: String,
    what: String,
}

/// A trace longer than this is cut: the end is where it went wrong,
const LONGEST: usize = 400;

/// and the beginning where it may have begun to.
const BEGINNING: usize = 40;

/// Between columns.
const GAP: usize = 2;

impl Trace {
    /// Gives the actor with this number a name.
    pub(super) fn name(&mut self, actor: usize, name: &'static str) {
        self.actors.push((actor, name));
    }

    /// Adds a line; returns its number.
    pub(super) fn record(&mut self, actor: usize, site: String, what: String) -> usize {
        self.accesses.push(Access { actor, site, what });
        self.accesses.len()
    }

    /// A heading, and a line an access: its number, and in its actor's column its site and what it did.
    pub(super) fn lines(&self) -> Vec<String> {
        if self.accesses.is_empty() {
            return Vec::new();
        }
        let columns = self.columns();
        let skipped = self.accesses.len().saturating_sub(LONGEST);
        // A row is a margin and a cell a column.
        let mut rows: Vec<Vec<String>> = Vec::new();
        let heading = columns.iter().map(|(_, name)| name.clone());
        rows.push(iter::once(String::new()).chain(heading).collect());
        for (number, access) in (1..).zip(&self.accesses) {
            if skipped > 0 && number == BEGINNING + 1 {
                let mut row = vec![String::new(); columns.len() + 1];
                row[0] = format!("({skipped} more)");
                rows.push(row);
            }
            if (BEGINNING + 1..=BEGINNING + skipped).contains(&number) {
                continue;
            }
            let cell = format!("{} {}", access.site, access.what).trim().to_owned();
            let cells = columns.iter().map(|(actor, _)| match *actor == access.actor {
                true => cell.clone(),
                false => String::new(),
            });
            rows.push(iter::once(number.to_string()).chain(cells).collect());
        }
        let widths: Vec<usize> = (0..=columns.len())
            .map(|column| rows.iter().map(|row| row[column].len()).max().unwrap_or(0))
            .collect();
        let line = |row: &Vec<String>| {
            let mut line = format!("{:>1$}", row[0], widths[0]);
            for (cell, &width) in row.iter().zip(&widths).skip(1) {
                line += &format!("{:GAP$}{cell:width$}", "");
            }
            line.trim_end().to_owned()
        };
        rows.iter().map(line).collect()
    }

    /// The actors that did something, each with a name of its own.
    fn columns(&self) -> Vec<(usize, String)> {
        let mut columns: Vec<(usize, String)> = Vec::new();
        let mut actors: Vec<usize> = self.accesses.iter().map(|access| access.actor).collect();
        actors.sort_unstable();
        actors.dedup();
        for actor in actors {
            let named = self.actors.iter().find(|(number, _)| *number == actor);
            let name = named.map_or("main", |(_, name)| name);
            let namesakes = self.actors.iter().filter(|(n, other)| *n < actor && *other == name);
            columns.push((
                actor,
                match namesakes.count() {
                    0 => name.to_owned(),
                    before => format!("{name} {}", before + 1),
                },
            ));
        }
        columns
    }
}

/// An ordering, as it is abbreviated in a trace.
pub(super) fn short(order: Ordering) -> &'static str {
    match order {
        Ordering::Relaxed => "rlx",
        Ordering::Acquire => "acq",
        Ordering::Release => "rel",
        Ordering::AcqRel => "acq_rel",
        _ => "sc",
    }
}

thread_local! {
    // The engines run all threads of a model on one thread of the machine.
    static TRACE: RefCell<Option<Trace>> = const { RefCell::new(None) };
}

/// Forgets the last execution; records the next one if `on`.
pub(super) fn start(on: bool) {
    TRACE.set(on.then(Trace::default));
}

/// Is this execution recorded?
pub(super) fn is_on() -> bool {
    TRACE.with_borrow(Option::is_some)
}

/// Tells the recorded execution more, if there is one.
pub(super) fn tell<T>(more: impl FnOnce(&mut Trace) -> T) {
    TRACE.with_borrow_mut(|trace| trace.as_mut().map(more));
}

/// The recorded execution.
pub(super) fn lines() -> Vec<String> {
    TRACE.with_borrow(|trace| trace.as_ref().map(Trace::lines).unwrap_or_default())
}
