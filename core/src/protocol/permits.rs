//! # permits: counting permits that belong to somebody; a dead holder's come back
//!
//! [`Pool`] lives in shared memory: a word for each permit, which says whose it is. Each participant has a
//! handle, [`Permits`], that is called by its [`Owner`].
//!
//! Source: System V's `SEM_UNDO` has the purpose (semop(2)); there the kernel counts for each process. That
//! the owner stands in what is claimed, and not beside it, is the slot of `mpmc`: a claim and its owner are
//! one step, so no death can come between.
//!
//! Trust: a peer that writes the words at will can hand out or withhold permits; indices come from private
//! memory. It cannot do more.
//!
//! Progress: `try_acquire` looks at each permit once or twice; it and `release` are lock-free. `acquire` waits
//! for a permit. Barging: one waiter may be overtaken for ever.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | `freed` | `Event`: those who wait sleep on it | all | all | nobody sleeps |
//! | `slots` | `U32` for each permit: its holder's number plus one, or 0 | all | all | free |
//!
//! Nothing is counted beside the event's own words, so there is no bit budget.
//!
//! ## States
//!
//! Each permit is *free* or *held* by an owner. A2 takes a free one, R1 frees one's own; A4 takes over one
//! that a dead owner held, and S2 frees it.
//!
//! ## Invariants
//!
//! - `I1`: from A2 or A4 to R1 a permit's word names its one holder, and nobody else changes it while that
//!   lives.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `A1` | acquire: look at a permit |
//! | `A2` | acquire: take it, if it is free |
//! | `A3` | acquire: is its holder dead? |
//! | `A4` | acquire: take it over from the dead |
//! | `R1` | release: free it |
//! | `R2` | release: notify one waiter |
//! | `S1` | sweep: is a permit the dead owner's? |
//! | `S2` | sweep: free it |
//! | `S3` | sweep: notify one waiter |
//!
//! ## Edges
//!
//! | edge | release | acquire | carries | scenario that fails without it |
//! |------|---------|---------|---------|--------------------------------|
//! | `PERMIT` | `R1` | `A2` | what was done under the permit | `permits/exclusion` |
//! | `SWEEP` | `S2` | `A2` | what the dead holder did under it | `permits/swept` |
//!
//! A4 needs no edge: what the dead holder did, and what it had seen, happens-before (`Platform`).
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `A1` | nothing | nobody | nothing | nothing was taken |
//! | `A2` | a permit held by the dead | who finds no other, at once or when its slice ends | A3, A4: takes it over | it comes back, once |
//! | `A3` | nothing new | the next survivor | A3 | as before it |
//! | `A4` | as after `A2` | as after `A2` | as after `A2` | as after `A2` |
//! | `R1` | a free permit with sleepers not told | a sleeper, when its slice ends | takes it | a delay of at most one slice |
//! | `R2` | nothing | nobody | nothing | everything |
//! | `S1` | what was left before it | the next survivor | A3 or S1 | as before it |
//! | `S2` | a free permit with sleepers not told | a sleeper, when its slice ends | takes it | a delay of at most one slice |
//! | `S3` | nothing, or more of the dead owner's permits | the next survivor | A3 or S1 | as before it |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `PERMITS-1` | a permit has one holder at a time; holders of one permit exclude each other | `permits/exclusion`, `permits/two_deaths`, `permits/death_among_three`, `permits/swept`, `permits/unseen_death`, `permits/death_of_one_of_two`, `permits/death_among_three_for_two`, `permits/exclusion_twice`, `permits/taken_over_once` |
//! | `PERMITS-2` | what a holder did is visible to the next holder of the same permit | `permits/exclusion`, `permits/swept`, `permits/exclusion_twice` |
//! | `PERMITS-3` | no lost wake-up: nobody sleeps for longer than a slice while a permit is free | `permits/exclusion`, `permits/two_deaths`, `permits/death_among_three`, `permits/unseen_death`, `permits/death_of_one_of_two`, `permits/death_among_three_for_two`, `permits/swept_while_asleep`, `permits/exclusion_twice` |
//! | `PERMITS-4` | a dead holder's permits come back, each once, when its death is known | `permits/two_deaths`, `permits/death_among_three`, `permits/swept`, `permits/unseen_death`, `permits/death_of_one_of_two`, `permits/death_among_three_for_two`, `permits/swept_while_asleep`, `permits/taken_over_once` |
//! | `PERMITS-5` | a permit is released by its holder only, once | `permits/released_once` |
//! | `PERMITS-6` | a timeout takes nothing and leaves no waiter behind | `permits/timeout` |
//!
//! `NoPermit` says that each permit was held when it was looked at, one after the other; while permits
//! change hands there may have been no moment at which all were.

