//! The machine itself: `core::sync::atomic`, `UnsafeCell` payload, shared futexes, `CLOCK_MONOTONIC`.
//!
//! Trust base: this file and those below it, the compiler, and the kernel's `futex(2)`. Words in a mapping are the
//! standard library's atomic types, so native code is what one would write by hand.
#![allow(clippy::disallowed_types, clippy::disallowed_methods)]

use core::{
    cell::UnsafeCell,
    fmt, slice,
    sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering, fence},
    time::Duration,
};
use std::sync::Arc;

use nix::{
    sys::time::TimeSpec,
    time::{ClockId, clock_gettime},
};

pub(crate) mod guard;
mod lifeline;
pub(crate) mod ready;
mod seat;
mod sleep;
pub(crate) mod stop;
pub(crate) mod watcher;

pub(crate) use lifeline::Lifeline;
pub(crate) use seat::byte_lock;
pub use seat::{FIRST_SLOT, Seat};

use super::{AtomicWord, DataCell, LockMode, Owner, Platform, Pod, RacyCell, Rmw, Strength, Wait};
use sleep::{sleep, wake};

#[cfg(not(all(target_endian = "little", target_has_atomic = "64")))]
compile_error!("segments are little-endian and need lock-free 64-bit atomics");

/// The longest uninterrupted sleep: a wake-up that died with its receiver costs at most this.
pub const SLEEP_SLICE: Duration = Duration::from_millis(100);

/// Attempts before a blocking call sleeps; about 10 µs of spinning.
const SPIN_ROUNDS: u32 = 256;

/// The real platform.
#[derive(Debug)]
pub struct Native;

/// What surrounds a native handle.
#[derive(Clone, Debug, Default)]
pub struct NativeCtx(Oracle);

/// Who is asked whether an owner is dead.
#[derive(Clone, Debug, Default)]
enum Oracle {
    /// Nobody is.
    #[default]
    None,
    Seat(Arc<Seat>),
    Lifeline(Arc<Lifeline>),
}

impl NativeCtx {
    /// A context that asks `seat` who is dead. To the default context nobody is.
    pub fn with_seat(seat: Seat) -> Self {
        Self(Oracle::Seat(Arc::new(seat)))
    }

    /// A context to which the peer is dead once it has hung up.
    pub(crate) fn with_lifeline(line: Arc<Lifeline>) -> Self {
        Self(Oracle::Lifeline(line))
    }

    /// Does the owner of this slot live, as far as is known? To the default context everybody does. It changes
    /// nothing, and any thread may ask.
    pub(crate) fn lives(&self, owner: Owner) -> bool {
        match &self.0 {
            Oracle::None => true,
            Oracle::Seat(seat) => seat.is_held(owner),
            Oracle::Lifeline(line) => !line.is_dead(owner),
        }
    }

    /// Is this the process that the context was made in, and not a forked child of it? The default context
    /// is at home anywhere.
    pub fn is_here(&self) -> bool {
        match &self.0 {
            Oracle::None => true,
            Oracle::Seat(seat) => seat.is_here(),
            Oracle::Lifeline(line) => line.is_here(),
        }
    }
}

/// A moment of `CLOCK_MONOTONIC`: the same for every process since boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Monotonic(TimeSpec);

macro_rules! native_word {
    ($atomic:ty, $value:ty) => {
        impl AtomicWord<$value> for $atomic {
            #[inline]
            fn new(value: $value) -> Self {
                <$atomic>::new(value)
            }

            #[inline(always)]
            fn load(&self, order: Ordering) -> $value {
                <$atomic>::load(self, order)
            }

            #[inline(always)]
            fn store(&self, value: $value, order: Ordering) {
                <$atomic>::store(self, value, order);
            }

            #[inline(always)]
            fn rmw(&self, op: Rmw, operand: $value, order: Ordering) -> $value {
                match op {
                    Rmw::Add => <$atomic>::fetch_add(self, operand, order),
                    Rmw::Sub => <$atomic>::fetch_sub(self, operand, order),
                    Rmw::Or => <$atomic>::fetch_or(self, operand, order),
                    Rmw::And => <$atomic>::fetch_and(self, operand, order),
                    Rmw::Swap => <$atomic>::swap(self, operand, order),
                }
            }

            #[inline(always)]
            fn cas(
                &self,
                strength: Strength,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                match strength {
                    Strength::Weak => {
                        <$atomic>::compare_exchange_weak(self, current, new, success, failure)
                    }
                    Strength::Strong => {
                        <$atomic>::compare_exchange(self, current, new, success, failure)
                    }
                }
            }
        }
    };
}
native_word!(AtomicU32, u32);
native_word!(AtomicU64, u64);

