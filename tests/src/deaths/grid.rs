//! Two operations, each stopped at an instruction; one dies, or comes to its end, the other goes on.

use core::fmt::Write as _;
use std::time::Instant;

use super::{
    Account, Arguments, Death, Harm, Subject, Told, perform, refused,
    tracee::{Astray, Stop, Tracee},
    watch,
};

/// No operation of a grid is as long as that; it is in a loop.
const TOO_LONG: usize = 10_000;

/// After so many failures the rest of a grid is left.
const ENOUGH: usize = 8;

/// One of the two: how it gets ready, in its own process, and what it does, which it returns as a number.
#[derive(Debug)]
pub struct Actor<W, V> {
    /// Attaches, and does what comes before the operation.
    pub ready: fn(&W) -> V,
    /// The operation.
    pub operate: fn(&mut V) -> u64,
}

/// What becomes of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is killed before the other goes on.
    Dies,
    /// It comes to its end before the other goes on, and lives.
    Lives,
}

/// All pairs of instructions of two operations.
///
/// The first process is stopped after its `i`-th instruction, then the second after its `j`-th, in the
/// state that the first has left. The first meets its fate; the second goes on and must come to its end.
#[derive(Debug)]
pub struct Grid<W, A, B> {
    /// The protocol, then the operations.
    pub name: &'static str,
    /// How many permits or records may go with the dead.
    pub allowed: u64,
    /// Makes the object, and what the survivors have.
    pub prepare: fn() -> W,
    /// The one that is stopped first.
    pub first: Actor<W, A>,
    /// What becomes of it.
    pub fate: Fate,
    /// The one that goes on.
    pub goes_on: Actor<W, B>,
    /// Afterwards: what the first had returned, what the other has, and everything is accounted for.
    pub survive: fn(W, Death, u64) -> Account,
}

/// What came of a pair.
enum Pair {
    Account(Account),
    /// The second operation has fewer instructions than that: the row is complete.
    PastTheEnd,
    /// The first one has: the grid is complete.
    PastAll,
}

#[derive(Default)]
struct Tally {
    rows: usize,
    pairs: usize,
    left_out: usize,
    lost: u64,
    harms: usize,
    details: String,
}

impl<W, A, B> Grid<W, A, B> {
    fn pair(&self, told: &Told, i: usize, j: usize) -> Result<Pair, Astray> {
        watch();
        told.clear();
        let world = (self.prepare)();
        let (first, second) = (&self.first, &self.goes_on);
        let mut one =
            Tracee::start(|| perform(told.word(0), || (first.ready)(&world), first.operate))?;
        let mut other =
            Tracee::start(|| perform(told.word(1), || (second.ready)(&world), second.operate))?;
        if !step(&mut one, i)? {
            return Ok(Pair::PastAll);
        }
        if !step(&mut other, j)? {
            return Ok(Pair::PastTheEnd);
        }
        let alive = match self.fate {
            Fate::Dies => {
                one.kill();
                None
            }
            Fate::Lives => {
                finish(&mut one, told, 0)?;
                Some(one)
            }
        };
        finish(&mut other, told, 1)?;
        let Some(returned) = told.death(1).returned else {
            return Ok(Pair::Account(Err(Harm::Wedged("the second one".into()))));
        };
        let account = (self.survive)(world, told.death(0), returned);
        drop(alive);
        Ok(Pair::Account(account))
    }

    fn run(&self, every: usize) -> Result<Tally, Astray> {
        let told = Told::new();
        let mut tally = Tally::default();
        for i in 0..TOO_LONG {
            tally.rows = i;
            for j in 0..TOO_LONG {
                // A diagonal pattern: every instruction of each meets some of the other.
                if !(i + j).is_multiple_of(every) {
                    tally.left_out += 1;
                    continue;
                }
                match self.pair(&told, i, j)? {
                    Pair::PastAll => return Ok(tally),
                    Pair::PastTheEnd => break,
                    Pair::Account(account) => tally.count(account, self.allowed, i, j),
                }
                if tally.harms >= ENOUGH {
                    return Ok(tally);
                }
            }
        }
        Err(Astray::Lost(format!("no end after {TOO_LONG} instructions")))
    }
}

impl Tally {
    fn count(&mut self, account: Account, allowed: u64, i: usize, j: usize) {
        self.pairs += 1;
        let harm = match account {
            Ok(lost) if lost <= allowed => {
                self.lost += lost;
                return;
            }
            Ok(lost) => Harm::Lost(lost.to_string()),
            Err(harm) => harm,
        };
        self.harms += 1;
        // Writing to a string does not fail.
        let _ = write!(self.details, "\n    the first before {i}, the other before {j}: {harm}");
    }
}

/// Goes on to its end, if it has not got there.
fn finish(tracee: &mut Tracee, told: &Told, n: usize) -> Result<(), Astray> {
    if told.death(n).returned.is_none() && tracee.run(&mut || {})? != Stop::Mark {
        return Err(Astray::Lost("it stopped on its way".into()));
    }
    Ok(())
}

/// Goes on by so many instructions; `false` if it has fewer.
fn step(tracee: &mut Tracee, steps: usize) -> Result<bool, Astray> {
    for n in 1..=steps {
        if tracee.step(&mut || {})? == Stop::Mark {
            return Ok(n == steps);
        }
    }
    Ok(true)
}

impl<W, A, B> Subject for Grid<W, A, B> {
    fn name(&self) -> &str {
        self.name
    }

    fn run(&self, arguments: &Arguments) -> Result<String, String> {
        let start = Instant::now();
        // All of them take half an hour; unoptimised, there are several times as many.
        let every = arguments.every.unwrap_or(if cfg!(debug_assertions) { 320 } else { 12 });
        let tally = match Grid::run(self, every) {
            Ok(tally) => tally,
            Err(Astray::Lost(how)) => return Err(format!("{}: {how}", self.name)),
            Err(error) => refused(&error),
        };
        let Tally { rows, pairs, left_out, lost, harms, details } = tally;
        let line = format!(
            "{}: {rows} instructions of the first, {pairs} pairs, {left_out} left out, lost {lost} \
             ({} a death allowed), {harms} harmed; {:.1} s{details}",
            self.name,
            self.allowed,
            start.elapsed().as_secs_f64(),
        );
        if pairs > 0 && rows > 0 && harms == 0 { Ok(line) } else { Err(line) }
    }
}