use core::{cell::Cell, fmt, marker::PhantomData, mem::offset_of, time::Duration};

use super::{
    Line, SharedRef,
    event::{Effort, Event},
    registry::{MAX_OWNERS, if_dead},
};
use crate::{
    layout::Field,
    platform::{AtomicWord, Ordering::*, Owner, Platform},
};

/// The most permits of a pool.
pub const MAX: u32 = 1 << 16;

/// A pool of permits in shared memory: 128 bytes, then a word for each. A zero page is a pool of free ones.
///
/// `S` is `[P::U32]`; an array of them lets a pool be built in private memory and unsized.
#[repr(C)]
pub struct Pool<P: Platform, S: ?Sized> {
    freed: Line<Event<P>>,
    slots: S,
}

/// The permits of a pool.
pub type Slots<P> = [<P as Platform>::U32];

/// Which of a pool's permits a handle holds. It is no proof: [`Permits::release`] looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it is held until it is released"]
pub struct Permit(usize);

/// Why [`Permits::try_acquire`] took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no permit is free")]
pub struct NoPermit;

/// Why [`Permits::acquire`] or [`Permits::acquire_timeout`] took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no permit became free in time")]
pub struct TimedOut;

/// Why [`Permits::release`] freed nothing: the permit is not this handle's, any more or ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this handle does not hold the permit")]
pub struct NotHeld;

impl<P: Platform, S: ?Sized> fmt::Debug for Pool<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool(..)")
    }
}

impl<P: Platform, S> Pool<P, S> {
    /// A pool outside shared memory.
    pub fn new(slots: S) -> Self {
        Self { freed: Line(Event::new(0)), slots }
    }
}

/// What a permit's word says that `owner` holds.
const fn held_by(owner: Owner) -> u32 {
    owner.0 + 1
}

/// Who holds a permit; nobody who could, if a peer has written nonsense.
const fn holder(word: u32) -> Option<Owner> {
    match word {
        1..=MAX_OWNERS => Some(Owner(word - 1)),
        _ => None,
    }
}

impl<P: Platform> Pool<P, Slots<P>> {
    /// How many permits are free, for inspection; stale at once.
    pub fn free(&self) -> usize {
        // ORDERING: Relaxed, hint: nothing is decided by it.
        self.slots.iter().filter(|slot| slot.load(Relaxed) == 0).count()
    }

    /// Who holds permits, for inspection; stale at once.
    pub(crate) fn holders(&self) -> impl Iterator<Item = Owner> {
        // ORDERING: Relaxed, hint: nothing is decided by it.
        self.slots.iter().filter_map(|slot| holder(slot.load(Relaxed)))
    }

    /// What who asks for a permit waits for.
    pub(crate) fn freed(&self) -> &Event<P> {
        &self.freed
    }

    /// Frees every permit that `owner` holds. To be called while `owner` is dead: see
    /// [`registry::join`](super::registry::join).
    pub fn sweep(&self, ctx: &P::Ctx, owner: Owner) {
        let dead = held_by(owner);
        for slot in &self.slots {
            // S1  ORDERING: Relaxed, hint: S2 re-checks it; what the dead wrote is seen (`Platform`).
            if slot.load(Relaxed) != dead {
                continue;
            }
            // S2  ORDERING: Release, edge SWEEP to A2: what the dead holder did is visible.
            //     On failure Relaxed, hint: another survivor did it.
            if slot.compare_exchange(dead, 0, Release, Relaxed).is_ok() {
                // S3  One waiter finds it.
                self.freed.notify(ctx, 1);
            }
        }
    }
}

/// A handle on a pool, for one participant. It may move between threads, not be shared by them.
///
/// Dropping it changes nothing: what it holds is held until its process, or its seat, has ended.
#[derive(Debug)]
pub struct Permits<P: Platform, R> {
    pool: R,
    ctx: P::Ctx,
    owner: Owner,
    not_sync: PhantomData<Cell<()>>,
}

impl<P: Platform, R: SharedRef<Target = Pool<P, Slots<P>>>> Permits<P, R> {
    /// A handle that is called `owner`. No two handles of a pool have one owner at a time.
    pub fn attach(pool: R, ctx: P::Ctx, owner: Owner) -> Self {
        Self { pool, ctx, owner, not_sync: PhantomData }
    }

    /// The pool.
    pub fn pool(&self) -> &R {
        &self.pool
    }

    /// What surrounds it.
    pub fn ctx(&self) -> &P::Ctx {
        &self.ctx
    }

    /// How many permits there are.
    pub fn max(&self) -> usize {
        self.pool.slots.len()
    }

