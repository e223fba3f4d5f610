//! A robust mutex under soak: a record that every holder writes anew, and whose number is noted outside
//! before. Whole is called only what has the number noted.

use std::{os::fd::OwnedFd, time::Duration};

use selvedge::{
    mutex::{Guard, LockError, MutexConfig, RobustMutex, SharedMutex},
    platform::Ordering::{Acquire, Release},
    segment::{Shared, sealed},
};

use super::{Desk, Life, Random, Settled, Trial, dawdle};
use crate::{
    Sheet,
    deaths::{Harm, patiently},
};

/// What a worker is in the middle of.
const JOINING: u64 = 1;
const LOCKING: u64 = 2;
const HOLDING: u64 = 3;
const UNLOCKING: u64 = 4;

/// Workers that lock, write and unlock.
#[derive(Debug)]
pub struct Changes {
    mutex: Shared<SharedMutex<Sheet>>,
    survivor: RobustMutex<Sheet>,
    descriptor: OwnedFd,
    /// The record's number when the round began.
    before: u64,
}

impl Changes {
    /// Nobody holds it.
    ///
    /// # Panics
    /// If there is no memory for it.
    #[must_use]
    pub fn new() -> Self {
        let config = MutexConfig::of(Sheet::nth(0));
        let (mutex, descriptor) = sealed::create::<SharedMutex<Sheet>>(config).expect("a page");
        let survivor = mutex.handle().expect("a free slot of the registry");
        Self { mutex, survivor, descriptor, before: 0 }
    }
}

impl Default for Changes {
    fn default() -> Self {
        Self::new()
    }
}

/// The guard of a lock whose record has this number, repaired if somebody died; and whether.
fn held<'a>(
    locked: Result<Guard<'a, Sheet>, LockError<'a, Sheet>>,
    number: impl FnOnce() -> u64,
) -> Result<(Guard<'a, Sheet>, bool), LockError<'a, Sheet>> {
    match locked {
        Ok(guard) => {
            assert_eq!(guard.get().number(), Some(number()), "what is called whole");
            Ok((guard, false))
        }
        Err(LockError::OwnerDied(mut guard)) => {
            let (found, noted) = (guard.get().number(), number());
            // It was written, or was to be.
            assert!(found.is_none_or(|n| n <= noted && noted <= n + 1), "{found:?}, {noted} noted");
            guard.set(Sheet::nth(noted));
            guard.mark_consistent();
            Ok((guard, true))
        }
        Err(error) => Err(error),
    }
}

impl Trial for Changes {
    fn name(&self) -> &'static str {
        "mutex"
    }

    fn operations(&self) -> &'static [&'static str] {
        &["joining", "locking", "holding", "unlocking"]
    }

    fn work(&self, desk: &Desk<'_>, _: usize, mut random: Random) {
        desk.inside(JOINING);
        let mutex = sealed::attach::<SharedMutex<Sheet>>(&self.descriptor).expect("the mutex");
        let handle = mutex.handle().expect("the registry has room for all who live");
        let mut count = 0;
        while desk.open() {
            desk.inside(LOCKING);
            let locked = match random.below(2) {
                0 => handle.try_lock(),
                _ => handle.lock_timeout(Duration::from_micros(random.below(300))),
            };
            let noted = || self.before + desk.common().load(Acquire);
            let mut guard = match held(locked, noted) {
                Ok((guard, told)) => {
                    if told {
                        desk.list(1);
                    }
                    desk.inside(HOLDING);
                    guard
                }
                Err(LockError::Held) => continue,
                Err(error) => panic!("{error}"),
            };
            count += 1;
            desk.begin(count);
            // Only the holder writes it.
            desk.common().store(noted() + 1 - self.before, Release);
            dawdle(&mut random);
            guard.set(Sheet::nth(noted()));
            desk.end(count);
            desk.inside(UNLOCKING);
            drop(guard);
            desk.inside(0);
        }
    }

    fn settle(&mut self, lives: &[Life<'_>]) -> Result<Settled, Harm> {
        let Some(noted) = lives.first().map(|life| life.desk.common().load(Acquire)) else {
            return Ok(Settled::default());
        };
        let died_in = |operations: &[u64]| {
            let dead = lives.iter().filter(|life| life.killed);
            dead.filter(|life| operations.contains(&life.desk.operation())).count() as u64
        };
        let number = self.before + noted;
        let lock = || match self.survivor.try_lock() {
            Err(LockError::Held) => Err(Harm::Wedged(format!("{:?}", self.mutex.state()))),
            locked => Ok(locked),
        };
        let (_guard, told) =
            held(patiently(lock)?, || number).map_err(|error| Harm::Wedged(error.to_string()))?;
        self.before = number;
        // Each holder's death is told once, unless who was told died before it wrote that down.
        let told = lives.iter().map(|life| life.desk.entries().count() as u64).sum::<u64>()
            + u64::from(told);
        let (least, most) = (died_in(&[HOLDING]), died_in(&[LOCKING, HOLDING, UNLOCKING]));
        if told + died_in(&[LOCKING]) < least || told > most {
            return Err(Harm::Lost(format!("{told} of {least} to {most} deaths were told")));
        }
        let returned = lives.iter().map(|life| life.desk.counted().0).sum::<u64>();
        let begun = lives.iter().map(|life| life.desk.counted().1).sum::<u64>();
        if !(returned..=begun).contains(&noted) {
            return Err(Harm::Doubled(format!("{noted} changes, {returned} to {begun} were made")));
        }
        Ok(Settled { done: returned, lost: 0 })
    }
}
