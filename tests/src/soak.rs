//! Workers that are killed at random and replaced, round after round, while a ledger that is none of
//! theirs to lose stays exact.
//!
//! A round: four workers go to work on one object; whenever one has been killed, another takes its
//! place. Then those who are left are told to stop, and do; what they and the dead wrote down must
//! agree with what is in the object. The object stays for the next round, with all that deaths have
//! left in it.
//!
//! What a worker writes down lies in memory of its own, a [`Desk`], which outlives it: it is shared with
//! the one who settles, and with nobody else. It notes that an operation begins, and that it has
//! returned, so that a death between the two is known to be one in the middle.
//!
//! The program has one thread, because it forks.

mod desk;
pub mod mpmc;
pub mod mutex;
pub mod permits;
mod records;
pub mod steps;
pub mod semaphore;
pub mod spsc;

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

pub use desk::{Desk, Desks};

use crate::deaths::{Bystander, Harm};

/// Workers at a time.
const WORKERS: usize = 4;

/// A round ends after so many lives, or when it has lasted so long.
const LIVES: usize = 48;
const ROUND: Duration = Duration::from_millis(300);

/// The longest that a worker is left alone, in microseconds.
const PAUSE: u64 = 2_000;

/// Marsaglia's xorshift64.
#[derive(Clone, Copy, Debug)]
pub struct Random(u64);

impl Random {
    /// The sequence of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

/// One worker's life, in which it had a desk of its own.
#[derive(Debug)]
pub struct Life<'a> {
    /// What it wrote down.
    pub desk: Desk<'a>,
    /// It was killed.
    pub killed: bool,
}

/// Sometimes, a worker takes its time.
fn dawdle(random: &mut Random) {
    if random.below(16) == 0 {
        thread::sleep(Duration::from_micros(random.below(50)));
    }
}

/// A protocol under soak.
pub trait Trial {
    /// The protocol.
    fn name(&self) -> &'static str;

    /// What a worker may be [inside](Desk::inside), from 1.
    fn operations(&self) -> &'static [&'static str];

    /// A worker, in its own process, until the desk says stop, or is full. `slot` is one of those at a
    /// time, no two living workers have the same.
    fn work(&self, desk: &Desk<'_>, slot: usize, random: Random);

    /// Somebody was killed: may the round go on?
    fn goes_on(&mut self, dead: &Desk<'_>) -> bool {
        let _ = dead;
        true
    }

    /// Nobody works: is everything there that must be, once? Makes the object ready for the next round.
    ///
    /// # Errors
    /// What is not as the card promises.
    fn settle(&mut self, lives: &[Life<'_>]) -> Result<Settled, Harm>;
}

/// What a round has come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settled {
    /// Operations that returned.
    pub done: u64,
    /// Permits or records that are gone with the dead, as the card allows.
    pub lost: u64,
}

/// Figures of one protocol.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    rounds: u64,
    kills: u64,
    /// Kills in the middle of each operation.
    inside: BTreeMap<&'static str, u64>,
    settled: Settled,
}

impl core::fmt::Display for Figures {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self { rounds, kills, inside, settled: Settled { done, lost } } = self;
        write!(
            f,
            "{rounds} rounds, {done} operations, {kills} kills ({} inside an operation:",
            inside.values().sum::<u64>()
        )?;
        inside.iter().try_for_each(|(operation, kills)| write!(f, " {operation} {kills}"))?;
        write!(f, "), {lost} lost with the dead")
    }
}

impl Figures {
    /// Has it tested anything?
    #[must_use]
    pub fn any(&self) -> bool {
        !self.inside.is_empty() && self.settled.done > 0
    }
}

/// One round.
///
/// # Errors
/// What is not as the card promises.
pub fn round(
    trial: &mut dyn Trial,
    desks: &Desks,
    random: &mut Random,
    figures: &mut Figures,
) -> Result<(), Harm> {
    desks.clear();
    let end = Instant::now() + ROUND;
    let mut lives: Vec<Life<'_>> = Vec::new();
    // Who works in each slot, and which life that is.
    let mut workers: Vec<(Bystander, usize)> = Vec::new();
    let employ = |trial: &dyn Trial, lives: &mut Vec<Life<'_>>, slot, random: &mut Random| {
        let seed = random.below(u64::MAX);
        let life = lives.len();
        let worker = Bystander::start(|| trial.work(&desks.desk(life), slot, Random::new(seed)));
        (worker, life)
    };
    for slot in 0..WORKERS {
        workers.push(employ(trial, &mut lives, slot, random));
        lives.push(Life { desk: desks.desk(slot), killed: false });
    }
    while Instant::now() < end && lives.len() < LIVES.min(desks.count()) {
        thread::sleep(Duration::from_micros(random.below(PAUSE)));
        let slot = random.below(WORKERS as u64) as usize;
        let (worker, life) = &mut workers[slot];
        let life = *life;
        if !worker.has_ended()? {
            worker.kill();
            figures.kills += 1;
            if let Some(inside) = lives[life].desk.operation().checked_sub(1) {
                let operation = trial.operations()[inside as usize];
                *figures.inside.entry(operation).or_default() += 1;
            }
            lives[life].killed = true;
            if !trial.goes_on(&lives[life].desk) {
                break;
            }
        }
        workers[slot] = employ(trial, &mut lives, slot, random);
        let desk = desks.desk(lives.len());
        lives.push(Life { desk, killed: false });
    }
    desks.stop();
    for (worker, life) in workers {
        if !lives[life].killed {
            worker.finish()?;
        }
    }
    let settled = trial.settle(&lives)?;
    figures.rounds += 1;
    figures.settled.done += settled.done;
    figures.settled.lost += settled.lost;
    Ok(())
}
