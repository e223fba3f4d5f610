//! Counting permits that belong to their holder: a dead holder's come back.
//!
//! A [`PermitPool`] lives in a segment; each participant has a [`PermitHandle`], and for each permit that it
//! holds a [`PermitGuard`]. Its promises are those of [`protocol::permits`](crate::protocol::permits). Where
//! permits need not come back, or one process acquires what another releases, use the plain
//! [`semaphore`](crate::semaphore).
//!
//! # Against the kernel's
//!
//! | | `sem_overview(7)` | `semop(2)` with `SEM_UNDO` | here |
//! |-|-------------------|----------------------------|------|
//! | a program in C | yes | yes | **no** |
//! | a dead holder's permits | are lost | come back, at once | come back, once known: see below |
//! | who may release | any process | any process | the holder |
//! | how many | 2^31 - 1 | 32,767 | 65,536 |
//! | system calls | none, unless somebody waits | one for each operation | none, unless none is free or somebody waits |
//!
//! # Whom is trusted
//! With a sealed segment nobody: a peer can withhold permits, and hand one out that is held; no more. Under a name,
//! whoever may open it: see [`segment`](crate::segment).
//!
//! # If a process dies
//! Its permits are taken over, each once: at once by who asks for one, and within [`SLEEP_SLICE`] and what the kernel takes to free
//! the dead process's locks (some milliseconds; a tenth of a second for a gigabyte of memory) by who waits.
//!
//! # After a restart
//! Who joins again holds nothing. What it held before it was killed is free for anybody, itself as well: a worker that is
//! killed each time it works costs no permit (`core/examples/permits.rs`).
//!
//! # Examples
//! ```
//! use selvedge::{
//!     permits::{PermitPool, PermitsConfig},
//!     segment::sealed,
//! };
//!
//! let (pool, _descriptor) = sealed::create::<PermitPool>(PermitsConfig::new(2))?;
//! let (mine, yours) = (pool.handle()?, pool.handle()?);
//! let permit = mine.acquire()?;
//! let another = yours.acquire()?;
//! assert!(mine.try_acquire().is_err());
//! drop(another);
//! assert_eq!(mine.free(), 1);
//! # drop(permit);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`SLEEP_SLICE`]: crate::platform::native::SLEEP_SLICE

use core::{alloc::Layout, ptr, time::Duration};

use crate::{
    platform::{
        Owner, Platform,
        native::{Native, NativeCtx},
    },
    protocol::permits::{self, MAX, NoPermit, Permit, Permits, Pool, TimedOut},
    segment::{
        CapacityError, ConfigError, DEFAULT_OWNERS, Identity, JoinError, Object, ProtocolId,
        Shared, trailing,
    },
};

type Word = <Native as Platform>::U32;

/// A pool of permits between processes.
pub type PermitPool = Pool<Native, permits::Slots<Native>>;

/// What the creator of a pool decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct PermitsConfig {
    permits: u32,
    owners: u32,
}

impl PermitsConfig {
    /// A pool of so many permits, all free: 1 to 65,536.
    pub const fn new(permits: u32) -> Self {
        Self { permits, owners: DEFAULT_OWNERS }
    }

    /// At most so many handles at a time, up to 4096.
    pub const fn owners(self, owners: u32) -> Self {
        Self { owners, ..self }
    }
}

// SAFETY:
// - `layout` is that of the pool with so many words (`trailing`), aligned to 128;
// - `at` casts `base` and attaches the number of permits;
// - every field is an atomic word;
// - the pool's handles are safe whatever a peer writes (the card, "Trust").
unsafe impl Object for PermitPool {
    type Config = PermitsConfig;

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"PRMT");
    const RECORD: Identity = Identity::NONE;

    fn elements(config: &PermitsConfig) -> u64 {
        config.permits.into()
    }

    fn layout(elements: u64) -> Result<Layout, CapacityError> {
        let too_large = CapacityError::TooLarge(elements);
        match u32::try_from(elements) {
            Ok(0) => Err(CapacityError::Zero),
            Ok(permits @ 1..=MAX) => {
                trailing::<Pool<Native, [Word; 0]>, Word>(permits as usize).map_err(|_| too_large)
            }
            _ => Err(too_large),
        }
    }

    fn at(base: *mut u8, elements: usize) -> *const Self {
        ptr::slice_from_raw_parts_mut(base.cast::<Word>(), elements) as *const Self
    }

    fn init(&self, _: &PermitsConfig) -> Result<(), ConfigError> {
        Ok(())
    }

    fn owners(config: &PermitsConfig) -> Option<u32> {
        Some(config.owners)
    }

    fn sweep(&self, ctx: &NativeCtx, owner: Owner) {
        self.sweep(ctx, owner);
    }
}

impl Shared<PermitPool> {
    /// A handle that acquires permits, for one thread at a time.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn handle(&self) -> Result<PermitHandle, JoinError> {
        let (ctx, owner) = self.join()?;
        Ok(PermitHandle(Permits::attach(self.clone(), ctx, owner)))
    }
}

/// A participant's handle on a pool. It may move between threads, not be shared by them.
#[derive(Debug)]
pub struct PermitHandle(Permits<Native, Shared<PermitPool>>);

impl PermitHandle {
    /// Takes a permit, waiting for one as long as it takes.
    ///
    /// # Errors
    /// [`TimedOut`] if it was [cancelled](crate::cancel): nothing was taken.
    pub fn acquire(&self) -> Result<PermitGuard<'_>, TimedOut> {
        Ok(self.guard(self.0.acquire()?))
    }

    /// Takes a permit if there is one that nobody holds who lives.
    ///
    /// # Errors
    /// [`NoPermit`]: each was held when it was looked at.
    pub fn try_acquire(&self) -> Result<PermitGuard<'_>, NoPermit> {
        Ok(self.guard(self.0.try_acquire()?))
    }

    /// [`acquire`](Self::acquire), for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`]: nothing was taken.
    pub fn acquire_timeout(&self, timeout: Duration) -> Result<PermitGuard<'_>, TimedOut> {
        Ok(self.guard(self.0.acquire_timeout(timeout)?))
    }

    pub(crate) fn permits(&self) -> &Permits<Native, Shared<PermitPool>> {
        &self.0
    }

    /// How many permits there are.
    pub fn max(&self) -> usize {
        self.0.max()
    }

    /// How many are free, for inspection; stale at once. A dead holder's count as held until they come back.
    pub fn free(&self) -> usize {
        self.0.free()
    }

    /// The guard of a permit that was taken.
    pub(crate) fn guard(&self, permit: Permit) -> PermitGuard<'_> {
        PermitGuard { handle: self, permit }
    }
}

/// A permit that is held. Dropping it releases; forgetting it holds the permit until the handle is dropped or
/// its process ends.
#[derive(Debug)]
#[must_use = "dropping it releases the permit"]
pub struct PermitGuard<'a> {
    handle: &'a PermitHandle,
    permit: Permit,
}

impl Drop for PermitGuard<'_> {
    fn drop(&mut self) {
        if self.handle.0.ctx().is_here() {
            // A peer that wrote nonsense may have taken it.
            let _ = self.handle.0.release(self.permit);
        }
    }
}
