//! # mutex: robust mutual exclusion; a holder's death is told to whoever locks next
//!
//! [`Shared`] lives in shared memory; each participant has a [`Mutex`], a handle that is called by its
//! [`Owner`] and locks for itself alone. What is protected is a record that lies beside the word.
//!
//! Source: "Mutexes" after Drepper, "Futexes are tricky" (2011), with the owner in the word as in
//! robust futexes (Linux, `robust-futex-ABI`) and the conditions of POSIX's robust mutexes. Waiters are
//! counted, not flagged, and registered until they hold the lock, so that no hand-over can lose one
//! (glibc bug 20973 lost a flag); an unlock touches nothing after the word but the futex (glibc 12674).
//!
//! Trust: a peer that writes the word at will can break exclusion, withhold the lock, or have a torn state
//! called whole; the record is theirs to tear anyway. It cannot do more. That a record which such a peer
//! rewrites while it is copied is merely garbage is *assumed*, as for `spsc`.
//!
//! Progress: `try_lock` and `unlock` are lock-free. `lock` waits for the holder, for ever if that is
//! stopped. Barging: whoever comes first gets it, so one waiter may be overtaken for ever.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | `word` | `U64`: holder and condition in the low half, waiters in the high half | all | all, the kernel (low half) | nobody's, whole |
//! | `data` | a record, exclusive payload | the holder | the holder | all bytes 0 |
//!
//! Bit budget: 13 bits of holder, for 4096 owners; there are fewer than 2^32 threads to wait. A waiter that
//! dies remains counted for ever: after 2^32 such deaths the count would wrap.
//!
//! ## States
//!
//! *Free*, in one of three conditions, or *held* by an owner. L2 takes a free one that is not
//! unrecoverable; L4 takes over from a dead holder, in the condition *inconsistent*; U1 leaves it. S2
//! frees a dead holder's, *inconsistent*. W1 registers a waiter; L2, L4 and W3 deregister one.
//!
//! ## Invariants
//!
//! - `I1`: from L2 or L4 to U1 the word names its one holder, and nobody else changes that while it lives.
//! - `I2`: the waiter count is at least the number of live processes between W1 and L2, L4 or W3.
//! - `I3`: unless the last holder called it whole, and lived to leave it, it is not *consistent*.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `L1` | lock: look at the word |
//! | `L2` | lock: take it, if it is free |
//! | `L3` | lock: is its holder dead? |
//! | `L4` | lock: take it over from the dead |
//! | `W1` | lock: register as a waiter |
//! | `W2` | lock: sleep while the word is as it was |
//! | `W3` | lock: deregister when it gives up |
//! | `D1` | holder: read the record |
//! | `D2` | holder: write the record |
//! | `U1` | unlock: leave it; the result says whether anybody waits |
//! | `U2` | unlock: wake |
//! | `S1` | sweep: does it name the dead? |
//! | `S2` | sweep: free it, inconsistent |
//!
//! ## Edges
//!
//! | edge | release | acquire | carries | scenario that fails without it |
//! |------|---------|---------|---------|--------------------------------|
//! | `UNLOCK` | `U1` | `L2` | what was done under the lock | `mutex/exclusion` |
//! | `SWEEP` | `S2` | `L2` | what the dead holder did under the lock | `mutex/swept` |
//!
//! L4 needs no edge: what the dead holder did, and what it had seen, happens-before (`Platform`). A
//! sleeper needs none: W1 and U1 change one word. If U1 comes first, L1 after W1 sees the lock free; if W1
//! comes first, U1 sees the waiter (I2), and U2 or the changed value ends its sleep. So it is also for who sleeps while
//! the word is as W1 found it: whatever has changed since ends the sleep, and whoever holds it then is yet to unlock.
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `L1` | nothing | nobody | nothing | everything |
//! | `L2` | a lock held by the dead | who wants it, at once or when its slice ends | L3, L4: takes it over, and is told | the lock goes on; what it protects may be torn |
//! | `L3` | nothing new | the next survivor | L3 | as before it |
//! | `L4` | as after `L2` | as after `L2` | as after `L2` | as after `L2` |
//! | `W1` | a waiter too many | nobody | unlockers call the kernel for nobody, for ever | I2 still holds |
//! | `W2` | a waiter too many; a wake-up may have died with it | other sleepers, when their slice ends | look again | a delay of at most one slice |
//! | `W3` | nothing | nobody | nothing | everything |
//! | `D1` | as after `L2` | as after `L2` | as after `L2` | as after `L2` |
//! | `D2` | as after `L2` | as after `L2` | as after `L2` | as after `L2` |
//! | `U1` | a free lock with sleepers not woken | a sleeper, when its slice ends | takes it | a delay of at most one slice |
//! | `U2` | nothing | nobody | nothing | everything |
//! | `S1` | what was left before it | the next survivor | L3 or S1 | as before it |
//! | `S2` | a free lock, inconsistent, with sleepers not woken | a sleeper, when its slice ends | takes it, and is told | a delay of at most one slice |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `MUTEX-1` | holders exclude each other | `mutex/exclusion`, `mutex/exclusion_twice`, `mutex/two_deaths`, `mutex/death_among_three`, `mutex/swept`, `mutex/two_unseen_deaths`, `mutex/death_of_one_of_two` |
//! | `MUTEX-2` | what a holder did is visible to the next | `mutex/exclusion`, `mutex/exclusion_twice`, `mutex/swept` |
//! | `MUTEX-3` | no lost wake-up: nobody sleeps for longer than a slice while the lock is free | `mutex/exclusion`, `mutex/exclusion_twice`, `mutex/two_deaths`, `mutex/death_among_three`, `mutex/two_unseen_deaths`, `mutex/death_of_one_of_two`, `mutex/swept_while_asleep` |
//! | `MUTEX-4` | a dead holder's lock is taken over; whoever has it next is told, until somebody has called it whole and left it | `mutex/two_deaths`, `mutex/death_among_three`, `mutex/swept`, `mutex/two_unseen_deaths`, `mutex/death_of_one_of_two`, `mutex/swept_while_asleep`, `mutex/waiter_dies` |
//! | `MUTEX-5` | a lock that was torn and left without repair is not locked again, and nobody sleeps on it | `mutex/unrepaired` |
//! | `MUTEX-6` | a timeout, or a call that is cancelled, takes nothing and leaves no waiter behind | `mutex/timeout`, `mutex/waiter_dies`, `test:cancelling/each_call_is_ended_from_another_thread_and_takes_and_leaves_nothing` |

