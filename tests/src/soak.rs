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
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

pub use desk::{Desk, Desks};
pub use figures::{Figures, Hits};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity},
    unistd::Pid,
};
use selvedge::segment::JoinError;
pub use steps::Steps;

use crate::{
    FOR_EVER,
    deaths::{Bystander, Harm},
};

/// Workers at a time.
const WORKERS: usize = 4;

/// A round ends after so many lives, or when it has lasted so long.
const LIVES: usize = 48;
const ROUND: Duration = Duration::from_millis(300);

/// The longest that a worker is left alone, in microseconds.
const PAUSE: u64 = 2_000;

/// A step at which so many have died is looked for only if that is less than the average.
const FEW: u64 = 5;

/// The most instructions that a worker is stepped through before it dies: while the others stand still, and
/// while they run, which takes longer.
const STEPS: u64 = 1_000;
const STEPS_AMONG_OTHERS: u64 = 100;

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

    /// Is one of these a step of the trial's protocols at which fewer than `few` have died?
    fn wants(&self, steps: &BTreeSet<String>, hits: &Hits, few: u64) -> bool {
        steps.iter().any(|step| {
            let protocol = step.split('/').next();
            self.protocols().any(|ours| Some(ours) == protocol) && hits.at(step) < few
        })
    }

    /// How many have died at a step of the trial's protocols, on average.
    fn average(&self, hits: &Hits) -> u64 {
        let steps: Vec<_> = self.protocols().flat_map(figures::steps).collect();
        steps.iter().map(|step| hits.at(step)).sum::<u64>() / steps.len() as u64
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

/// Lets this process and another run on one core, so that a step is a switch between two processes and no more.
/// Returns on which this one could run before. If it fails, it is only slower.
fn share_core(other: Pid) -> nix::Result<CpuSet> {
    let before = sched_getaffinity(Pid::this())?;
    let mut one = CpuSet::new();
    one.set(sched_getcpu()?)?;
    sched_setaffinity(other, &one)?;
    sched_setaffinity(Pid::this(), &one)?;
    Ok(before)
}

/// Kills a worker, `steps_on` instructions on or where it is `wanted`, and says at which steps; nothing if it has ended by itself meanwhile.
fn kill(
    worker: &mut Bystander,
    steps_on: u64,
    wanted: impl Fn(&BTreeSet<String>) -> bool,
    steps: Option<&Steps>,
) -> Result<Option<Rc<BTreeSet<String>>>, Harm> {
    if !worker.stop()? {
        return Ok(None);
    }
    let place = |worker: &Bystander| match steps.map(|steps| steps.of(worker.pid())) {
        None => Rc::default(),
        Some(Ok(place)) => place,
        Some(Err(error)) => panic!("it has told until now where a process is: {error}"),
    };
    let mut dies_at = place(worker);
    // Where tracing is refused, it dies here.
    if steps_on > 0 && worker.trace().is_ok() {
        let mut ended = false;
        let everywhere = share_core(worker.pid());
        for _ in 0..steps_on {
            if wanted(&dies_at) {
                break;
            }
            ended = !worker.step()?;
            if ended {
                break;
            }
            dies_at = place(worker);
        }
        let _ = everywhere.and_then(|cores| sched_setaffinity(Pid::this(), &cores));
        if ended {
            return Ok(None);
        }
    }
    worker.kill();
    Ok(Some(dies_at))
}

/// One round. Without `steps`, it is not said where workers died.
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
    let mut stand_still = false;
    while Instant::now() < end && lives.len() < LIVES.min(desks.count()) {
        if !stand_still {
            thread::sleep(Duration::from_micros(random.below(PAUSE)));
        }
        let slot = random.below(WORKERS as u64) as usize;
        let steps_on = match random.below(8) {
            0 if !stand_still => random.below(STEPS_AMONG_OTHERS),
            1..4 => random.below(STEPS),
            4..7 if stand_still => random.below(STEPS),
            _ => 0,
        };
        if steps_on >= STEPS_AMONG_OTHERS {
            stand_still = true;
            for (worker, _) in &mut workers {
                worker.stop()?;
            }
        }
        let (worker, life) = &mut workers[slot];
        let life = &mut lives[*life];
        let inside = |desk: &Desk<'_>| desk.operation().checked_sub(1);
        let few = match random.below(2) {
            0 => FEW,
            _ => trial.average(&figures.hits).max(FEW),
        };
        let wanted = |steps: &BTreeSet<String>| {
            inside(&life.desk).is_some() && trial.wants(steps, &figures.hits, few)
        };
        if let Some(place) = kill(worker, steps_on, wanted, steps)? {
            figures.kills += 1;
            life.killed = true;
            // Outside an operation, what is found on the stack is left from the last one.
            if let Some(inside) = inside(&life.desk) {
                let operation = trial.operations()[inside as usize];
                *figures.inside.entry(operation).or_default() += 1;
                figures.hits.count(&place);
            }
            if !trial.goes_on(&life.desk) {
                break;
            }
        }
        // While they stand still, the next to die finds what this one has left.
        if random.below(4) == 0 {
            workers.iter_mut().for_each(|(worker, _)| worker.resume());
            stand_still = false;
        }
        workers[slot] = employ(trial, &mut lives, slot, random);
        if stand_still {
            workers[slot].0.stop()?;
        }
        let desk = desks.desk(lives.len());
        lives.push(Life { desk, killed: false });
    }
    desks.stop();
    for (mut worker, life) in workers {
        if !lives[life].killed {
            worker.resume();
            worker.finish()?;
        }
    }
    let settled = trial.settle(&lives)?;
    figures.rounds += 1;
    figures.settled.done += settled.done;
    figures.settled.lost += settled.lost;
    Ok(())
}
