//! The one door to shared memory: words, payload, fences, sleeping and waking.
//!
//! Every protocol is generic over [`Platform`] by a type parameter, never by `cfg`, so the source
//! that runs across processes ([`native`]) is the source that the engines of `selvedge-models`
//! explore. A backend adapts to the protocol; the protocol makes no access to please a checker.
//!
//! Every method that touches shared memory is `#[track_caller]`: a backend or a wrapper learns the
//! site of each access from [`core::panic::Location::caller`], and native code carries no trace
//! of it.

mod directory;
#[cfg(target_os = "linux")]
pub mod native;

pub use core::sync::atomic::Ordering;
use core::{fmt::Debug, time::Duration};

pub use directory::{Directory, LockByte, LockMode};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Plain data that may lie in memory which another process writes: every bit pattern is a value,
/// and there is no padding whose bytes could leak. `bool`, references and enums are not.
///
/// Implemented for every type that satisfies the bounds; derive `zerocopy`'s traits to get it.
pub trait Pod: FromBytes + IntoBytes + Immutable + Copy + Debug + Send + Sync + 'static {}
impl<T: FromBytes + IntoBytes + Immutable + Copy + Debug + Send + Sync + 'static> Pod for T {}

/// A read-modify-write operation that always succeeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rmw {
    /// Wrapping addition.
    Add,
    /// Wrapping subtraction.
    Sub,
    /// Bitwise or.
    Or,
    /// Bitwise and.
    And,
    /// Unconditional exchange.
    Swap,
}

/// May a compare-exchange fail although the values are equal?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// It may (`compare_exchange_weak`): for loops.
    Weak,
    /// It does not (`compare_exchange`).
    Strong,
}

/// A 32- or 64-bit word in shared memory.
///
/// # Panics
/// A load with a releasing ordering, a store with an acquiring one, and a failure ordering that
/// releases are programming errors; every backend panics on them.
pub trait AtomicWord<V: Copy + Eq + Debug>: Send + Sync {
    /// A word outside shared memory, for models and tests.
    fn new(value: V) -> Self;

    /// Reads the word.
    #[track_caller]
    fn load(&self, order: Ordering) -> V;

    /// Writes the word.
    #[track_caller]
    fn store(&self, value: V, order: Ordering);

    /// Applies `op` atomically and returns the previous value.
    #[track_caller]
    fn rmw(&self, op: Rmw, operand: V, order: Ordering) -> V;

    /// Writes `new` if the word holds `current`.
    ///
    /// # Errors
    /// The value that was found; the word is unchanged.
    #[track_caller]
    fn cas(
        &self,
        strength: Strength,
        current: V,
        new: V,
        success: Ordering,
        failure: Ordering,
    ) -> Result<V, V>;

    /// Wrapping add; returns the previous value.
    #[inline]
    #[track_caller]
    fn fetch_add(&self, operand: V, order: Ordering) -> V {
        self.rmw(Rmw::Add, operand, order)
    }

    /// Wrapping subtract; returns the previous value.
    #[inline]
    #[track_caller]
    fn fetch_sub(&self, operand: V, order: Ordering) -> V {
        self.rmw(Rmw::Sub, operand, order)
    }

    /// Bitwise or; returns the previous value.
    #[inline]
    #[track_caller]
    fn fetch_or(&self, operand: V, order: Ordering) -> V {
        self.rmw(Rmw::Or, operand, order)
    }

    /// Bitwise and; returns the previous value.
    #[inline]
    #[track_caller]
    fn fetch_and(&self, operand: V, order: Ordering) -> V {
        self.rmw(Rmw::And, operand, order)
    }

    /// Exchange; returns the previous value.
    #[inline]
    #[track_caller]
    fn swap(&self, value: V, order: Ordering) -> V {
        self.rmw(Rmw::Swap, value, order)
    }

    /// Compare-exchange that fails only on a different value.
    ///
    /// # Errors
    /// The value that was found.
    #[inline]
    #[track_caller]
    fn compare_exchange(
        &self,
        current: V,
        new: V,
        success: Ordering,
        failure: Ordering,
    ) -> Result<V, V> {
        self.cas(Strength::Strong, current, new, success, failure)
    }

    /// Compare-exchange that may fail spuriously.
    ///
    /// # Errors
    /// The value that was found, possibly equal to `current`.
    #[inline]
    #[track_caller]
    fn compare_exchange_weak(
        &self,
        current: V,
        new: V,
        success: Ordering,
        failure: Ordering,
    ) -> Result<V, V> {
        self.cas(Strength::Weak, current, new, success, failure)
    }
}

/// *Exclusive* payload: a slot that the protocol keeps to one accessor at a time. The engines check
/// exactly that, as a data race.
pub trait DataCell<T: Pod>: Send + Sync + Sized {
    /// A cell outside shared memory, for models and tests.
    fn new(value: T) -> Self;

    /// Copies the value out.
    ///
    /// # Safety
    /// No other accessor writes the cell meanwhile: all earlier writes happen-before this read, and
    /// this read happens-before all later ones.
    #[track_caller]
    unsafe fn read(&self) -> T;

    /// Copies `value` in.
    ///
    /// # Safety
    /// No other accessor touches the cell meanwhile, ordered by happens-before on both sides.
    #[track_caller]
    unsafe fn write(&self, value: T);

    /// Copies `cells` out to `into`, which has the same length.
    ///
    /// # Safety
    /// As [`read`](Self::read), for each cell.
    ///
    /// # Panics
    /// If the lengths differ.
    #[track_caller]
    unsafe fn read_slice(cells: &[Self], into: &mut [T]) {
        assert_eq!(cells.len(), into.len());
        for (cell, value) in cells.iter().zip(into) {
            // SAFETY: the caller's promise for the slice is this one for each cell.
            *value = unsafe { cell.read() };
        }
    }

