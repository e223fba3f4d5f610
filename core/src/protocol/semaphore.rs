//! # semaphore: counting and binary, plain as in POSIX
//!
//! [`Shared`] lives in shared memory, [`Semaphore`] is a handle on it. A binary semaphore is one
//! whose maximum is 1. Permits belong to nobody: any participant may release.
//!
//! Source: glibc's `new_sem` (value and waiters in one 64-bit word; see glibc bug 12674 for why the
//! word is not touched after the release), with a maximum that is enforced.
//!
//! Trust: a peer that writes the words at will can hand out or withhold permits and report a
//! corrupt word; it cannot make a handle do anything else. The maximum is read once, at attach.
//!
//! Progress: `try_acquire` and `release` are lock-free. `acquire` waits for a permit; permits are
//! not handed to a particular waiter (barging), so one waiter may be overtaken for ever.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | `word` | `U64`: free permits in the low half, waiters in the high half | all | all, the kernel (low half) | no permit, no waiter |
//! | `max` | `U32` | the creator, once | at attach | 0: not a semaphore |
//!
//! Bit budget: permits at most 2^31 - 1, as in POSIX; there are fewer than 2^32 threads to wait.
//!
//! ## States
//!
//! `0 <= permits <= max`. R2 adds `n` permits, A2 takes one (and, for a waiter, deregisters it in
//! the same step), W1 registers a waiter, W3 deregisters one that gives up.
//!
//! ## Invariants
//!
//! - `I1`: permits never exceed `max`; a larger value is corruption.
//! - `I2`: the waiter count is at least the number of live processes between W1 and A2 or W3.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `A1` | acquire: look at the word |
//! | `A2` | acquire: take a permit, leaving the waiters if registered |
//! | `W1` | acquire: register as a waiter |
//! | `W2` | acquire: sleep while there is no permit |
//! | `W3` | acquire: deregister after a timeout or on corruption |
//! | `R1` | release: look at the word |
//! | `R2` | release: add permits; the result says whether anybody waits |
//! | `R3` | release: wake |
//!
//! ## Edges
//!
//! | edge | release | acquire | carries | scenario that fails without it |
//! |------|---------|---------|---------|--------------------------------|
//! | `PERMIT` | `R2` | `A2` | what the releaser did while it held the permit | `semaphore/mutual_exclusion` |
//!
//! A sleeper needs no edge: W1 and R2 change one word. If R2 comes first, A1 after W1 sees the
//! permit; if W1 comes first, R2 sees the waiter (I2) and R3 or the changed value ends its sleep.
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `A1` | nothing | nobody | nothing | everything |
//! | `A2` | a permit that nobody will release | nobody | waits for another | nothing: as in POSIX, the permit is lost |
//! | `W1` | a waiter too many | nobody | releasers call the kernel for nobody, for ever | I2 still holds |
//! | `W2` | a waiter too many; a wake-up may have died with it | other sleepers, when their slice ends | look again | a delay of at most one slice |
//! | `W3` | nothing | nobody | nothing | everything |
//! | `R1` | nothing | nobody | nothing | the permit was not released |
//! | `R2` | permits with sleepers not woken | a sleeper, when its slice ends | takes one | a delay of at most one slice |
//! | `R3` | nothing | nobody | nothing | everything |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `SEM-1` | no more permits are held than there are; with one permit, holders exclude each other | `semaphore/mutual_exclusion`, `semaphore/try_acquire_takes_one`, `semaphore/mutual_exclusion_twice`, `semaphore/try_mutual_exclusion_twice`, `semaphore/try_acquire_takes_what_is_released`, `test:semaphore_model/agrees_with_a_counter` |
//! | `SEM-2` | what a releaser did before is visible to whoever takes the permit, also through permits of others | `semaphore/mutual_exclusion`, `semaphore/hand_over_of_two`, `semaphore/mutual_exclusion_twice`, `semaphore/try_mutual_exclusion_twice`, `semaphore/hand_over_to_two` |
//! | `SEM-3` | no lost wake-up: a waiter is not asleep for longer than a slice while there is a permit for it | `semaphore/two_waiters_one_release`, `semaphore/two_waiters_two_releases`, `semaphore/hand_over_to_two`, `semaphore/releaser_dies`, `test:exchange/a_million_hand_offs`, `test:exchange/a_hundred_thousand_hand_offs_between_sleepers` |
//! | `SEM-4` | a release past the maximum, or of a free binary semaphore, is an error and changes nothing | `semaphore/double_release`, `test:semaphore_model/agrees_with_a_counter` |
//! | `SEM-5` | a timeout, or a call that is cancelled, takes nothing and leaves no waiter behind | `semaphore/timeout`, `test:cancelling/each_call_is_ended_from_another_thread_and_takes_and_leaves_nothing` |
//! | `SEM-7` | a death loses the permits of the dead, no other, and doubles none | `semaphore/two_deaths`, `semaphore/death_of_one_of_two`, `semaphore/death_among_three`, `semaphore/releaser_dies`, `semaphore/waiter_dies` |
//! | `SEM-6` | histories are linearizable, each operation in one step, in happens-before order, and strictly: one that a process died in does nothing after that | `semaphore/history_taking`, `semaphore/history_crossed`, `semaphore/history_taker_dies`, `test:histories/of_a_semaphore` |