mod word;

use core::{cell::Cell, marker::PhantomData, mem::offset_of, time::Duration};

use word::WAITER;
pub use word::{Condition, State};

use super::{Corrupt, SharedRef, event::Effort, registry::if_dead};
use crate::{
    layout::Field,
    platform::{AtomicWord, DataCell, Ordering::*, Owner, Platform, Pod, Wait},
};

/// A mutex's word, and what it protects, in shared memory. A zero page is a free mutex.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Shared<P: Platform, T: Pod> {
    word: P::U64,
    data: P::Cell<T>,
}

/// Why [`Mutex::try_lock`] locked nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TryLockError {
    /// Not now: somebody holds it who lives, as far as is known.
    #[error("somebody holds the mutex")]
    Held,
    /// This very handle holds it.
    #[error("this handle holds the mutex already")]
    HeldByUs,
    /// Its state was torn by a death, and left unrepaired.
    #[error("what the mutex protects was left torn: it cannot be locked again")]
    Unrecoverable,
    /// The word is impossible.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

/// Why [`Mutex::lock`] or [`Mutex::lock_timeout`] locked nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockTimeoutError {
    /// It was still held when the deadline had passed, or the call was cancelled.
    #[error("the mutex was still held at the deadline")]
    TimedOut,
    /// It cannot be locked, now or later.
    #[error(transparent)]
    Never(#[from] LockError),
}

/// Why nothing was locked, and waiting does not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// This very handle holds it.
    #[error("this handle holds the mutex already")]
    HeldByUs,
    /// Its state was torn by a death, and left unrepaired.
    #[error("what the mutex protects was left torn: it cannot be locked again")]
    Unrecoverable,
    /// The word is impossible.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
}

impl From<LockError> for TryLockError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::HeldByUs => Self::HeldByUs,
            LockError::Unrecoverable => Self::Unrecoverable,
            LockError::Corrupt(corrupt) => Self::Corrupt(corrupt),
        }
    }
}

/// A lock that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "it is held until it is unlocked"]
pub enum Locked {
    /// What it protects is whole.
    Whole,
    /// Somebody died, or panicked, who held it: what it protects may be torn. Repair it, or leave it
    /// [`Condition::Unrecoverable`].
    OwnerDied,
}

impl<P: Platform, T: Pod> Shared<P, T> {
    /// A mutex outside shared memory, protecting `data`.
    pub fn new(data: T) -> Self {
        Self { word: P::U64::new(0), data: DataCell::new(data) }
    }

    /// Puts `data` into a mutex that no other participant has seen yet.
    pub fn init(&self, data: T) {
        // SAFETY: nobody else has the mutex, says the caller's contract; whoever gets it comes later.
        unsafe { self.data.write(data) };
    }

    /// The present value, for inspection; stale at once.
    pub fn state(&self) -> State {
        // ORDERING: Relaxed, hint: nothing is decided by it.
        State(self.word.load(Relaxed))
    }

