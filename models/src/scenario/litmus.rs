//! Calibration programs: classic litmus tests, and shapes on which an engine is known to have gone
//! wrong. Each lists every outcome that RC11 allows, and where an engine is known to be blind.

mod blind;
mod programs;
mod racy_ring;
mod torn;

use std::{fmt::Write, sync::Arc};

use selvedge::platform::{
    AtomicWord,
    Ordering::{self, Relaxed},
};

use super::Entry;
use crate::{
    engine::Engine,
    model::{Info, Model, Scenario, World},
};

/// A program, and what engines are known to get wrong.
#[derive(Clone, Debug)]
pub struct Row {
    /// The program.
    pub entry: Entry,
    /// Its family.
    pub family: &'static str,
    /// Known blindnesses.
    pub blind: &'static [Blind],
    /// A data race in the program itself is what must be found.
    pub races: bool,
}

/// Outcomes on which an engine is known to be wrong.
#[derive(Clone, Copy, Debug)]
pub struct Blind {
    /// The engine.
    pub engine: Engine,
    /// Allowed, and never shown by it.
    pub misses: &'static [&'static str],
    /// Forbidden, and shown by it.
    pub invents: &'static [&'static str],
    /// The section of `GAPS.md` that says why.
    pub why: &'static str,
}

/// Every calibration program.
pub fn rows() -> Vec<Row> {
    let programs = programs::ALL.iter().chain(blind::ALL).map(|program| Row {
        entry: Entry::of(Litmus(program)),
        family: program.family,
        blind: program.blind,
        races: false,
    });
    programs.chain([blind::woken(), torn::row()]).chain(racy_ring::rows()).collect()
}

/// The programs alone.
pub fn all() -> Vec<Entry> {
    rows().into_iter().map(|row| row.entry).collect()
}

/// A location.
#[derive(Clone, Copy, Debug)]
enum Loc {
    X,
    Y,
    Z,
}
use Loc::{X, Y, Z};

/// A step of a thread. What is read goes into the thread's next register.
#[derive(Clone, Copy, Debug)]
enum Op {
    Load(Loc, Ordering),
    Store(Loc, u32, Ordering),
    /// Stores the last register.
    StoreLast(Loc, Ordering),
    Add(Loc, u32, Ordering),
    Cas(Loc, u32, u32, Ordering),
    /// May fail for no reason.
    CasWeak(Loc, u32, u32, Ordering),
    Fence(Ordering),
    /// Goes on only if the last register holds this value.
    OnlyIf(u32),
}

/// A litmus test. Its outcome: the registers, a thread after the other, then the final values of
/// `finals`.
#[derive(Debug)]
struct Program {
    name: &'static str,
    family: &'static str,
    does: &'static str,
    threads: &'static [&'static [Op]],
    finals: &'static [Loc],
    /// Outcomes under sequential consistency.
    sc: &'static [&'static str],
    /// The others that RC11 allows.
    weak: &'static [&'static str],
    blind: &'static [Blind],
}

/// The locations of one execution.
struct Memory<M: Model>([M::U32; 3]);

impl<M: Model> Memory<M> {
    fn at(&self, location: Loc) -> &M::U32 {
        &self.0[location as usize]
    }

    /// Runs one thread; returns its registers.
    fn run(&self, thread: &[Op]) -> Vec<u32> {
        let mut registers = Vec::new();
        for op in thread {
            let last = registers.last().copied();
            match *op {
                Op::Load(location, order) => registers.push(self.at(location).load(order)),
                Op::Store(location, value, order) => self.at(location).store(value, order),
                Op::StoreLast(location, order) => {
                    self.at(location).store(last.expect("a read comes first"), order);
                }
                Op::Add(location, n, order) => {
                    registers.push(self.at(location).fetch_add(n, order))
                }
                Op::Cas(location, current, new, order) => {
                    let cas = self.at(location).compare_exchange(current, new, order, Relaxed);
                    registers.push(cas.unwrap_or_else(|found| found));
                }
                Op::CasWeak(location, current, new, order) => {
                    let word = self.at(location);
                    let cas = word.compare_exchange_weak(current, new, order, Relaxed);
                    registers.push(cas.unwrap_or_else(|found| found));
                }
                Op::Fence(order) => M::fence(order),
                Op::OnlyIf(value) if last != Some(value) => break,
                Op::OnlyIf(_) => {}
            }
        }
        registers
    }
}

#[derive(Clone, Copy)]
struct Litmus(&'static Program);

impl Scenario for Litmus {
    fn info(&self) -> Info {
        let Program { name, does, sc, weak, .. } = *self.0;
        Info { name, does, reach: sc, weak, ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let memory = Arc::new(Memory::<M>([(); 3].map(|()| M::U32::new(0))));
        let names = ["P0", "P1", "P2", "P3"];
        let threads: Vec<_> = (self.0.threads.iter().zip(names))
            .map(|(thread, name)| {
                let memory = memory.clone();
                world.actor(name, move || memory.run(thread))
            })
            .collect();
        let registers: Vec<String> = (threads.into_iter().map(M::join))
            .filter(|registers| !registers.is_empty())
            .map(|registers| registers.iter().map(u32::to_string).collect::<Vec<_>>().join(" "))
            .collect();
        let mut outcome = registers.join(" | ");
        for location in self.0.finals {
            let value = memory.at(*location).load(Relaxed);
            let gap = if outcome.is_empty() { "" } else { ", " };
            write!(outcome, "{gap}{location:?}={value}").expect("a string takes all");
        }
        outcome
    }
}