use core::{mem::offset_of, time::Duration};

use super::{Corrupt, SharedRef};
use crate::{
    layout::Field,
    platform::{AtomicWord, Ordering::*, Platform, Wait},
};

/// The largest maximum: 2^31 - 1, as in POSIX.
pub const MAX: u32 = i32::MAX as u32;

/// One waiter in the word.
const WAITER: u64 = 1 << 32;

/// A value of the semaphore's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct State(pub u64);

impl State {
    /// Free permits.
    pub const fn permits(self) -> u32 {
        self.0 as u32
    }

    /// Registered waiters, at least.
    pub const fn waiters(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// One permit less, and one waiter less if the taker was `registered`; `None` without a permit.
    #[must_use]
    pub const fn take(self, registered: bool) -> Option<Self> {
        if self.permits() == 0 {
            return None;
        }
        // The waiter count is a hint that a peer may have reset: it wraps rather than panics.
        Some(Self((self.0 - 1).wrapping_sub(if registered { WAITER } else { 0 })))
    }

    /// `n` permits more; `None` if there would be more than `max`.
    #[must_use]
    pub const fn put(self, n: u32, max: u32) -> Option<Self> {
        match self.permits().checked_add(n) {
            Some(permits) if permits <= max => Some(Self(self.0 + n as u64)),
            _ => None,
        }
    }
}

/// A semaphore's words in shared memory.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Shared<P: Platform> {
    word: P::U64,
    max: P::U32,
}

/// Why a semaphore could not be created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// The maximum is 0 or above [`MAX`].
    #[error("a semaphore's maximum must be from 1 to {MAX}, not {0}")]
    Maximum(u32),
    /// More initial permits than the maximum.
    #[error("{permits} initial permits exceed the maximum of {max}")]
    Permits {
        /// Permits asked for.
        permits: u32,
        /// The maximum asked for.
        max: u32,
    },
}

/// Why [`Semaphore::try_acquire`] took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TryAcquireError {
    /// Not now: there was no free permit.
    #[error("no permit is free")]
    NoPermit,
    /// The word holds more permits than the maximum.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// Why [`Semaphore::acquire`] or [`Semaphore::acquire_timeout`] took nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcquireTimeoutError {
    /// There was no free permit when the deadline had passed, or the call was cancelled.
    #[error("no permit became free in time")]
    TimedOut,
    /// The word holds more permits than the maximum.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// Why [`Semaphore::release`] added nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReleaseError {
    /// There would be more permits than the maximum: somebody released what was not held.
    #[error("releasing more permits than are held")]
    Overflow,
    /// The word holds more permits than the maximum.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

