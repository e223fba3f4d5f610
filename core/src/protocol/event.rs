//! # event: an eventcount; blocking on a condition that other words hold
//!
//! Whoever makes a condition true calls [`Event::notify`]; whoever needs it calls
//! [`Event::wait_until`] with an attempt that tests it. There is no lost wake-up, and no fence on
//! either side.
//!
//! Source: eventcounts, Reed and Kanodia, CACM 22(2), 1979; the shape with a waiter count beside
//! the epoch is known from folly's and Vyukov's eventcounts. Here both live in one word, so the
//! notifier learns of waiters from the read-modify-write that announces the change.
//!
//! Trust: a peer that writes the word at will can make waiters sleep one slice too long, or make
//! notifiers call the kernel needlessly; nothing is derived from the word but sleeping and waking.
//!
//! Progress: `notify` is wait-free. A waiter waits for the condition alone.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | `word` | `U64`: epoch in the low half, waiters in the high half | notifiers, waiters | notifiers, waiters, the kernel (low half) | epoch 0, no waiter |
//!
//! Bit budget: the epoch wraps after 2^32 notifications (143 s at 30 M/s). A waiter that is stopped
//! between W1 and W2 for a whole multiple of them sleeps one slice too long, no more. The waiter
//! count cannot wrap: there are fewer than 2^32 threads.
//!
//! ## States
//!
//! Every value is legal. N1 adds one to the epoch, W1 adds a waiter, W3 removes one; N2 takes back
//! the carry that N1 sends into the waiters when the epoch wraps.
//!
//! ## Invariants
//!
//! - `I1`: the waiter count is at least the number of live processes between W1 and W3.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `N1` | notify: add one to the epoch; the result says whether anybody waits |
//! | `N2` | notify: after the epoch wrapped, remove the carry from the waiter count |
//! | `N3` | notify: wake |
//! | `W1` | wait: register, learning the epoch |
//! | `W2` | wait: sleep while the epoch is unchanged |
//! | `W3` | wait: deregister |
//!
//! ## Edges
//!
//! | edge | release | acquire | carries | scenario that fails without it |
//! |------|---------|---------|---------|--------------------------------|
//! | `NOTIFY` | `N1` | `W1` | the condition made true before N1, to the attempt after W1 | `event/no_lost_wakeup` |
//!
//! If N1 comes before W1 in the order of the word, the edge shows the condition to the attempt
//! between W1 and W2. If it comes after, N1 sees the waiter (I1), and the changed epoch or the wake
//! ends its sleep.
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `N1` | a changed epoch, sleepers not woken | a sleeper, when its slice ends | tests the condition again | a delay of at most one slice |
//! | `N2` | as after `N1` | as after `N1` | as after `N1` | as after `N1` |
//! | `N3` | nothing | nobody | nothing | everything |
//! | `W1` | a waiter too many | nobody | notifiers call the kernel for nobody, for ever | I1 still holds |
//! | `W2` | a waiter too many; a wake-up may have died with it | other sleepers, when their slice ends | test the condition again | a delay of at most one slice |
//! | `W3` | nothing | nobody | nothing | everything |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `EVENT-1` | a waiter whose condition was made true before a `notify` does not sleep through it | `event/no_lost_wakeup`, `event/two_waiters`, `event/notifier_dies`, `event/waiter_dies`, `event/one_of_two_notifiers_dies`, `event/notifier_of_two_dies`, `event/two_deaths`, `event/death_of_one_of_two`, `event/notified_after_a_death`, `event/slept_elsewhere`, `test:polling/one_thread_waits_for_a_hundred_queues_and_takes_no_time_while_nothing_comes` |
//! | `EVENT-2` | what happened before the `notify` is visible to the attempt that it makes succeed | `event/no_lost_wakeup`, `event/slept_elsewhere` |
//! | `EVENT-3` | a wait ends at its deadline, or once cancelled, with a last attempt, and leaves no waiter behind | `event/timeout`, `test:cancelling/each_call_is_ended_from_another_thread_and_takes_and_leaves_nothing` |
//! | `EVENT-5` | who dies between making a condition true and telling of it, or with a wake-up in hand, delays the others by one slice at most | `event/notifier_dies`, `event/waiter_dies`, `event/one_of_two_notifiers_dies`, `event/notifier_of_two_dies`, `event/two_deaths`, `event/death_of_one_of_two`, `event/notified_after_a_death` |
//! | `EVENT-4` | the epoch's wrap-around loses no wake-up and leaves no phantom waiter | `event/epoch_wraps` |

use crate::platform::{AtomicWord, Ordering::*, Platform, Wait};

/// The deadline passed and the condition still did not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("timed out")]
pub struct TimedOut;

/// How hard an attempt is to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// One of many in a row: a few instructions.
    Quick,
    /// The last one before a sleep, or the only one: worth a system call, to learn who is dead.
    Thorough,
}

