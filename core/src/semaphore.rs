//! Semaphores: a number of permits, which processes acquire and release; counting, or binary with one.
//!
//! A [`Semaphore`] is *plain*, as POSIX has it: permits belong to nobody, any process may release what another has
//! acquired, and what a process held that died is lost. Where a permit is to come back when its holder dies, use the
//! *owner-tracked* [`permits`](crate::permits); where it guards data, a [`mutex`](crate::mutex). *Anonymous*, it is a
//! descriptor that a child inherits; *named*, unrelated processes meet at a name. Its promises are those of
//! [`protocol::semaphore`](crate::protocol::semaphore).
//!
//! # Against the kernel's
//!
//! | | `sem_overview(7)` | here |
//! |-|-------------------|------|
//! | a program in C | `sem_wait` and `sem_post` | **no**: only what knows [the layout](crate::segment) |
//! | `poll` | no | a handle as a [`Pollable`](crate::poll::Pollable) |
//! | release in a signal handler | `sem_post` is async-signal-safe | **not promised** |
//! | a maximum of its own | no: 2^31 - 1 for all | yes; one release too many is an error |
//! | several permits released at once | no | yes |
//! | a signal handler runs while somebody waits | `sem_wait` fails with `EINTR` | waits on |
//! | a timeout | until a moment of the real-time clock, which may be set | of the monotonic clock |
//! | system calls | none, unless somebody waits | the same |
//! | who is woken | any that waits; another may take the permit first | the same |
//! | a holder dies | its permit is lost | the same |
//! | unnamed, between processes | in memory that they share already | a descriptor, which is the memory |
//! | the name stays | until it is unlinked, or the machine is booted | the same; [`clean`](Directory::clean) finds what nobody uses |
//!
//! # Whom is trusted
//! With an anonymous semaphore nobody: a peer can hand out and withhold permits, and make calls fail with
//! [`Corrupt`], no more. With a named one whoever may open the name: see
//! [`segment`](crate::segment).
//!
//! # If a process dies
//! What it held is lost, and who waits for it waits on; what it was releasing is there, or is not. Nobody else is held
//! up: a sleeper that a dead process ought to have woken looks again within [`SLEEP_SLICE`].
//!
//! # After a restart
//! Who attaches again finds the permits that are free, and none that are its own: it cannot know what it held, and if
//! it was killed while it held one, there is one less for good. Workers that are killed and restarted use
//! [`permits`](crate::permits). `core/examples/semaphore.rs` shows a permit that is lost, and what helps.
//!
//! # Examples
//! ```
//! use selvedge::semaphore::{Semaphore, SemaphoreConfig};
//!
//! let (semaphore, descriptor) = Semaphore::anonymous(SemaphoreConfig::binary().initially(0))?;
//!
//! // Usually in a child that has inherited the descriptor.
//! let other = Semaphore::inherit(descriptor)?;
//! assert!(other.try_acquire().is_err());
//! semaphore.release(1)?;
//! other.acquire()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`SLEEP_SLICE`]: crate::platform::native::SLEEP_SLICE

use core::alloc::Layout;
use std::os::fd::{AsFd, OwnedFd};

use crate::{
    platform::native::{Native, NativeCtx},
    protocol::{Corrupt, semaphore},
    segment::{
        AttachError, CapacityError, ConfigError, CreateError, Directory, Identity, Object,
        OpenError, Origin, ProtocolId, Shared, fixed, sealed,
    },
};

/// A semaphore's words, in a segment.
pub type SharedSemaphore = semaphore::Shared<Native>;

/// What the creator of a semaphore decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct SemaphoreConfig {
    permits: u32,
    max: u32,
}

impl SemaphoreConfig {
    /// A counting semaphore with `permits` free permits, which is also their maximum.
    pub const fn counting(permits: u32) -> Self {
        Self { permits, max: permits }
    }

    /// A binary semaphore, its one permit free.
    pub const fn binary() -> Self {
        Self::counting(1)
    }

    /// Only `permits` of the permits are free at first.
    pub const fn initially(self, permits: u32) -> Self {
        Self { permits, ..self }
    }
}

// SAFETY:
// - `layout` is that of the type, which has no trailing array, and is aligned to 64;
// - `at` casts `base`;
// - both fields are atomic words;
// - the semaphore's handles are safe whatever a peer writes (the card, "Trust").
unsafe impl Object for SharedSemaphore {
    type Config = SemaphoreConfig;

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"SEMA");
    const RECORD: Identity = Identity::NONE;

    fn elements(_: &SemaphoreConfig) -> u64 {
        0
    }

    fn layout(elements: u64) -> Result<Layout, CapacityError> {
        fixed::<Self>(0, elements)
    }

    fn at(base: *mut u8, _: usize) -> *const Self {
        base.cast()
    }

    fn init(&self, config: &SemaphoreConfig) -> Result<(), ConfigError> {
        Ok(self.init(config.permits, config.max)?)
    }
}

impl Shared<SharedSemaphore> {
    /// A handle that acquires and releases permits, which belong to nobody.
    ///
    /// # Errors
    /// [`Corrupt`] if the semaphore's maximum is impossible.
    pub fn handle(&self) -> Result<Semaphore, Corrupt> {
        Semaphore::attach(self.clone(), NativeCtx::default())
    }
}

/// A handle on a semaphore between processes. Threads may share it.
pub type Semaphore = semaphore::Semaphore<Native, Shared<SharedSemaphore>>;

impl Semaphore {
    /// A semaphore without a name, for this process and those that get its descriptor: it is a sealed memfd,
    /// close-on-exec, which a child inherits once that flag is cleared.
    ///
    /// # Errors
    /// [`CreateError::Config`], [`CreateError::NoSpace`] or [`CreateError::Io`].
    ///
    /// # If a process dies
    /// The kernel frees the semaphore once nobody has it.
    pub fn anonymous(config: SemaphoreConfig) -> Result<(Self, OwnedFd), CreateError> {
        let (shared, descriptor) = sealed::create::<SharedSemaphore>(config)?;
        let handle = shared.handle().expect("its maximum was checked");
        Ok((handle, descriptor))
    }

    /// The semaphore of a descriptor, which is not needed any longer afterwards.
    ///
    /// # Errors
    /// [`AttachError`]; nothing of it was used.
    pub fn inherit(descriptor: impl AsFd) -> Result<Self, AttachError> {
        Ok(sealed::attach::<SharedSemaphore>(descriptor)?.handle()?)
    }

    /// The semaphore of this name, which is created unless it is there; it keeps its permits and its maximum.
    ///
    /// # Errors
    /// [`OpenError`].
    ///
    /// # If a process dies
    /// The name stays, until somebody [cleans](Directory::clean) it.
    pub fn named(
        directory: &Directory,
        name: &str,
        config: SemaphoreConfig,
    ) -> Result<(Self, Origin), OpenError> {
        let (shared, origin) = directory.create_or_attach::<SharedSemaphore>(name, config)?;
        let handle = shared.handle().map_err(AttachError::from)?;
        Ok((handle, origin))
    }
}
