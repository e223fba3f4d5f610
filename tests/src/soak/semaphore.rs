//! A plain semaphore under soak: a permit may be lost with who was acquiring or releasing it, and is
//! with who held it; none is there twice.

use std::{os::fd::OwnedFd, time::Duration};

use selvedge::{
    platform::{Ordering::AcqRel, native::Native},
    protocol::semaphore::{AcquireTimeoutError, Semaphore},
    segment::{Shared, sealed},
    semaphore::{SemaphoreConfig, SharedSemaphore},
};

use super::{Desk, Life, Random, Settled, Trial, dawdle};
use crate::deaths::Harm;

/// Fewer than workers, so that they wait for one another.
const PERMITS: u32 = 2;

/// What a worker is in the middle of.
const ACQUIRING: u64 = 1;
const HOLDING: u64 = 2;
const RELEASING: u64 = 3;

/// Workers that take permits and give them back.
#[derive(Debug)]
pub struct Permits {
    handle: Semaphore<Native, Shared<SharedSemaphore>>,
    descriptor: OwnedFd,
    /// Permits that those who died in this round may have.
    doubtful: u32,
}

impl Permits {
    /// All free.
    ///
    /// # Panics
    /// If there is no memory for it.
    #[must_use]
    pub fn new() -> Self {
        let (semaphore, descriptor) =
            sealed::create::<SharedSemaphore>(SemaphoreConfig::counting(PERMITS)).expect("a page");
        let handle = semaphore.handle().expect("a semaphore");
        Self { handle, descriptor, doubtful: 0 }
    }
}

impl Default for Permits {
    fn default() -> Self {
        Self::new()
    }
}

impl Trial for Permits {
    fn name(&self) -> &'static str {
        "semaphore"
    }

    fn runs_on(&self) -> &'static [&'static str] {
        &[]
    }

    fn operations(&self) -> &'static [&'static str] {
        &["acquiring", "holding", "releasing"]
    }

    fn work(&self, desk: &Desk<'_>, _: usize, mut random: Random) {
        let semaphore = sealed::attach::<SharedSemaphore>(&self.descriptor).expect("the semaphore");
        let semaphore = semaphore.handle().expect("a semaphore");
        let mut count = 0;
        while desk.open() {
            desk.inside(ACQUIRING);
            let timeout = Duration::from_micros(random.below(300));
            match semaphore.acquire_timeout(timeout) {
                Ok(()) => {}
                Err(AcquireTimeoutError::TimedOut) => continue,
                Err(error) => panic!("{error}"),
            }
            desk.inside(HOLDING);
            // The dead keep their permits, so this never exceeds them.
            let holders = desk.common().fetch_add(1, AcqRel) + 1;
            assert!(holders <= PERMITS.into(), "{holders} holders of {PERMITS} permits");
            // Long enough for others to fall asleep, now and then.
            dawdle(&mut random);
            count += 1;
            desk.end(count);
            desk.common().fetch_sub(1, AcqRel);
            desk.inside(RELEASING);
            semaphore.release(1).expect("it was held");
            desk.inside(0);
        }
    }

    /// With every permit in doubt, the others would wait for ever.
    fn goes_on(&mut self, dead: &Desk<'_>) -> bool {
        self.doubtful += u32::from(dead.operation() != 0);
        self.doubtful < PERMITS
    }

    fn settle(&mut self, lives: &[Life<'_>]) -> Result<Settled, Harm> {
        self.doubtful = 0;
        let killed_in = |operation| {
            let those = lives.iter().filter(|life| life.killed);
            those.filter(|life| life.desk.operation() == operation).count() as u64
        };
        let certain = killed_in(HOLDING);
        let most = certain + killed_in(ACQUIRING) + killed_in(RELEASING);
        let mut free = 0;
        while self.handle.try_acquire().is_ok() {
            free += 1;
        }
        let Some(lost) = u64::from(PERMITS).checked_sub(free) else {
            return Err(Harm::Doubled(format!("{free} of {PERMITS} permits are free")));
        };
        if lost < certain {
            return Err(Harm::Doubled(format!("{certain} are with the dead, and {free} free")));
        }
        if lost > most {
            return Err(Harm::Lost(format!("{lost} permits, of {most} that the dead may have")));
        }
        self.handle.release(PERMITS).map_err(|error| Harm::Doubled(error.to_string()))?;
        let done = lives.iter().map(|life| life.desk.counted().0).sum();
        Ok(Settled { done, lost })
    }
}
