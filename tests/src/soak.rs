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
//! A worker is stopped before it is killed, so it is known where, and it dies at that very instruction:
//! [`Steps`] says which steps of the cards that is. Chance seldom stops a worker at a step that is over in a
//! nanosecond; so every other one goes on by single steps for a while, as the others rush on or, mostly, stand
//! still, and dies as soon as it is at a step at which few have died.
//!
//! The program has one thread, because it forks.

mod crew;
mod desk;
mod epoch;
mod figures;
pub mod mpmc;
pub mod mutex;
pub mod permits;
mod records;
pub mod semaphore;
pub mod spsc;
mod steps;

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, Instant},
};

use crew::{Crew, WORKERS};
pub use desk::{Desk, Desks};
pub use figures::{Figures, Hits};
use selvedge::segment::JoinError;
pub use steps::Steps;

use crate::{FOR_EVER, deaths::Harm};

/// A round ends after so many lives, or when it has lasted so long.
const LIVES: usize = 48;
const ROUND: Duration = Duration::from_millis(300);

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

/// Joins a registry that has room. Two who join beside each other may share every free slot in step, so that
/// each is refused; and for whoever stands still, patience is over after a single look.
fn join<T>(mut join: impl FnMut() -> Result<T, JoinError>) -> Result<T, JoinError> {
    let end = Instant::now() + FOR_EVER;
    loop {
        match join() {
            Err(JoinError::RegistryFull { .. }) if Instant::now() < end => {}
            joined => return joined,
        }
    }
}

/// A protocol under soak.
pub trait Trial {
    /// The protocol.
    fn name(&self) -> &'static str;

    /// The protocols that it runs on.
    fn runs_on(&self) -> &'static [&'static str];

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

impl dyn Trial + '_ {
    /// Its protocol, and those that it runs on.
    fn protocols(&self) -> impl Iterator<Item = &'static str> {
        [self.name()].into_iter().chain(self.runs_on().iter().copied())
    }

    /// Is one of these a step of the trial's protocols at which fewer than `kills` have died?
    fn wants(&self, steps: &BTreeSet<String>, hits: &Hits, kills: u64) -> bool {
        steps.iter().any(|step| {
            let protocol = step.split('/').next();
            self.protocols().any(|ours| Some(ours) == protocol) && hits.at(step) < kills
        })
    }

    /// More than have died at the rarest of the steps of the trial's protocols; or else at the rarer of two that
    /// are drawn.
    fn aim(&self, hits: &Hits, rarest: bool, random: &mut Random) -> u64 {
        let kills: Vec<_> =
            self.protocols().flat_map(figures::steps).map(|step| hits.at(&step)).collect();
        let mut any = || kills[random.below(kills.len() as u64) as usize];
        let aim = match rarest {
            true => kills.iter().copied().min().unwrap_or_default(),
            false => any().min(any()),
        };
        aim + 1
    }
}

/// What a round has come to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Settled {
    /// Operations that returned.
    pub done: u64,
    /// Permits or records that are gone with the dead, as the card allows.
    pub lost: u64,
}

/// One round. Without `steps`, it is neither said nor chosen where workers die.
///
/// # Errors
/// What is not as the card promises.
///
/// # Panics
/// If the kernel no longer says where a process is.
pub fn round(
    trial: &mut dyn Trial,
    desks: &Desks,
    steps: Option<&Steps>,
    random: &mut Random,
    figures: &mut Figures,
) -> Result<(), Harm> {
    desks.clear();
    let end = Instant::now() + ROUND;
    let mut crew = Crew::new(trial, desks, random);
    while Instant::now() < end && crew.lives.len() < LIVES.min(desks.count()) {
        let death = crew.next(random)?;
        let desk = crew.life(&death).desk;
        let inside = || desk.operation().checked_sub(1);
        // What is rarest is found by going past what is not; above all by who comes after another while all stand
        // still.
        let rarest = crew.is_second() || random.below(2) == 0;
        let wanted_below = trial.aim(&figures.hits, rarest, random);
        let wanted = |steps: &BTreeSet<String>| {
            inside().is_some() && trial.wants(steps, &figures.hits, wanted_below)
        };
        if let Some(place) = crew.kill(&death, wanted, steps)? {
            figures.kills += 1;
            // Outside an operation, what is found on the stack is left from the last one.
            if let Some(inside) = inside() {
                let operation = trial.operations()[inside as usize];
                *figures.inside.entry(operation).or_default() += 1;
                figures.hits.count(&place);
            }
            if !trial.goes_on(&desk) {
                break;
            }
        }
        crew.replace(trial, &death, random)?;
    }
    let settled = trial.settle(&crew.finish()?)?;
    figures.rounds += 1;
    figures.settled.done += settled.done;
    figures.settled.lost += settled.lost;
    Ok(())
}
