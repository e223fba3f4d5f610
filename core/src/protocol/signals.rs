//! # signals: which of 64 events have happened since somebody last looked
//!
//! [`Pending`] lives in shared memory. Whoever raises a signal sets its bit; whoever takes signals clears what he takes,
//! and may wait for one. As with POSIX's standard signals, one that is raised again before it is taken is taken once.
//!
//! Source: the pending set of POSIX.1-2017, "Signal Concepts" (2.4.1), without its handlers; waiting is by `event`.
//!
//! Trust: whoever may write the memory can raise and withhold any signal. It cannot do more.
//!
//! Progress: `raise` and `take` are wait-free. A waiter waits for a signal alone.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | `pending` | `U64`: a bit for each signal | all | all | nothing is pending |
//! | `raised` | event | who raises | who waits | |
//!
//! Bit budget: 64 signals.
//!
//! ## States
//!
//! Any set. R1 adds signals, T1 removes some.
//!
//! ## Invariants
//!
//! None.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `R1` | raise: add to the set |
//! | `R2` | raise: notify |
//! | `T1` | take: remove from the set, learning what was in it |
//!
//! ## Edges
//!
//! | edge | release | acquire | carries | scenario that fails without it |
//! |------|---------|---------|---------|--------------------------------|
//! | `RAISED` | `R1` | `T1` | what whoever raised a signal did before, also if another raised one since | `signals/handed_over` |
//!
//! R1 and T1 are read-modify-writes of one word, so a T1 that finds several R1 synchronises with each. A sleeper needs no
//! more: `event` shows what was raised before a notification to the attempt after it.
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `R1` | a signal of which no sleeper was told | a sleeper, when its slice ends | takes it | it is raised; a delay of at most one slice |
//! | `R2` | nothing | nobody | nothing | it is raised |
//! | `T1` | nothing | nobody | nothing | what was taken is gone, as a signal that a dead process got |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `SIGNALS-1` | a signal that was raised is taken by the next who takes it, once for any number of times, and by nobody else | `signals/none_lost`, `signals/one_taker` |
//! | `SIGNALS-2` | what whoever raised a signal did before is visible to whoever takes it | `signals/handed_over`, `signals/none_lost` |
//! | `SIGNALS-3` | no lost wake-up: a waiter is not asleep for longer than a slice while a signal is pending for it | `signals/handed_over`, `signals/raiser_dies` |
//! | `SIGNALS-4` | a process that dies has raised, or taken, or has not | `signals/raiser_dies` |
//! | `SIGNALS-5` | `raise` and `take` end wherever another operation on the set stands: a handler may make them that has interrupted it | `signals/interrupted` |

use core::{mem::offset_of, time::Duration};

use super::{Line, SharedRef, event::Event};
use crate::{
    layout::Field,
    platform::{AtomicWord, Ordering::*, Platform},
};

/// A set of signals: bit `n` stands for signal `n`, from 0 to 63.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Set(pub u64);

impl Set {
    /// All of them.
    pub const ALL: Self = Self(u64::MAX);

    /// One signal.
    ///
    /// # Panics
    /// If there is no such signal.
    #[must_use]
    pub const fn of(signal: u32) -> Self {
        assert!(signal < u64::BITS, "there are 64 signals");
        Self(1 << signal)
    }

    /// Those of either.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Is this signal among them?
    #[must_use]
    pub const fn contains(self, signal: u32) -> bool {
        signal < u64::BITS && self.0 >> signal & 1 == 1
    }

    /// Is there none?
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Their numbers, in order.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        (0..u64::BITS).filter(move |signal| self.contains(*signal))
    }
}

/// Signals that are pending, in shared memory: 256 bytes. A zero page is an empty set.
#[derive(Debug)]
#[repr(C)]
pub struct Pending<P: Platform> {
    pending: Line<P::U64>,
    raised: Line<Event<P>>,
}

/// Nothing was raised in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no signal was raised in time")]
pub struct TimedOut;

impl<P: Platform> Default for Pending<P> {
    /// An empty set outside shared memory.
    fn default() -> Self {
        Self { pending: Line(P::U64::new(0)), raised: Line(Event::new(0)) }
    }
}

impl<P: Platform> Pending<P> {
    /// What is pending, for inspection; stale at once.
    pub fn pending(&self) -> Set {
        // ORDERING: Relaxed, hint: nothing is decided by it.
        Set(self.pending.load(Relaxed))
    }

    /// What waiters wait for.
    pub(crate) fn raised(&self) -> &Event<P> {
        &self.raised
    }

    /// Name, offset and size of each word, in order.
    #[must_use]
    pub const fn fields() -> [Field; 2] {
        [
            Field::new("pending", offset_of!(Self, pending), size_of::<P::U64>()),
            Field::new("raised", offset_of!(Self, raised), size_of::<Event<P>>()),
        ]
    }
}

/// A handle on a set. Cloning it gives another participant.
#[derive(Debug)]
pub struct Signals<P: Platform, R> {
    set: R,
    ctx: P::Ctx,
}

impl<P: Platform, R: Clone> Clone for Signals<P, R> {
    fn clone(&self) -> Self {
        Self { set: self.set.clone(), ctx: self.ctx.clone() }
    }
}

impl<P: Platform, R: SharedRef<Target = Pending<P>>> Signals<P, R> {
    /// A handle on `set`.
    pub fn attach(set: R, ctx: P::Ctx) -> Self {
        Self { set, ctx }
    }

    /// The set.
    pub fn set(&self) -> &R {
        &self.set
    }

    /// What surrounds it.
    pub fn ctx(&self) -> &P::Ctx {
        &self.ctx
    }

    /// Raises signals, and wakes everybody who waits for any. Those that are pending already are raised once.
    ///
    /// # If a process dies
    /// In the middle of this call: they are raised or are not; who waits finds out when its sleep slice ends.
    pub fn raise(&self, signals: Set) {
        // R1  ORDERING: Release, edge RAISED to T1: carries what this process did.
        self.set.pending.fetch_or(signals.0, Release);
        // R2  Whoever waits for others sleeps again.
        self.set.raised.notify(&self.ctx, u32::MAX);
    }

    /// Takes those of `wanted` that are pending. Of several who take, one gets each.
    pub fn take(&self, wanted: Set) -> Set {
        // T1  ORDERING: Acquire, edge RAISED from R1: what whoever raised them did is visible.
        Set(self.set.pending.fetch_and(!wanted.0, Acquire) & wanted.0)
    }

    /// [`take`](Self::take)s at least one, waiting for it as long as it takes; none if it is cancelled.
    pub fn wait(&self, wanted: Set) -> Set {
        self.wait_until(wanted, None).unwrap_or_default()
    }

    /// [`wait`](Self::wait), for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`]: nothing was taken.
    pub fn wait_timeout(&self, wanted: Set, timeout: Duration) -> Result<Set, TimedOut> {
        self.wait_until(wanted, P::deadline(&self.ctx, timeout))
    }

    /// [`wait`](Self::wait), until the absolute moment `until`.
    ///
    /// # Errors
    /// As [`wait_timeout`](Self::wait_timeout).
    pub fn wait_until(&self, wanted: Set, until: Option<P::Instant>) -> Result<Set, TimedOut> {
        let attempt = |_| {
            let taken = self.take(wanted);
            (!taken.is_empty()).then_some(taken)
        };
        self.set.raised.wait_until(&self.ctx, until, attempt).map_err(|_| TimedOut)
    }
}