    /// Copies `from` into `cells`, which has the same length.
    ///
    /// # Safety
    /// As [`write`](Self::write), for each cell.
    ///
    /// # Panics
    /// If the lengths differ.
    #[track_caller]
    unsafe fn write_slice(cells: &[Self], from: &[T]) {
        assert_eq!(cells.len(), from.len());
        for (cell, value) in cells.iter().zip(from) {
            // SAFETY: the caller's promise for the slice is this one for each cell.
            unsafe { cell.write(*value) };
        }
    }
}

/// *Racy* payload: others may write while it is copied (a seqlock, a hostile peer). A copy may mix
/// the bytes of several writes; it is never undefined behaviour, and no value is read twice.
pub trait RacyCell<T: Pod>: Send + Sync {
    /// A cell outside shared memory, for models and tests.
    fn new(value: T) -> Self;

    /// Copies the value out, word by word, each word a relaxed load.
    #[track_caller]
    fn read(&self) -> T;

    /// Copies `value` in, word by word, each word a relaxed store.
    #[track_caller]
    fn write(&self, value: T);
}

/// Why [`Platform::wait`] returned. Whatever it says is a hint: look at the word again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Wait {
    /// Woken, or spuriously awake.
    Woken,
    /// The word did not hold the expected value; nobody slept.
    Mismatch,
    /// The deadline has passed; or there was none, or not yet, and the wait is cancelled.
    TimedOut,
}

/// A participant, as a protocol's word names it: a slot of the segment's registry
/// ([`registry`](crate::protocol::registry)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner(pub u32);

/// An implementation of shared memory: the machine's, an engine's, or a wrapper around one.
///
/// # What a backend promises
/// Words and fences behave as C++20's memory model says (read-modify-writes carry release
/// sequences). A futex's check-and-sleep is one step in the order of the operations and wakes of
/// its word: whatever happens-before a wake is visible to the *check* of any later wait, and to
/// nothing else. Returning from a wait synchronises with nothing.
///
/// Locks of registry slots: each step is atomic, and the steps on one slot have one order; what happened
/// before a lock was let go of is visible to who takes it next. A lock belongs to the context that took
/// it; the kernel lets go of it when the context's process is dead, some time after the death, and not
/// before. That what the dead did is visible then too is *assumed* (`DEATH-VISIBLE`).
pub trait Platform: Sized + 'static {
    /// A 32-bit word.
    type U32: AtomicWord<u32>;
    /// A 64-bit word.
    type U64: AtomicWord<u64>;
    /// Exclusive payload.
    type Cell<T: Pod>: DataCell<T>;
    /// Racy payload.
    type Racy<T: Pod>: RacyCell<T>;
    /// What surrounds a handle: clock, death oracle.
    type Ctx: Clone + Send + 'static;
    /// A moment of the context's monotonic clock; deadlines are absolute, so retries do not drift.
    type Instant: Copy + Ord + Debug + Send + 'static;

    /// A memory fence.
    #[track_caller]
    fn fence(order: Ordering);

    /// Called between attempts, with their number from 0: spends a moment and returns `true`, or
    /// returns `false` when it is time to sleep.
    fn spin(ctx: &Self::Ctx, round: u32) -> bool;

    /// Called in each round of a loop that waits for others without sleeping: lets them run.
    #[track_caller]
    fn give_way();

    /// The present moment.
    fn now(ctx: &Self::Ctx) -> Self::Instant;

    /// The moment `timeout` after now, or `None` (no deadline) when it is past the clock's end.
    fn deadline(ctx: &Self::Ctx, timeout: Duration) -> Option<Self::Instant>;

    /// Sleeps while `word` holds `expected`, until woken, `until`, or spuriously. A native sleep
    /// ends by itself after a bounded time, so that a wake-up which died with its receiver is made
    /// good by the caller's next look. A caller may be cancelled, and is then told at once that it is too late.
    #[track_caller]
    fn wait(ctx: &Self::Ctx, word: &Self::U32, expected: u32, until: Option<Self::Instant>)
    -> Wait;

    /// [`wait`](Self::wait) on the low half of a 64-bit word. Only the kernel reads the half alone:
    /// mixed-size access is outside every memory model.
    #[track_caller]
    fn wait_low(
        ctx: &Self::Ctx,
        word: &Self::U64,
        expected: u32,
        until: Option<Self::Instant>,
    ) -> Wait;

    /// Wakes up to `count` of those who sleep on `word`. A wake that finds nobody asleep is lost.
    #[track_caller]
    fn wake(ctx: &Self::Ctx, word: &Self::U32, count: u32);

    /// [`wake`](Self::wake) on the low half of a 64-bit word.
    #[track_caller]
    fn wake_low(ctx: &Self::Ctx, word: &Self::U64, count: u32);

    /// Takes the lock of a registry slot if nobody else holds what conflicts, in place of what the context
    /// holds of it; says whether it did, and changes nothing if not.
    #[track_caller]
    fn try_lock(ctx: &Self::Ctx, slot: Owner, mode: LockMode) -> bool;

    /// Lets go of the lock of a registry slot.
    #[track_caller]
    fn unlock(ctx: &Self::Ctx, slot: Owner);

    /// Called at the start of each operation of a handle that has an owner. A native context panics in a
    /// process that was forked from its own: the child has the parent's memory and locks, and is nobody.
    #[inline]
    fn enter(_: &Self::Ctx) {}
}
