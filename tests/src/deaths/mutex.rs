//! A mutex, some of whose holders die: who locks it then is told, and nothing torn is called whole.

use std::{mem, os::fd::OwnedFd, thread};

use selvedge::{
    mutex::{Guard, LockError, MutexConfig, RobustMutex, SharedMutex},
    segment::{Shared, sealed},
};

use super::{Account, Bystander, Harm, PATIENCE, corpse, patiently};
use crate::{Bell, Sheet};

/// The number of the record before the operation, and of the one that the operation writes.
pub const OLD: u64 = 1;
/// See [`OLD`].
pub const NEW: u64 = 2;

/// A victim's handle, which it never drops, so that it can have a guard beside it.
pub type Handle = &'static RobustMutex<Sheet>;

/// A guard of a victim's.
pub type Held = Guard<'static, Sheet>;

/// A mutex, a handle that survives, and who else is there.
#[derive(Debug)]
pub struct World {
    mutex: Shared<SharedMutex<Sheet>>,
    descriptor: OwnedFd,
    survivor: RobustMutex<Sheet>,
    /// Lets go when the bell rings.
    holder: Option<Bystander>,
    bell: Shared<Bell>,
    /// Sleeps until it has the lock, and leaves it whole.
    sleeper: Option<Bystander>,
}

/// The lock is had, and held until the process is dead; as a number.
pub fn hold(result: Result<Held, LockError<'static, Sheet>>) -> u64 {
    match result {
        Ok(guard) | Err(LockError::OwnerDied(guard)) => {
            mem::forget(guard);
            1
        }
        Err(_) => 0,
    }
}

/// Writes the new record under the lock, if that is free, and leaves it; as a number.
pub fn write(result: Result<Held, LockError<'static, Sheet>>) -> u64 {
    match result {
        Ok(mut guard) => guard.set(Sheet::nth(NEW)),
        Err(LockError::OwnerDied(mut guard)) => {
            guard.set(Sheet::nth(NEW));
            guard.mark_consistent();
        }
        Err(_) => return 0,
    }
    1
}

/// The lock's guard, whose holder has repaired what was torn.
fn repaired<'a>(result: Result<Guard<'a, Sheet>, LockError<'a, Sheet>>) -> Guard<'a, Sheet> {
    match result {
        Ok(guard) => guard,
        Err(LockError::OwnerDied(mut guard)) => {
            if guard.get().number().is_none() {
                guard.set(Sheet::nth(NEW));
            }
            guard.mark_consistent();
            guard
        }
        Err(error) => panic!("{error}"),
    }
}

impl World {
    /// Nobody holds it.
    ///
    /// # Panics
    /// If there is no memory for it.
    #[must_use]
    pub fn free() -> Self {
        let config = MutexConfig::of(Sheet::nth(OLD)).owners(4);
        let (mutex, descriptor) = sealed::create::<SharedMutex<Sheet>>(config).expect("a page");
        let survivor = mutex.handle().expect("a free slot of the registry");
        let (bell, _) = sealed::create(()).expect("a page");
        Self { mutex, descriptor, survivor, holder: None, bell, sleeper: None }
    }

    /// Another process holds it, until it is told to [let go](Self::let_go).
    #[must_use]
    pub fn held() -> Self {
        let mut world = Self::free();
        let holder = Bystander::start(|| {
            let handle = world.handle();
            let guard = handle.lock().expect("nobody holds it");
            world.bell.wait(PATIENCE).expect("it will be rung");
            drop(guard);
        });
        world.wait_for_holder();
        world.holder = Some(holder);
        world
    }

    /// Its holder has died in the middle of a change. So many `others` get other
    /// numbers than the dead one's, which the next one gets.
    ///
    /// # Panics
    /// If nobody can join.
    #[must_use]
    pub fn torn(others: usize) -> Self {
        let world = Self::free();
        // Smaller numbers, free again when these have gone.
        let places =
            (0..others).map(|_| world.mutex.handle().expect("a free slot of the registry"));
        let _places = places.collect::<Vec<_>>();
        corpse(|| {
            let mut guard = world.handle().lock().expect("nobody holds it");
            guard.set(Sheet::torn(OLD, NEW));
            mem::forget(guard);
        });
        world
    }