/// Exclusive payload in a mapping.
#[repr(transparent)]
pub struct NativeCell<T>(UnsafeCell<T>);

// SAFETY: a shared `NativeCell` gives access to its content only through unsafe methods, whose
// contract orders all accesses; `T` itself may cross threads.
unsafe impl<T: Send> Sync for NativeCell<T> {}

impl<T> fmt::Debug for NativeCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NativeCell(..)")
    }
}

impl<T: Pod> DataCell<T> for NativeCell<T> {
    fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    #[inline]
    unsafe fn read(&self) -> T {
        // SAFETY: the caller excludes concurrent writers; the pointer comes from a live reference.
        unsafe { self.0.get().read() }
    }

    #[inline]
    unsafe fn write(&self, value: T) {
        // SAFETY: the caller excludes every concurrent access.
        unsafe { self.0.get().write(value) }
    }

    #[inline]
    unsafe fn read_slice(cells: &[Self], into: &mut [T]) {
        assert_eq!(cells.len(), into.len());
        let from = UnsafeCell::raw_get(cells.as_ptr().cast::<UnsafeCell<T>>());
        // SAFETY: both ranges hold `len` values of `T` (the cell is transparent); they are disjoint,
        // since `into` is exclusive; the caller excludes concurrent writers.
        unsafe { from.copy_to_nonoverlapping(into.as_mut_ptr(), into.len()) }
    }

    #[inline]
    unsafe fn write_slice(cells: &[Self], from: &[T]) {
        assert_eq!(cells.len(), from.len());
        let into = UnsafeCell::raw_get(cells.as_ptr().cast::<UnsafeCell<T>>());
        // SAFETY: as in `read_slice`, and `UnsafeCell` permits the write through a shared reference.
        unsafe { into.copy_from_nonoverlapping(from.as_ptr(), from.len()) }
    }
}

impl<T: Pod> NativeCell<T> {
    /// The cells' content in place.
    ///
    /// # Safety
    /// Nobody writes the cells, in any process that has them mapped, as long as the slice lives.
    pub unsafe fn as_slice(cells: &[Self]) -> &[T] {
        let start = UnsafeCell::raw_get(cells.as_ptr().cast::<UnsafeCell<T>>());
        // SAFETY: `len` values of `T` (the cell is transparent), whose lifetime is that of `cells`; the
        // caller excludes writers.
        unsafe { slice::from_raw_parts(start, cells.len()) }
    }

    /// The cells' content in place, to be written.
    ///
    /// # Safety
    /// Nobody else accesses the cells, in any process that has them mapped, as long as the slice lives.
    #[allow(clippy::mut_from_ref, reason = "the caller excludes every other access")]
    pub unsafe fn as_mut_slice(cells: &[Self]) -> &mut [T] {
        let start = UnsafeCell::raw_get(cells.as_ptr().cast::<UnsafeCell<T>>());
        // SAFETY: as above, and `UnsafeCell` permits writes through a shared reference.
        unsafe { slice::from_raw_parts_mut(start, cells.len()) }
    }
}

/// Racy payload in a mapping: every access is a relaxed atomic one, of eight bytes where the type's
/// alignment allows it and of one byte elsewhere.
#[repr(transparent)]
pub struct NativeRacy<T>(UnsafeCell<T>);

// SAFETY: all accesses are atomic.
unsafe impl<T: Send> Sync for NativeRacy<T> {}

impl<T> fmt::Debug for NativeRacy<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NativeRacy(..)")
    }
}

impl<T: Pod> NativeRacy<T> {
    const WORDS: usize = if align_of::<T>() >= 8 { size_of::<T>() / 8 } else { 0 };

    /// The value as eight-byte words, then the rest as bytes; the split depends on `T` alone, so
    /// all accesses to a byte have one size.
    fn parts(&self) -> (&[AtomicU64], &[AtomicU8]) {
        let base = self.0.get();
        // SAFETY: the first `WORDS * 8` bytes of the value, aligned by the definition of `WORDS`,
        // behind an `UnsafeCell`.
        let words = unsafe { slice::from_raw_parts(base.cast::<AtomicU64>(), Self::WORDS) };
        let done = Self::WORDS * 8;
        // SAFETY: `done <= size_of::<T>()`.
        let rest = unsafe { base.cast::<AtomicU8>().add(done) };
        // SAFETY: the bytes from `done` to the end of the value.
        let bytes = unsafe { slice::from_raw_parts(rest, size_of::<T>() - done) };
        (words, bytes)
    }
}

