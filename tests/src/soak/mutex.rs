//! A robust mutex under soak: a record that every holder writes anew, and whose number is noted outside
//! before. Whole is called only what has the number noted.

use core::mem;
use std::{os::fd::OwnedFd, time::Duration};

use selvedge::{
    mutex::{Guard, LockError, MutexConfig, RobustMutex, SharedMutex},
    platform::Ordering::{Acquire, Release},
    segment::{Shared, sealed},
};

use super::{Desk, Life, Random, Settled, Trial, dawdle, join};
use crate::{
    Sheet,
    deaths::{Harm, patiently},
};

/// What a worker is in the middle of.
const JOINING: u64 = 1;
const LOCKING: u64 = 2;
const HOLDING: u64 = 3;
const UNLOCKING: u64 = 4;
const LEAVING: u64 = 5;

/// What a worker lists: that it was told of a death, that it has left the lock behind as if it had died.
const TOLD: u64 = 1;
const LEFT: u64 = 2;

/// The most locks that a worker takes with one handle.
const TURN: u64 = 16;

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

    fn runs_on(&self) -> &'static [&'static str] {
        &["registry"]
    }

    fn operations(&self) -> &'static [&'static str] {
        &["joining", "locking", "holding", "unlocking", "leaving"]
    }

    fn work(&self, desk: &Desk<'_>, _: usize, mut random: Random) {
        desk.inside(JOINING);
        let mutex = sealed::attach::<SharedMutex<Sheet>>(&self.descriptor).expect("the mutex");
        let mut count = 0;
        while desk.open() {
            desk.inside(JOINING);
            let handle = join(|| mutex.handle()).expect("the registry has room");
            let turn = 1 + random.below(TURN);
            let mut left = false;
            for _ in (0..turn).take_while(|_| desk.open()) {
                desk.inside(LOCKING);
                let locked = match random.below(2) {
                    0 => handle.try_lock(),
                    _ => handle.lock_timeout(Duration::from_micros(random.below(300))),
                };
                let noted = || self.before + desk.common().load(Acquire);
                let mut guard = match held(locked, noted) {
                    Ok((guard, told)) => {
                        if told {
                            desk.list(TOLD);
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
                left = random.below(TURN) == 0;
                if left {
                    desk.inside(LEAVING);
                    mem::forget(guard);
                    break;
                }
                desk.inside(UNLOCKING);
                drop(guard);
                desk.inside(0);
            }
            drop(handle);
            if left {
                desk.list(LEFT);
                desk.inside(0);
            }
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
        // Each holder's death, or going away, is told once, unless who was told died before it wrote that down.
        let listed = |what| {
            let entries = lives.iter().flat_map(|life| life.desk.entries());
            entries.filter(|entry| *entry == what).count() as u64
        };
        let (told, left) = (listed(TOLD) + u64::from(told), listed(LEFT));
        let least = left + died_in(&[HOLDING]);
        let most = least + died_in(&[LOCKING, UNLOCKING, LEAVING]);
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
