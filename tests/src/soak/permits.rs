//! Permits under soak: those of the dead come back, and no more are held than there are.

use core::mem;
use std::{
    os::fd::OwnedFd,
    thread,
    time::{Duration, Instant},
};

use selvedge::{
    permits::{PermitHandle, PermitPool, PermitsConfig},
    platform::{Ordering::SeqCst, Platform, native::Native},
    protocol::permits::Pool,
    segment::sealed,
};

use super::{Desk, Life, Random, Settled, Trial, WORKERS, dawdle, epoch::about_to_wrap, join};
use crate::{
    View,
    deaths::{Harm, patiently},
};

/// Fewer than workers, so that they wait for one another.
const PERMITS: u32 = 2;

/// What a worker is in the middle of.
const JOINING: u64 = 1;
const ACQUIRING: u64 = 2;
const HOLDING: u64 = 3;
const RELEASING: u64 = 4;
const LEAVING: u64 = 5;

/// The most permits that a worker takes with one handle.
const TURN: u64 = 16;

/// How long what a dead worker noted of its permit may stand.
const STALE: Duration = Duration::from_secs(2);

/// Workers that take permits and give them back.
#[derive(Debug)]
pub struct OwnedPermits {
    survivor: PermitHandle,
    descriptor: OwnedFd,
    view: View,
}

impl OwnedPermits {
    /// All free.
    ///
    /// # Panics
    /// If there is no memory for it.
    #[must_use]
    pub fn new() -> Self {
        let config = PermitsConfig::new(PERMITS);
        let (pool, descriptor) = sealed::create::<PermitPool>(config).expect("a page");
        let survivor = pool.handle().expect("a free slot of the registry");
        let fields = Pool::<Native, [<Native as Platform>::U32; PERMITS as usize]>::fields();
        let view = View::of(&descriptor, &fields).expect("another mapping");
        Self { survivor, descriptor, view }
    }
}

impl Default for OwnedPermits {
    fn default() -> Self {
        Self::new()
    }
}

/// Who holds one notes it in the word of its place; a dead worker's is emptied by whoever follows it. So
/// there are not more notes than permits, but for a moment.
fn count_holders(desk: &Desk<'_>) {
    let end = Instant::now() + STALE;
    loop {
        let holders = (0..WORKERS).map(|slot| desk.of_slot(slot).load(SeqCst)).sum::<u64>();
        if holders <= PERMITS.into() || !desk.open() {
            return;
        }
        assert!(Instant::now() < end, "{holders} holders of {PERMITS} permits");
        thread::sleep(Duration::from_micros(100));
    }
}

impl Trial for OwnedPermits {
    fn name(&self) -> &'static str {
        "permits"
    }

    fn runs_on(&self) -> &'static [&'static str] {
        &["event", "registry"]
    }

    fn operations(&self) -> &'static [&'static str] {
        &["joining", "acquiring", "holding", "releasing", "leaving"]
    }

    fn work(&self, desk: &Desk<'_>, slot: usize, mut random: Random) {
        desk.inside(JOINING);
        desk.of_slot(slot).store(0, SeqCst);
        let pool = sealed::attach::<PermitPool>(&self.descriptor).expect("the pool");
        let mut count = 0;
        while desk.open() {
            desk.inside(JOINING);
            let handle = join(|| pool.handle()).expect("the registry has room");
            let turn = 1 + random.below(TURN);
            for _ in (0..turn).take_while(|_| desk.open()) {
                about_to_wrap(self.view.u64("freed"), &mut random);
                desk.inside(ACQUIRING);
                let acquired = match random.below(2) {
                    0 => handle.try_acquire().ok(),
                    _ => handle.acquire_timeout(Duration::from_micros(random.below(300))).ok(),
                };
                let Some(permit) = acquired else { continue };
                desk.inside(HOLDING);
                desk.of_slot(slot).store(1, SeqCst);
                count_holders(desk);
                dawdle(&mut random);
                count += 1;
                desk.end(count);
                desk.of_slot(slot).store(0, SeqCst);
                if random.below(TURN) == 0 {
                    // As if it had died: whoever comes next sweeps.
                    desk.inside(LEAVING);
                    mem::forget(permit);
                    break;
                }
                desk.inside(RELEASING);
                drop(permit);
                desk.inside(0);
            }
        }
    }

    fn settle(&mut self, lives: &[Life<'_>]) -> Result<Settled, Harm> {
        let mut all = Vec::new();
        for n in 0..PERMITS {
            all.push(
                patiently(|| self.survivor.try_acquire())
                    .map_err(|_| Harm::Lost(format!("{n} of {PERMITS} permits can be taken")))?,
            );
        }
        if self.survivor.try_acquire().is_ok() {
            return Err(Harm::Doubled(format!("more than {PERMITS} permits")));
        }
        drop(all);
        let free = self.survivor.free();
        if free != PERMITS as usize {
            return Err(Harm::Lost(format!("{free} of {PERMITS} permits are free")));
        }
        let done = lives.iter().map(|life| life.desk.counted().0).sum();
        Ok(Settled { done, lost: 0 })
    }
}