    /// Nobody holds it, but somebody will sleep as soon as it is held.
    #[must_use]
    pub fn wanted() -> Self {
        let mut world = Self::free();
        let sleeper = Bystander::start(|| {
            let handle = world.handle();
            world.wait_for_holder();
            let guard = repaired(handle.lock_timeout(PATIENCE));
            assert!(guard.get().number().is_some(), "a torn record is called whole");
        });
        world.sleeper = Some(sleeper);
        world
    }

    fn wait_for_holder(&self) {
        while self.mutex.state().holder().is_none() {
            thread::yield_now();
        }
    }

    /// Somebody else's pointer to it.
    ///
    /// # Panics
    /// If it cannot attach.
    #[must_use]
    pub fn attach(&self) -> Shared<SharedMutex<Sheet>> {
        sealed::attach(&self.descriptor).expect("the mutex")
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

    /// Somebody else's guard, beside whoever sleeps until it is gone.
    ///
    /// # Panics
    /// If it cannot attach and lock.
    #[must_use]
    pub fn guard(&self) -> Option<Held> {
        let guard = self.handle().lock().expect("nobody holds it");
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
        self.mutex.state().holder().is_some()
    }

    /// Tells the holder to let go.
    pub fn let_go(&mut self) {
        self.bell.ring();
    }

    /// All deaths are over; the lock is to be had. Whoever has it next is `told` of a death, must not be, or
    /// may be; if not, the record is one of `whole`.
    ///
    /// # Errors
    /// What is not as the card promises.
    pub fn settle(mut self, told: Option<bool>, whole: &[u64]) -> Account {
        self.let_go();
        for other in [self.holder.take(), self.sleeper.take()].into_iter().flatten() {
            other.finish()?;
        }
        self.look(&self.survivor, told, whole)?;
        self.exclude()
    }

    /// As [`settle`](Self::settle), after others have taken the numbers of the dead.
    ///
    /// # Errors
    /// What is not as the card promises.
    pub fn settle_with_heirs(self, told: Option<bool>, whole: &[u64]) -> Account {
        let heirs = [(); 3].map(|()| self.mutex.handle().map_err(|e| Harm::Wedged(e.to_string())));
        if let Some(error) = heirs.iter().find_map(|heir| heir.as_ref().err()) {
            return Err(error.clone());
        }
        self.look(&self.survivor, told, whole).map(|()| 0)
    }

    fn look(
        &self,
        survivor: &RobustMutex<Sheet>,
        told: Option<bool>,
        whole: &[u64],
    ) -> Result<(), Harm> {
        let lock = || match survivor.try_lock() {
            Err(LockError::Held) => Err(Harm::Wedged(format!("{:?}", self.mutex.state()))),
            result => Ok(result),
        };
        match patiently(lock)? {
            Ok(guard) => match guard.get().number() {
                _ if told == Some(true) => Err(Harm::Lost("a death that nobody is told of".into())),
                Some(n) if whole.contains(&n) => Ok(()),
                Some(n) => Err(Harm::Lost(format!("what was written; {n} is there"))),
                None => Err(Harm::Corrupt("a torn record is called whole".into())),
            },
            Err(LockError::OwnerDied(_)) if told == Some(false) => {
                Err(Harm::Corrupt("said to have died, who had let go".into()))
            }
            // No number that is there was never written.
            Err(LockError::OwnerDied(guard)) if guard.get().number().is_some_and(|n| n > NEW) => {
                Err(Harm::Corrupt(format!("{:?}", guard.get())))
            }
            Err(error @ LockError::OwnerDied(_)) => {
                drop(repaired(Err(error)));
                Ok(())
            }
            Err(error) => Err(Harm::Wedged(error.to_string())),
        }
    }

    /// It works as if it were new.
    fn exclude(&self) -> Account {
        let another = self.mutex.handle().map_err(|error| Harm::Wedged(error.to_string()))?;
        for (first, second) in [(&self.survivor, &another), (&another, &self.survivor)] {
            let guard = first.lock().map_err(|error| Harm::Wedged(error.to_string()))?;
            if guard.get().number().is_none() {
                return Err(Harm::Corrupt("a torn record is called whole".into()));
            }
            if !matches!(second.try_lock(), Err(LockError::Held)) {
                return Err(Harm::Doubled("the lock".into()));
            }
        }
        Ok(0)
    }
}