    /// How many are free, for inspection; stale at once.
    pub fn free(&self) -> usize {
        self.pool.free()
    }

    /// Takes a permit, waiting for one as long as it takes.
    ///
    /// All that its last holder did is visible.
    ///
    /// # Errors
    /// [`TimedOut`] if it is cancelled: nothing was taken.
    ///
    /// # If a process dies
    /// Its permits are taken over once its death is known.
    pub fn acquire(&self) -> Result<Permit, TimedOut> {
        self.acquire_until(None)
    }

    /// Takes a permit if there is one that nobody holds who lives. Lock-free.
    ///
    /// # Errors
    /// [`NoPermit`]: nothing was taken.
    pub fn try_acquire(&self) -> Result<Permit, NoPermit> {
        self.attempt(Effort::Thorough).ok_or(NoPermit)
    }

    /// [`acquire`](Self::acquire), for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`]: nothing was taken.
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<Permit, TimedOut> {
        self.acquire_until(P::deadline(&self.ctx, timeout))
    }

    /// [`acquire`](Self::acquire), until the absolute moment `until`.
    ///
    /// # Errors
    /// [`TimedOut`]: nothing was taken.
    pub fn acquire_until(&self, until: Option<P::Instant>) -> Result<Permit, TimedOut> {
        let attempt = |effort| self.attempt(effort);
        self.pool.freed.wait_until(&self.ctx, until, attempt).map_err(|_| TimedOut)
    }

    /// Takes the first permit that is free, or else, thoroughly, one whose holder is dead.
    fn attempt(&self, effort: Effort) -> Option<Permit> {
        P::enter(&self.ctx);
        let count = self.max();
        // Each starts elsewhere, so that they do not all want the same one.
        let places = || (0..count).map(|place| (place + self.owner.0 as usize) % count);
        let take = |place: &usize| {
            let slot = &self.pool.slots[*place];
            // A1  ORDERING: Relaxed, hint: A2 re-checks it.
            slot.load(Relaxed) == 0
                // A2  ORDERING: Acquire, edge PERMIT from R1: what its last holder did is visible.
                //     After a holder that died: edge SWEEP from S2: likewise.
                //     On failure Relaxed, hint: somebody else has it.
                && slot.compare_exchange(0, held_by(self.owner), Acquire, Relaxed).is_ok()
        };
        if let Some(place) = places().find(take) {
            return Some(Permit(place));
        }
        if effort == Effort::Quick {
            return None;
        }
        places().find(|place| self.take_over(*place)).map(Permit)
    }

    /// Takes a permit whose holder is dead.
    #[cold]
    fn take_over(&self, place: usize) -> bool {
        let slot = &self.pool.slots[place];
        // A1  ORDERING: Relaxed, hint: A4 re-checks it.
        let seen = slot.load(Relaxed);
        let Some(holder) = holder(seen).filter(|holder| *holder != self.owner) else {
            return false;
        };
        // A3  Dead is never wrong, and nobody else is called so meanwhile.
        let taken = if_dead::<P, _>(&self.ctx, holder, || {
            // A4  ORDERING: Relaxed, chain: keeps R1's release sequence; what the dead did is visible.
            //     On failure Relaxed, hint: another survivor has it.
            slot.compare_exchange(seen, held_by(self.owner), Relaxed, Relaxed).is_ok()
        });
        taken == Some(true)
    }

    /// Frees a permit of this handle, and wakes a waiter for it. Wait-free.
    ///
    /// # Errors
    /// [`NotHeld`]; nothing was changed.
    ///
    /// # If a process dies
    /// In the middle of this call: it is held, and comes back as the dead's, or it is free.
    pub fn release(&self, permit: Permit) -> Result<(), NotHeld> {
        P::enter(&self.ctx);
        let Some(slot) = self.pool.slots.get(permit.0) else { return Err(NotHeld) };
        // R1  ORDERING: Release, edge PERMIT to A2: carries what was done under the permit.
        //     I1 is checked, not assumed.
        //     On failure Relaxed, hint: nothing follows from it.
        slot.compare_exchange(held_by(self.owner), 0, Release, Relaxed).map_err(|_| NotHeld)?;
        // R2  A waiter finds it.
        self.pool.freed.notify(&self.ctx, 1);
        Ok(())
    }
}

impl<P: Platform, S> Pool<P, S> {
    /// Name, offset and size of each word and of the permits, in order.
    #[must_use]
    pub const fn fields() -> [Field; 2] {
        [
            Field::new("freed", offset_of!(Self, freed), size_of::<Event<P>>()),
            Field::new("slots", offset_of!(Self, slots), size_of::<S>()),
        ]
    }
}