    /// Registers a waiter, who looks again after this, and sleeps only while the low half of the word is as it is in
    /// the value that this returns, or as that look has found it. Another thread may sleep for the waiter.
    ///
    /// # If a process dies
    /// Its waiter stays registered, and unlockers call the kernel for nobody.
    pub fn register(&self) -> State {
        // W1  ORDERING: Relaxed, chain: keeps U1's release sequence for L2.
        State(self.word.fetch_add(WAITER, Relaxed))
    }

    /// Takes back what [`register`](Self::register) did, once for each time.
    pub fn deregister(&self) {
        // W3  ORDERING: Relaxed, chain: keeps U1's release sequence for L2.
        self.word.fetch_sub(WAITER, Relaxed);
    }

    /// The word, of which the kernel sees the low half.
    pub(crate) fn word(&self) -> &P::U64 {
        &self.word
    }

    /// Frees the mutex if `owner` holds it. To be called while `owner` is dead: see
    /// [`registry::join`](super::registry::join).
    pub fn sweep(&self, owner: Owner) {
        // S1  ORDERING: Relaxed, hint: S2 re-checks it; what the dead wrote is seen (`Platform`).
        let mut seen = State(self.word.load(Relaxed));
        while seen.holder() == Some(owner) {
            let free = seen.left(Condition::Inconsistent);
            // S2  ORDERING: Release, edge SWEEP to L2: what the dead holder did is visible (I3).
            //     On failure Relaxed, hint: the loop re-checks it.
            match self.word.compare_exchange_weak(seen.0, free.0, Release, Relaxed) {
                Ok(_) => return, // Sleepers look again because of the death, not because of this.
                Err(found) => seen = State(found),
            }
        }
    }
}

/// A handle on a mutex, for one participant. It may move between threads, not be shared by them.
///
/// Dropping it changes nothing: what it holds is held until its process, or its seat, has ended.
#[derive(Debug)]
pub struct Mutex<P: Platform, T, S> {
    shared: S,
    ctx: P::Ctx,
    owner: Owner,
    not_sync: PhantomData<Cell<T>>,
}

impl<P: Platform, T: Pod, S: SharedRef<Target = Shared<P, T>>> Mutex<P, T, S> {
    /// A handle that is called `owner`. No two handles of a mutex have one owner at a time.
    pub fn attach(shared: S, ctx: P::Ctx, owner: Owner) -> Self {
        Self { shared, ctx, owner, not_sync: PhantomData }
    }

    /// The mutex.
    pub fn shared(&self) -> &S {
        &self.shared
    }

    /// What surrounds it.
    pub fn ctx(&self) -> &P::Ctx {
        &self.ctx
    }

    /// What is protected.
    ///
    /// # Safety
    /// This handle holds the lock.
    pub unsafe fn read(&self) -> T {
        P::enter(&self.ctx);
        // D1  SAFETY: the holder excludes every other (I1), and L2 or the holder's death ordered them.
        unsafe { self.shared.data.read() }
    }

    /// Writes what is protected.
    ///
    /// # Safety
    /// This handle holds the lock.
    pub unsafe fn write(&self, data: T) {
        P::enter(&self.ctx);
        // D2  SAFETY: as D1.
        unsafe { self.shared.data.write(data) };
    }

    /// Locks it, waiting as long as it takes.
    ///
    /// All that the last holder did is visible.
    ///
    /// # Errors
    /// [`LockTimeoutError`]: nothing was locked. `TimedOut` if it is cancelled.
    ///
    /// # If a process dies
    /// A dead holder's lock is taken over once its death is known.
    pub fn lock(&self) -> Result<Locked, LockTimeoutError> {
        self.lock_until(None)
    }

    /// Locks it if nobody holds it who lives. Lock-free.
    ///
    /// # Errors
    /// [`TryLockError`]: nothing was locked.
    pub fn try_lock(&self) -> Result<Locked, TryLockError> {
        self.attempt(Effort::Thorough, false)?.map_err(|_| TryLockError::Held)
    }

    /// [`lock`](Self::lock), for at most `timeout`.
    ///
    /// # Errors
    /// [`LockTimeoutError`]: nothing was locked.
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Locked, LockTimeoutError> {
        self.lock_until(P::deadline(&self.ctx, timeout))
    }

