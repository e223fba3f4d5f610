//! Permits, some of whose holders die: theirs come back, once.

use std::{mem, os::fd::OwnedFd, thread};

use selvedge::{
    permits::{PermitGuard, PermitHandle, PermitPool, PermitsConfig},
    segment::{Shared, sealed},
};

use super::{Account, Bystander, Harm, PATIENCE, corpse, patiently};
use crate::Bell;

/// A victim's handle, which it never drops, so that it can have a guard beside it.
pub type Handle = &'static PermitHandle;

/// A permit of a victim's.
pub type Held = PermitGuard<'static>;

/// A pool, a handle that survives, and who else is there.
#[derive(Debug)]
pub struct World {
    pool: Shared<PermitPool>,
    descriptor: OwnedFd,
    survivor: PermitHandle,
    /// Lets go of all permits when the bell rings.
    holder: Option<Bystander>,
    bell: Shared<Bell>,
    /// Sleeps until it has a permit, and gives it back.
    sleeper: Option<Bystander>,
}

/// The permit is held until the process is dead; as a number.
pub fn hold<E>(result: Result<Held, E>) -> u64 {
    result.map(mem::forget).is_ok().into()
}

impl World {
    /// So many permits, all free.
    ///
    /// # Panics
    /// If there is no memory for it.
    #[must_use]
    pub fn free(permits: u32) -> Self {
        let config = PermitsConfig::new(permits).owners(4);
        let (pool, descriptor) = sealed::create::<PermitPool>(config).expect("a page");
        let survivor = pool.handle().expect("a free slot of the registry");
        let (bell, _) = sealed::create(()).expect("a page");
        Self { pool, descriptor, survivor, holder: None, bell, sleeper: None }
    }

    /// So many, all held by another process, until it is told to [let go](Self::let_go).
    #[must_use]
    pub fn held(permits: u32) -> Self {
        let mut world = Self::free(permits);
        let holder = Bystander::start(|| {
            let all = world.take_all();
            world.bell.wait(PATIENCE).expect("it will be rung");
            drop(all);
        });
        world.wait_until_held();
        world.holder = Some(holder);
        world
    }

    /// So many, whose holder has died. So many `others` get other numbers than the dead one's, which
    /// the next one gets.
    ///
    /// # Panics
    /// If nobody can join.
    #[must_use]
    pub fn of_the_dead(permits: u32, others: usize) -> Self {
        let world = Self::free(permits);
        // Smaller numbers, free again when these have gone.
        let places = (0..others).map(|_| world.pool.handle().expect("a free slot of the registry"));
        let _places = places.collect::<Vec<_>>();
        corpse(|| mem::forget(world.take_all()));
        world
    }

    /// One, for which somebody will sleep as soon as it is held.
    #[must_use]
    pub fn wanted() -> Self {
        let mut world = Self::free(1);
        let sleeper = Bystander::start(|| {
            let handle = world.handle();
            world.wait_until_held();
            drop(handle.acquire_timeout(PATIENCE).expect("it is released, or its holder dies"));
        });
        world.sleeper = Some(sleeper);
        world
    }

    fn take_all(&self) -> Vec<Held> {
        let handle = self.handle();
        (0..handle.max()).map(|_| handle.acquire().expect("it is free")).collect()
    }

    fn wait_until_held(&self) {
        while self.survivor.free() > 0 {
            thread::yield_now();
        }
    }

    /// Somebody else's pointer to it.
    ///
    /// # Panics
    /// If it cannot attach.
    #[must_use]
    pub fn attach(&self) -> Shared<PermitPool> {
        sealed::attach(&self.descriptor).expect("the pool")
    }

    /// Somebody else's handle.
    ///
    /// # Panics
    /// If it cannot attach.
    #[must_use]
    pub fn handle(&self) -> Handle {
        let handle = self.attach().handle().expect("a free slot of the registry");
        Box::leak(Box::new(handle))
    }

    /// Somebody else's permit, beside whoever sleeps until it is given back.
    ///
    /// # Panics
    /// If it cannot attach and acquire.
    #[must_use]
    pub fn guard(&self) -> Option<Held> {
        let guard = self.handle().acquire().expect("it is free");
        if let Some(sleeper) = &self.sleeper {
            sleeper.fall_asleep();
        }
        Some(guard)
    }

    /// Whoever would sleep until a death is known does not.
    #[must_use]
    pub fn without_sleeper(self) -> Self {
        Self { sleeper: None, ..self }
    }

    /// Does somebody hold it, dead or alive?
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.survivor.free() == 0
    }

    /// Tells the holder to let go.
    pub fn let_go(&mut self) {
        self.bell.ring();
    }

    /// All deaths are over; all permits are to be had, but for so many that are held by the living.
    ///
    /// # Errors
    /// What is not as the card promises.
    pub fn settle(mut self, held: u64) -> Account {
        self.let_go();
        for other in [self.holder.take(), self.sleeper.take()].into_iter().flatten() {
            other.finish()?;
        }
        self.count(held)
    }

    /// As [`settle`](Self::settle), after others have taken the numbers of the dead.
    ///
    /// # Errors
    /// What is not as the card promises.
    pub fn settle_with_heirs(self) -> Account {
        let heirs = [(); 3].map(|()| self.pool.handle().map_err(|e| Harm::Wedged(e.to_string())));
        match heirs.iter().find_map(|heir| heir.as_ref().err()) {
            Some(error) => Err(error.clone()),
            None => self.count(0),
        }
    }

    fn count(&self, held: u64) -> Account {
        let max = self.survivor.max() as u64;
        let Some(expected) = max.checked_sub(held) else {
            return Err(Harm::Doubled(format!("{held} of {max} permits are held")));
        };
        let mut taken = Vec::new();
        for n in 0..expected {
            let permit = patiently(|| self.survivor.try_acquire())
                .map_err(|_| Harm::Lost(format!("{n} of {expected} permits can be taken")))?;
            taken.push(permit);
        }
        if self.survivor.try_acquire().is_ok() {
            return Err(Harm::Doubled(format!("more than {expected} permits")));
        }
        drop(taken);
        match self.survivor.free() as u64 {
            free if free == expected => Ok(0),
            free => Err(Harm::Lost(format!("{free} of {expected} permits are free"))),
        }
    }
}
