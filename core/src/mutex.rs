//! The robust mutex: data that several processes share, and that a death in the middle of a change cannot
//! pass off as whole.
//!
//! A [`SharedMutex`] lives in a segment; each participant has a [`RobustMutex`], and while it holds the lock a
//! [`Guard`]. Its promises are those of [`protocol::mutex`](crate::protocol::mutex).
//!
//! # Against the kernel's
//!
//! | | `pthread_mutexattr_setrobust(3)`, shared by processes | here |
//! |-|-------------------------------------------------------|------|
//! | a program in C; condition variables; priority inheritance | yes | **no** |
//! | what it protects | what its users agree on | a record beside it, which only a guard reads and writes |
//! | the holder dies | the next gets `EOWNERDEAD` | the next gets [`LockError::OwnerDied`], with the guard |
//! | that is known | at once | at once to who asks, within a tenth of a second and some milliseconds to who waits |
//! | the holder panics | nothing is known of it | as if it had died |
//! | nobody repairs | `ENOTRECOVERABLE`, for good | [`LockError::Unrecoverable`], for good |
//! | the holder's thread ends, or it calls `exec` | as if it had died | `exec` likewise; a handle may move between threads |
//! | the holder locks again | waits for ever, or `EDEADLK` if asked for | [`LockError::HeldByUs`] |
//! | a peer spoils the memory | anything | [`LockError::Corrupt`], or another holder beside this one |
//! | a timeout | until a moment of the real-time clock | of the monotonic clock |
//! | system calls | none, unless somebody waits | the same |
//!
//! # Whom is trusted
//! With a sealed segment nobody, as far as this process is concerned; but who may lock may also write at any time, and
//! lock what is locked: a lock between processes that do not trust each other protects no data. Under a name, whoever
//! may open it: see [`segment`](crate::segment).
//!
//! # If a process dies
//! What it held is taken over by whoever locks next, who gets the guard inside [`LockError::OwnerDied`]: the
//! data may be torn. Repair it and call [`Guard::mark_consistent`]; a guard that is dropped without makes the
//! mutex [`Unrecoverable`](LockError::Unrecoverable), for everybody and for good.
//!
//! A death is learnt of at once by who tries to lock, and within [`SLEEP_SLICE`] and what the kernel takes to free
//! the dead process's locks (some milliseconds; a tenth of a second for a gigabyte of memory) by who waits.
//!
//! # After a restart
//! Who attaches again holds nothing, and is told like any other that the last holder, itself perhaps, died in the
//! middle. To lose nothing, change the record so that a torn one can be repaired: by one of its parts that says what
//! the others must be, or by an intention that is written first. `core/examples/mutex.rs` is such a worker, killed in
//! the middle again and again.
//!
//! # Examples
//! ```
//! use selvedge::{
//!     mutex::{MutexConfig, SharedMutex},
//!     segment::sealed,
//! };
//!
//! let (shared, _descriptor) = sealed::create::<SharedMutex<u64>>(MutexConfig::of(41))?;
//! let mutex = shared.handle()?;
//! mutex.lock().unwrap().update(|count| *count += 1);
//! assert_eq!(mutex.lock().unwrap().get(), 42);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`SLEEP_SLICE`]: crate::platform::native::SLEEP_SLICE

use core::{alloc::Layout, fmt, time::Duration};
use std::thread;

use crate::{
    platform::{
        Owner,
        native::{Native, NativeCtx},
    },
    protocol::{
        Corrupt,
        mutex::{
            self, Condition, LockError as Never, LockTimeoutError as Late, Locked,
            TryLockError as Try,
        },
    },
    segment::{
        CapacityError, ConfigError, DEFAULT_OWNERS, Identity, JoinError, Object, ProtocolId,
        Record, Shared, fixed,
    },
};

/// A mutex between processes, and the record that it protects.
pub type SharedMutex<T> = mutex::Shared<Native, T>;

/// What the creator of a mutex decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct MutexConfig<T> {
    data: T,
    owners: u32,
}

impl<T> MutexConfig<T> {
    /// A mutex that protects `data`.
    pub const fn of(data: T) -> Self {
        Self { data, owners: DEFAULT_OWNERS }
    }

    /// At most so many handles at a time, up to 4096.
    pub const fn owners(self, owners: u32) -> Self
    where
        T: Copy,
    {
        Self { owners, ..self }
    }
}

// SAFETY:
// - `layout` is that of the type, which has no trailing array, and is aligned to 128 at most, since
//   `Identity::of` admits no larger alignment for `T`;
// - `at` casts `base`;
// - its fields are an atomic word and a cell of `T: Pod`, for which all bytes are valid;
// - the mutex's handles are safe whatever a peer writes (the card, "Trust").
unsafe impl<T: Record> Object for SharedMutex<T> {
    type Config = MutexConfig<T>;

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"MUTX");
    const RECORD: Identity = Identity::of::<T>();

    fn elements(_: &MutexConfig<T>) -> u64 {
        1
    }

    fn layout(elements: u64) -> Result<Layout, CapacityError> {
        fixed::<Self>(1, elements)
    }

    fn at(base: *mut u8, _: usize) -> *const Self {
        base.cast()
    }

    fn init(&self, config: &MutexConfig<T>) -> Result<(), ConfigError> {
        self.init(config.data);
        Ok(())
    }

    fn owners(config: &MutexConfig<T>) -> Option<u32> {
        Some(config.owners)
    }

    fn sweep(&self, _: &NativeCtx, owner: Owner) {
        self.sweep(owner);
    }
}