/// One waiter in the word.
const WAITER: u64 = 1 << 32;

/// A value of the event's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct State(pub u64);

impl State {
    /// Number of notifications so far, modulo 2^32.
    pub const fn epoch(self) -> u32 {
        self.0 as u32
    }

    /// Number of registered waiters, at least.
    pub const fn waiters(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// A waiter that is registered: the epoch that it has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a waiter is to be deregistered"]
pub struct Registered(u32);

impl Registered {
    /// The epoch that it has seen.
    pub const fn epoch(self) -> u32 {
        self.0
    }
}

/// An eventcount in shared memory; 8 bytes. A zero page is a valid event.
#[derive(Debug)]
#[repr(C)]
pub struct Event<P: Platform> {
    word: P::U64,
}

impl<P: Platform> Event<P> {
    /// An event outside shared memory, its epoch starting at `epoch`.
    pub fn new(epoch: u32) -> Self {
        Self { word: P::U64::new(u64::from(epoch)) }
    }

    /// Sets the epoch of an event that no other participant has seen yet.
    pub fn init(&self, epoch: u32) {
        // ORDERING: Relaxed, exclusive: the segment is not published yet.
        self.word.store(u64::from(epoch), Relaxed);
    }

    /// The word, of which the kernel sees the low half.
    pub(crate) fn word(&self) -> &P::U64 {
        &self.word
    }

    /// The present value, for inspection; stale at once.
    pub fn state(&self) -> State {
        // ORDERING: Relaxed, hint: nothing is decided by it.
        State(self.word.load(Relaxed))
    }

    /// Announces that a condition may have become true, waking up to `count` waiters.
    ///
    /// All that the caller did before is visible to the attempts of those who are woken and of
    /// those who come later.
    #[inline]
    pub fn notify(&self, ctx: &P::Ctx, count: u32) {
        // N1  ORDERING: Release, edge NOTIFY to W1: carries the condition that was just made true.
        let before = State(self.word.fetch_add(1, Release));
        if before.epoch() == u32::MAX {
            // N2  ORDERING: Relaxed, chain: keeps N1's release sequence; a count of waiters only.
            self.word.fetch_sub(WAITER, Relaxed);
        }
        if before.waiters() > 0 {
            // N3  I1: a waiter that N1 did not see will read N1 at its W1.
            P::wake_low(ctx, &self.word, count);
        }
    }

    /// Calls `attempt` until it yields a value, sleeping in between. Each sleep ends after a bounded time, so
    /// an attempt that looks for the dead learns of a death within that bound.
    ///
    /// # Errors
    /// [`TimedOut`] if the last attempt, made after `until` passed, yielded nothing.
    ///
    /// # If a process dies
    /// A notifier that dies between its steps delays the waiter by one sleep slice at most.
    pub fn wait_until<R>(
        &self,
        ctx: &P::Ctx,
        until: Option<P::Instant>,
        mut attempt: impl FnMut(Effort) -> Option<R>,
    ) -> Result<R, TimedOut> {
        let mut round = 0;
        loop {
            if let Some(value) = attempt(Effort::Quick) {
                return Ok(value);
            }
            if !P::spin(ctx, round) {
                break;
            }
            round += 1;
        }
        loop {
            let registered = self.register();
            let found = attempt(Effort::Thorough);
            let timed_out = found.is_none() && self.sleep(ctx, registered, until) == Wait::TimedOut;
            self.deregister();
            match found {
                Some(value) => return Ok(value),
                None if timed_out => return attempt(Effort::Thorough).ok_or(TimedOut),
                None => {}
            }
        }
    }

    /// Registers a waiter, who makes an attempt after this, and [sleeps](Self::sleep) only if that yields nothing.
    ///
    /// # If a process dies
    /// Its waiter stays registered, and notifiers call the kernel for nobody.
    pub fn register(&self) -> Registered {
        // W1  ORDERING: Acquire, edge NOTIFY from N1: the attempt that follows sees what N1 announced.
        Registered(State(self.word.fetch_add(WAITER, Acquire)).epoch())
    }

    /// Sleeps until there was a notification since the waiter registered, until `until`, or for a bounded time.
    /// Another thread may do that for the waiter.
    pub fn sleep(&self, ctx: &P::Ctx, waiter: Registered, until: Option<P::Instant>) -> Wait {
        // W2  Ends when the epoch moves on; whatever it says, the attempt decides.
        P::wait_low(ctx, &self.word, waiter.0, until)
    }

    /// Takes back what [`register`](Self::register) did, once for each time.
    pub fn deregister(&self) {
        // W3  ORDERING: Relaxed, chain: keeps N1's release sequence; a count of waiters only.
        self.word.fetch_sub(WAITER, Relaxed);
    }
}