impl<P: Platform> Shared<P> {
    /// A semaphore outside shared memory.
    ///
    /// # Errors
    /// As [`init`](Self::init).
    pub fn new(permits: u32, max: u32) -> Result<Self, InitError> {
        let shared = Self { word: P::U64::new(0), max: P::U32::new(0) };
        shared.init(permits, max)?;
        Ok(shared)
    }

    /// Makes a semaphore of words that no other participant has seen yet.
    ///
    /// # Errors
    /// [`InitError`] if `max` is 0 or above [`MAX`], or `permits` is above `max`.
    pub fn init(&self, permits: u32, max: u32) -> Result<(), InitError> {
        if max == 0 || max > MAX {
            return Err(InitError::Maximum(max));
        }
        if permits > max {
            return Err(InitError::Permits { permits, max });
        }
        // ORDERING: Relaxed, exclusive: the segment is not published yet (both stores).
        self.word.store(u64::from(permits), Relaxed);
        self.max.store(max, Relaxed);
        Ok(())
    }

    /// The present value, for inspection; stale at once.
    pub fn state(&self) -> State {
        // ORDERING: Relaxed, hint: nothing is decided by it.
        State(self.word.load(Relaxed))
    }
}

/// A handle on a semaphore. Cloning it gives another participant.
#[derive(Debug)]
pub struct Semaphore<P: Platform, S> {
    shared: S,
    ctx: P::Ctx,
    max: u32,
}

impl<P: Platform, S: Clone> Clone for Semaphore<P, S> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), ctx: self.ctx.clone(), max: self.max }
    }
}

impl<P: Platform, S: SharedRef<Target = Shared<P>>> Semaphore<P, S> {
    /// A handle on `shared`.
    ///
    /// # Errors
    /// [`Corrupt`] if `shared` was never initialised or holds an impossible maximum.
    pub fn attach(shared: S, ctx: P::Ctx) -> Result<Self, Corrupt> {
        // ORDERING: Relaxed, hint: written before the segment was published; checked here.
        let max = shared.max.load(Relaxed);
        if max == 0 || max > MAX {
            return Err(Corrupt);
        }
        Ok(Self { shared, ctx, max })
    }

    /// Free permits and waiters at some moment, for inspection.
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// The most permits that can be free.
    pub fn max(&self) -> u32 {
        self.max
    }

    /// Takes a permit, waiting for one as long as it takes.
    ///
    /// All that the releaser of the permit did before is visible.
    ///
    /// # Errors
    /// [`AcquireTimeoutError::Corrupt`] if the word holds an impossible value;
    /// [`AcquireTimeoutError::TimedOut`] if it is cancelled.
    ///
    /// # If a process dies
    /// The permits that it holds are lost, and this call may wait for ever.
    pub fn acquire(&self) -> Result<(), AcquireTimeoutError> {
        self.acquire_until(None)
    }

    /// Takes a permit if one is free. Lock-free.
    ///
    /// # Errors
    /// [`TryAcquireError::NoPermit`] if none is; [`TryAcquireError::Corrupt`] if the word holds an
    /// impossible value.
    pub fn try_acquire(&self) -> Result<(), TryAcquireError> {
        if self.take(false)? { Ok(()) } else { Err(TryAcquireError::NoPermit) }
    }

    /// [`acquire`](Self::acquire), for at most `timeout`.
    ///
    /// # Errors
    /// [`AcquireTimeoutError::TimedOut`] if no permit was free after the deadline: nothing was
    /// taken. [`AcquireTimeoutError::Corrupt`] if the word holds an impossible value.
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<(), AcquireTimeoutError> {
        self.acquire_until(P::deadline(&self.ctx, timeout))
    }