    /// [`lock`](Self::lock), until the absolute moment `until`.
    ///
    /// # Errors
    /// [`LockTimeoutError`]: nothing was locked.
    pub fn lock_until(&self, until: Option<P::Instant>) -> Result<Locked, LockTimeoutError> {
        let mut round = 0;
        loop {
            if let Ok(locked) = self.attempt(Effort::Quick, false)? {
                return Ok(locked);
            }
            if !P::spin(&self.ctx, round) {
                break;
            }
            round += 1;
        }
        let _ = self.shared.register();
        let mut timed_out = false;
        loop {
            let attempt = self.attempt(Effort::Thorough, true);
            if let Ok(Ok(locked)) = attempt {
                return Ok(locked);
            }
            let held = match attempt {
                Ok(Err(held)) if !timed_out => held,
                _ => {
                    self.shared.deregister();
                    let _ = attempt?;
                    return Err(LockTimeoutError::TimedOut);
                }
            };
            // W2  Sleeps only while nothing has changed; whatever it says, the next attempt decides.
            let word = &self.shared.word;
            timed_out = P::wait_low(&self.ctx, word, held.low(), until) == Wait::TimedOut;
        }
    }

    /// Takes it if nobody holds it who lives; a `registered` waiter is deregistered in the same step. If
    /// somebody holds it, the word as it was seen.
    #[inline]
    fn attempt(
        &self,
        effort: Effort,
        registered: bool,
    ) -> Result<Result<Locked, State>, LockError> {
        P::enter(&self.ctx);
        let word = &self.shared.word;
        // L1  ORDERING: Relaxed, hint: L2 and L4 re-check it.
        let mut seen = State(word.load(Relaxed));
        loop {
            if !seen.is_legal() {
                return Err(Corrupt.into()); // I1 is checked, not assumed.
            }
            if seen.condition() == Condition::Unrecoverable {
                return Err(LockError::Unrecoverable);
            }
            let ours = seen.held_by(self.owner, registered);
            let taken = match seen.holder() {
                Some(holder) if holder == self.owner => return Err(LockError::HeldByUs),
                // L2  ORDERING: Acquire, edge UNLOCK from U1: what the last holder did is visible.
                //     After a holder that died: edge SWEEP from S2: likewise.
                //     On failure Relaxed, hint: the loop re-checks it.
                None => word.compare_exchange_weak(seen.0, ours.0, Acquire, Relaxed),
                Some(_) if effort == Effort::Quick => return Ok(Err(seen)),
                Some(holder) => match self.take_over(holder, seen, ours) {
                    Some(taken) => taken,
                    None => return Ok(Err(seen)),
                },
            };
            match taken {
                Ok(_) if ours.condition() == Condition::Consistent => return Ok(Ok(Locked::Whole)),
                Ok(_) => return Ok(Ok(Locked::OwnerDied)),
                Err(found) => seen = State(found),
            }
        }
    }

    /// Makes a dead holder's lock `ours`, or says what was found instead; nothing if the holder lives, as far
    /// as is known.
    #[cold]
    fn take_over(&self, holder: Owner, seen: State, ours: State) -> Option<Result<u64, u64>> {
        // L3  Dead is never wrong, and nobody else is called so meanwhile.
        if_dead::<P, _>(&self.ctx, holder, || {
            // L4  ORDERING: Relaxed, chain: keeps U1's release sequence; what the dead did is visible.
            //     On failure Relaxed, hint: the caller's loop re-checks it.
            self.shared.word.compare_exchange(seen.0, ours.0, Relaxed, Relaxed)
        })
    }

    /// Leaves the mutex, which this handle holds, having `found` it so, in a condition: wakes one waiter, or
    /// all of them if none will ever get it. Wait-free.
    ///
    /// # If a process dies
    /// In the middle of this call: it is held, or it is left.
    pub fn unlock(&self, found: Locked, condition: Condition) {
        P::enter(&self.ctx);
        let free = State(0).left(match found {
            Locked::Whole => Condition::Consistent,
            Locked::OwnerDied => Condition::Inconsistent,
        });
        let held = free.held_by(self.owner, false);
        // The low half is known (I1), so one addition replaces it, whatever the waiters are.
        let change = held.left(condition).0.wrapping_sub(held.0);
        // U1  ORDERING: Release, edge UNLOCK to L2: carries what was done under the lock.
        let before = State(self.shared.word.fetch_add(change, Release));
        if before.waiters() > 0 {
            let count = if condition == Condition::Unrecoverable { u32::MAX } else { 1 };
            // U2  I2: U1 saw every waiter that may be asleep. Only the address is used from here on.
            P::wake_low(&self.ctx, &self.shared.word, count);
        }
    }
}

impl<P: Platform, T: Pod> Shared<P, T> {
    /// Name, offset and size of the word and of what it protects, in order.
    #[must_use]
    pub const fn fields() -> [Field; 2] {
        [
            Field::new("word", offset_of!(Self, word), size_of::<P::U64>()),
            Field::new("data", offset_of!(Self, data), size_of::<T>()),
        ]
    }
}