impl<T: Pod> RacyCell<T> for NativeRacy<T> {
    fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    #[inline]
    fn read(&self) -> T {
        let mut value = T::new_zeroed();
        let (words, bytes) = self.parts();
        let (to_words, to_bytes) = value.as_mut_bytes().split_at_mut(Self::WORDS * 8);
        for (to, word) in to_words.chunks_exact_mut(8).zip(words) {
            to.copy_from_slice(&word.load(Ordering::Relaxed).to_ne_bytes());
        }
        for (to, byte) in to_bytes.iter_mut().zip(bytes) {
            *to = byte.load(Ordering::Relaxed);
        }
        value
    }

    #[inline]
    fn write(&self, value: T) {
        let (words, bytes) = self.parts();
        let (from_words, from_bytes) = value.as_bytes().split_at(Self::WORDS * 8);
        for (from, word) in from_words.chunks_exact(8).zip(words) {
            let mut eight = [0; 8];
            eight.copy_from_slice(from);
            word.store(u64::from_ne_bytes(eight), Ordering::Relaxed);
        }
        for (from, byte) in from_bytes.iter().zip(bytes) {
            byte.store(*from, Ordering::Relaxed);
        }
    }
}

/// The address of the half of `word` that holds its low 32 bits: the first, on little-endian.
fn low_half(word: &AtomicU64) -> *const u32 {
    word.as_ptr().cast()
}

fn now() -> Monotonic {
    // CLOCK_MONOTONIC exists on every Linux; the call has no other way to fail.
    Monotonic(clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap_or(TimeSpec::new(0, 0)))
}

impl Platform for Native {
    type U32 = AtomicU32;
    type U64 = AtomicU64;
    type Cell<T: Pod> = NativeCell<T>;
    type Racy<T: Pod> = NativeRacy<T>;
    type Ctx = NativeCtx;
    type Instant = Monotonic;

    #[inline(always)]
    fn fence(order: Ordering) {
        fence(order);
    }

    #[inline]
    fn spin(_: &NativeCtx, round: u32) -> bool {
        core::hint::spin_loop();
        round < SPIN_ROUNDS
    }

    fn give_way() {
        std::thread::yield_now();
    }

    fn now(_: &NativeCtx) -> Monotonic {
        now()
    }

    fn deadline(_: &NativeCtx, timeout: Duration) -> Option<Monotonic> {
        // A deadline centuries away is none; `TimeSpec` would panic on overflow.
        const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
        (timeout < FOREVER).then(|| Monotonic(now().0 + TimeSpec::from_duration(timeout)))
    }

    fn wait(_: &NativeCtx, word: &AtomicU32, expected: u32, until: Option<Monotonic>) -> Wait {
        sleep(word.as_ptr(), expected, until)
    }

    fn wait_low(_: &NativeCtx, word: &AtomicU64, expected: u32, until: Option<Monotonic>) -> Wait {
        sleep(low_half(word), expected, until)
    }

    fn wake(_: &NativeCtx, word: &AtomicU32, count: u32) {
        wake(word.as_ptr(), count);
    }

    fn wake_low(_: &NativeCtx, word: &AtomicU64, count: u32) {
        wake(low_half(word), count);
    }

    fn try_lock(ctx: &NativeCtx, slot: Owner, mode: LockMode) -> bool {
        match &ctx.0 {
            Oracle::None => false,
            Oracle::Seat(seat) => seat.try_lock(slot, mode),
            // Of two, nobody else can want it.
            Oracle::Lifeline(line) => line.is_dead(slot),
        }
    }

    fn unlock(ctx: &NativeCtx, slot: Owner) {
        if let Oracle::Seat(seat) = &ctx.0 {
            seat.unlock(slot);
        }
    }

    /// # Panics
    /// In a forked child: see [`Seat`].
    #[inline]
    fn enter(ctx: &NativeCtx) {
        assert!(
            ctx.is_here(),
            "this handle belongs to the process that was forked: attach anew in the child"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_ends_at_its_deadline_or_after_a_slice() {
        let (ctx, word) = (NativeCtx::default(), AtomicU32::new(7));
        assert_eq!(Native::wait(&ctx, &word, 8, None), Wait::Mismatch);
        let soon = Native::deadline(&ctx, Duration::from_millis(1));
        assert_eq!(Native::wait(&ctx, &word, 7, soon), Wait::TimedOut);
        // Nobody wakes it, and it comes back all the same.
        assert_eq!(Native::wait(&ctx, &word, 7, None), Wait::Woken);
        assert_eq!(Native::deadline(&ctx, Duration::MAX), None);
    }
}