    /// [`acquire`](Self::acquire), until the absolute moment `until`.
    ///
    /// # Errors
    /// As [`acquire_timeout`](Self::acquire_timeout).
    pub fn acquire_until(&self, until: Option<P::Instant>) -> Result<(), AcquireTimeoutError> {
        let mut round = 0;
        loop {
            if self.take(false)? {
                return Ok(());
            }
            if !P::spin(&self.ctx, round) {
                break;
            }
            round += 1;
        }
        self.register();
        let mut timed_out = false;
        loop {
            let taken = self.take(true);
            if taken == Ok(true) {
                return Ok(());
            }
            if timed_out || taken.is_err() {
                self.deregister();
                taken?;
                return Err(AcquireTimeoutError::TimedOut);
            }
            // W2  Sleeps only while there is no permit; whatever it says, A1 and A2 decide.
            timed_out = P::wait_low(&self.ctx, &self.shared.word, 0, until) == Wait::TimedOut;
        }
    }

    /// Registers a waiter, who looks again after this, and sleeps only while there is no permit.
    ///
    /// # If a process dies
    /// Its waiter stays registered, and releasers call the kernel for nobody.
    pub fn register(&self) {
        // W1  ORDERING: Relaxed, chain: keeps R2's release sequence for A2.
        self.shared.word.fetch_add(WAITER, Relaxed);
    }

    /// Takes back what [`register`](Self::register) did, once for each time.
    pub fn deregister(&self) {
        // W3  ORDERING: Relaxed, chain: keeps R2's release sequence for A2.
        self.shared.word.fetch_sub(WAITER, Relaxed);
    }

    /// The word, of which the kernel sees the low half.
    pub(crate) fn word(&self) -> &P::U64 {
        &self.shared.word
    }

    /// Takes a permit if one is free, deregistering a waiter in the same step.
    #[inline]
    fn take(&self, registered: bool) -> Result<bool, Corrupt> {
        // A1  ORDERING: Relaxed, hint: A2 re-checks it.
        let mut seen = State(self.shared.word.load(Relaxed));
        loop {
            if seen.permits() > self.max {
                return Err(Corrupt); // I1 is checked, not assumed.
            }
            let Some(taken) = seen.take(registered) else { return Ok(false) };
            // A2  ORDERING: Acquire, edge PERMIT from R2: what the releaser did is visible.
            //     On failure Relaxed, hint: the loop re-checks it.
            match self.shared.word.compare_exchange_weak(seen.0, taken.0, Acquire, Relaxed) {
                Ok(_) => return Ok(true),
                Err(found) => seen = State(found),
            }
        }
    }

    /// Adds `n` permits and wakes up to `n` waiters. Lock-free. With `n` = 0 nothing happens.
    ///
    /// # Errors
    /// [`ReleaseError::Overflow`] if there would be more than the maximum (for a binary semaphore:
    /// it is free already); [`ReleaseError::Corrupt`] if the word holds an impossible value. Nothing
    /// was changed.
    ///
    /// # If a process dies
    /// In the middle of this call: the permits are either all there or none; waiters find them at
    /// the latest when their sleep slice ends.
    pub fn release(&self, n: u32) -> Result<(), ReleaseError> {
        if n == 0 {
            return Ok(());
        }
        // R1  ORDERING: Relaxed, hint: R2 re-checks it.
        let mut seen = State(self.shared.word.load(Relaxed));
        loop {
            if seen.permits() > self.max {
                return Err(Corrupt.into()); // I1 is checked, not assumed.
            }
            let put = seen.put(n, self.max).ok_or(ReleaseError::Overflow)?;
            // R2  ORDERING: Release, edge PERMIT to A2: carries what was done under the permit.
            //     On failure Relaxed, hint: the loop re-checks it.
            match self.shared.word.compare_exchange_weak(seen.0, put.0, Release, Relaxed) {
                Ok(_) => break,
                Err(found) => seen = State(found),
            }
        }
        if seen.waiters() > 0 {
            // R3  I2: R2 saw every waiter that may be asleep. Only the address is used from here on.
            P::wake_low(&self.ctx, &self.shared.word, n);
        }
        Ok(())
    }
}

impl<P: Platform> Shared<P> {
    /// Name, offset and size of each word, in order.
    #[must_use]
    pub const fn fields() -> [Field; 2] {
        [
            Field::new("word", offset_of!(Self, word), size_of::<P::U64>()),
            Field::new("max", offset_of!(Self, max), size_of::<P::U32>()),
        ]
    }
}