impl<T: Record> Shared<SharedMutex<T>> {
    /// A handle that locks, for one thread at a time.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn handle(&self) -> Result<RobustMutex<T>, JoinError> {
        let (ctx, owner) = self.join()?;
        Ok(RobustMutex(mutex::Mutex::attach(self.clone(), ctx, owner)))
    }
}

/// A participant's handle on a mutex. It may move between threads, not be shared by them.
#[derive(Debug)]
pub struct RobustMutex<T: Record>(mutex::Mutex<Native, T, Shared<SharedMutex<T>>>);

/// Why [`RobustMutex::lock`] returned no guard, or one to be careful with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError<'a, T: Record> {
    /// It is locked; but a process died, or panicked, that held it, so the data may be torn.
    #[error("a process died that held the mutex: what it protects may be torn")]
    OwnerDied(Guard<'a, T>),
    /// This very handle holds it: its guard was forgotten.
    #[error("this handle holds the mutex already")]
    HeldByUs,
    /// The data was torn, and left without repair.
    #[error("what the mutex protects was left torn: create a new one")]
    Unrecoverable,
    /// The word is impossible.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// Not now: somebody holds it; or still did at the deadline, or when the call was cancelled.
    #[error("somebody holds the mutex")]
    Held,
}

impl<T: Record> From<Late> for LockError<'_, T> {
    fn from(error: Late) -> Self {
        match error {
            Late::TimedOut => Self::Held,
            Late::Never(Never::HeldByUs) => Self::HeldByUs,
            Late::Never(Never::Unrecoverable) => Self::Unrecoverable,
            Late::Never(Never::Corrupt(corrupt)) => Self::Corrupt(corrupt),
        }
    }
}

impl<T: Record> From<Try> for LockError<'_, T> {
    fn from(error: Try) -> Self {
        match error {
            Try::Held => Self::Held,
            Try::HeldByUs => Self::HeldByUs,
            Try::Unrecoverable => Self::Unrecoverable,
            Try::Corrupt(corrupt) => Self::Corrupt(corrupt),
        }
    }
}

impl<T: Record> RobustMutex<T> {
    pub(crate) fn mutex(&self) -> &mutex::Mutex<Native, T, Shared<SharedMutex<T>>> {
        &self.0
    }

    /// Locks it, waiting as long as it takes.
    ///
    /// # Errors
    /// [`LockError`]; `Held` only if it was [cancelled](crate::cancel).
    pub fn lock(&self) -> Result<Guard<'_, T>, LockError<'_, T>> {
        self.guard(self.0.lock()?)
    }

    /// Locks it if nobody holds it who lives.
    ///
    /// # Errors
    /// [`LockError`].
    pub fn try_lock(&self) -> Result<Guard<'_, T>, LockError<'_, T>> {
        self.guard(self.0.try_lock()?)
    }

    /// [`lock`](Self::lock), for at most `timeout`.
    ///
    /// # Errors
    /// [`LockError`]: `Held` if somebody still held it at the deadline.
    pub fn lock_timeout(&self, timeout: Duration) -> Result<Guard<'_, T>, LockError<'_, T>> {
        self.guard(self.0.lock_timeout(timeout)?)
    }

    /// The guard of a lock that was taken.
    pub(crate) fn guard(&self, found: Locked) -> Result<Guard<'_, T>, LockError<'_, T>> {
        let guard = Guard { mutex: self, found, whole: found == Locked::Whole };
        if guard.whole { Ok(guard) } else { Err(LockError::OwnerDied(guard)) }
    }
}

/// A lock that is held. Dropping it unlocks; forgetting it holds the lock until the handle is dropped or its
/// process ends, as if the holder had died then.
#[must_use = "dropping it unlocks"]
pub struct Guard<'a, T: Record> {
    mutex: &'a RobustMutex<T>,
    found: Locked,
    whole: bool,
}

impl<T: Record> Guard<'_, T> {
    /// A copy of the data.
    pub fn get(&self) -> T {
        // SAFETY: a guard's mutex is locked until it is dropped.
        unsafe { self.mutex.0.read() }
    }

    /// Writes the data. A death in the middle of this leaves it torn, and the next holder is told.
    pub fn set(&mut self, data: T) {
        // SAFETY: as above.
        unsafe { self.mutex.0.write(data) };
    }

    /// Changes a copy of the data, and writes it if `change` does not panic.
    pub fn update<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut data = self.get();
        let result = change(&mut data);
        self.set(data);
        result
    }

    /// Says that the data is whole again.
    pub fn mark_consistent(&mut self) {
        self.whole = true;
    }
}

impl<T: Record> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        if !self.mutex.0.ctx().is_here() {
            return; // In a forked child: the parent holds it.
        }
        let condition = match (self.whole, thread::panicking()) {
            (_, true) => Condition::Inconsistent,
            (true, false) => Condition::Consistent,
            (false, false) => Condition::Unrecoverable,
        };
        self.mutex.0.unlock(self.found, condition);
    }
}

impl<T: Record> fmt::Debug for Guard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("data", &self.get()).field("whole", &self.whole).finish()
    }
}
