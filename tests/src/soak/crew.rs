//! Those who work in a round, and how they die.

use std::{collections::BTreeSet, rc::Rc, thread, time::Duration};

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity},
    unistd::Pid,
};

use super::{Desks, Life, Random, Steps, Trial};
use crate::deaths::{Bystander, Harm};

/// Workers at a time.
pub(super) const WORKERS: usize = 4;

/// The longest that a worker is left alone, in microseconds.
const PAUSE: u64 = 2_000;

/// The most instructions that a worker is stepped through before it dies: while the others stand still, and
/// while they run, which takes longer.
const STEPS: u64 = 1_000;
const STEPS_AMONG_OTHERS: u64 = 100;

/// The workers of a round, and all lives so far.
pub(super) struct Crew<'a> {
    desks: &'a Desks,
    pub(super) lives: Vec<Life<'a>>,
    /// Who works in each slot, and which life that is.
    workers: Vec<(Bystander, usize)>,
    /// They stand still; later lives than these have not begun.
    still: Option<usize>,
}

/// How a worker is to die.
pub(super) struct Death {
    slot: usize,
    /// It goes on by so many instructions, at most.
    steps_on: u64,
}

impl<'a> Crew<'a> {
    pub(super) fn new(trial: &dyn Trial, desks: &'a Desks, random: &mut Random) -> Self {
        let mut crew = Self { desks, lives: Vec::new(), workers: Vec::new(), still: None };
        for slot in 0..WORKERS {
            let worker = crew.begin(trial, slot, random);
            crew.workers.push(worker);
        }
        crew
    }

    /// A life at a new desk.
    fn begin(&mut self, trial: &dyn Trial, slot: usize, random: &mut Random) -> (Bystander, usize) {
        let (life, seed) = (self.lives.len(), random.below(u64::MAX));
        let desk = self.desks.desk(life);
        let worker = Bystander::start(|| {
            self.desks.take(life);
            trial.work(&desk, slot, Random::new(seed));
        });
        self.lives.push(Life { desk, killed: false });
        (worker, life)
    }

    /// Another takes the place of one who is dead.
    pub(super) fn replace(
        &mut self,
        trial: &dyn Trial,
        death: &Death,
        random: &mut Random,
    ) -> Result<(), Harm> {
        let mut successor = self.begin(trial, death.slot, random);
        if self.still.is_some() {
            successor.0.stop()?;
        }
        self.workers[death.slot] = successor;
        Ok(())
    }

    /// Who dies next, and how; after a while, unless they stand still.
    pub(super) fn next(&mut self, random: &mut Random) -> Result<Death, Harm> {
        // While they stand still, the next to die finds what the last one has left.
        let elders = |crew: &Self| {
            let begun = |life: &usize| crew.still.is_none_or(|lives| *life < lives);
            let slots = crew.workers.iter().enumerate();
            slots.filter(|(_, (_, life))| begun(life)).map(|(slot, _)| slot).collect::<Vec<_>>()
        };
        if random.below(4) == 0 || elders(self).is_empty() {
            self.go_on();
        }
        let elders = elders(self);
        let slot = elders[random.below(elders.len() as u64) as usize];
        if self.still.is_none() {
            thread::sleep(Duration::from_micros(random.below(PAUSE)));
        }
        let steps_on = match random.below(8) {
            0 if self.still.is_none() => random.below(STEPS_AMONG_OTHERS),
            1..4 => self.stand_still().map(|()| random.below(STEPS))?,
            4..8 if self.still.is_some() => STEPS,
            _ => 0,
        };
        Ok(Death { slot, steps_on })
    }

    fn stand_still(&mut self) -> Result<(), Harm> {
        if self.still.is_none() {
            self.still = Some(self.lives.len());
            for (worker, _) in &mut self.workers {
                worker.stop()?;
            }
        }
        Ok(())
    }

    fn go_on(&mut self) {
        self.workers.iter_mut().for_each(|(worker, _)| worker.resume());
        self.still = None;
    }

    /// Has somebody died while the others stand still?
    pub(super) fn is_second(&self) -> bool {
        self.still.is_some_and(|lives| self.lives.len() > lives)
    }

    /// The life that a death will end.
    pub(super) fn life(&self, death: &Death) -> &Life<'a> {
        &self.lives[self.workers[death.slot].1]
    }

    /// Kills a worker, where it is `wanted` at the latest, and says at which steps; nothing if it has ended by
    /// itself meanwhile.
    pub(super) fn kill(
        &mut self,
        death: &Death,
        wanted: impl Fn(&BTreeSet<String>) -> bool,
        steps: Option<&Steps>,
    ) -> Result<Option<Rc<BTreeSet<String>>>, Harm> {
        let (worker, life) = &mut self.workers[death.slot];
        if !worker.stop()? {
            return Ok(None);
        }
        let place = match steps {
            Some(steps) if death.steps_on > 0 => {
                worker.trace().expect("as the first child that was asked");
                step(worker, death.steps_on, wanted, steps)?
            }
            Some(steps) => Some(place(worker, steps)),
            None => Some(Rc::default()),
        };
        if place.is_some() {
            worker.kill();
            let life = &mut self.lives[*life];
            life.killed = true;
            if life.desk.panicked() {
                return Err(Harm::Corrupt("another process panicked".into()));
            }
        }
        Ok(place)
    }

    /// All who are left come to an end.
    pub(super) fn finish(mut self) -> Result<Vec<Life<'a>>, Harm> {
        self.go_on();
        self.desks.stop();
        for (worker, life) in self.workers {
            if !self.lives[life].killed {
                worker.finish()?;
            }
        }
        Ok(self.lives)
    }
}

/// At which steps a stopped worker is.
fn place(worker: &Bystander, steps: &Steps) -> Rc<BTreeSet<String>> {
    steps.of(worker.pid()).expect("as of the first child that was asked")
}

/// Steps a worker on until it is `wanted`, or has gone so many instructions; nothing if it has ended.
fn step(
    worker: &mut Bystander,
    instructions: u64,
    wanted: impl Fn(&BTreeSet<String>) -> bool,
    steps: &Steps,
) -> Result<Option<Rc<BTreeSet<String>>>, Harm> {
    let everywhere = share_core(worker.pid());
    let mut here = Some(place(worker, steps));
    for _ in 0..instructions {
        if here.as_ref().is_none_or(|steps| wanted(steps)) {
            break;
        }
        here = worker.step()?.then(|| place(worker, steps));
    }
    // If it fails, all is only slower.
    let _ = everywhere.and_then(|cores| sched_setaffinity(Pid::this(), &cores));
    Ok(here)
}

/// Lets this process and another run on one core, so that a step is a switch between two processes and no more.
/// Returns on which this one could run before.
fn share_core(other: Pid) -> nix::Result<CpuSet> {
    let before = sched_getaffinity(Pid::this())?;
    let mut one = CpuSet::new();
    one.set(sched_getcpu()?)?;
    sched_setaffinity(other, &one)?;
    sched_setaffinity(Pid::this(), &one)?;
    Ok(before)
}
