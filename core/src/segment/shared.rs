//! Pointers to objects in segments.

use core::{fmt, ops::Deref};
use std::{
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use super::{JoinError, MpmcQueue, Object, Record, SpscRing, header::Contents, mapping::Mapping};
use crate::{
    platform::{
        Owner,
        native::{Native, NativeCtx, Seat},
    },
    protocol::{SharedRef, mpmc, registry, spsc},
};

/// A pointer to an object in a segment. The segment stays mapped until the last clone is gone, also
/// when its name is unlinked and its creator is dead. So long, a named segment is *in use*: an open
/// file says so, of which each [`Shared`] that was not cloned has one of its own.
///
/// Dropping the last clone *detaches*. So do `exec` and death, whereas a forked child, which has the
/// memory mapped too, keeps the segment in use.
pub struct Shared<O: ?Sized + Object> {
    object: *const O,
    /// Slots of the registry.
    owners: u32,
    mapping: Arc<Mapping>,
}

impl<O: ?Sized + Object> Shared<O> {
    /// The object of a segment whose header says, or will say, `contents`.
    ///
    /// # Panics
    /// If the mapping is smaller than that.
    pub(super) fn new(mapping: Mapping, contents: &Contents) -> Self {
        assert!(contents.segment_size <= mapping.size() as u64, "callers map the whole segment");
        // `Contents::of` computed the segment's size from this number, so it is an index.
        let object = O::at(mapping.object(), contents.elements as usize);
        Self { object, owners: contents.owners as u32, mapping: Arc::new(mapping) }
    }

    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }
}

impl<O: ?Sized + Object> Deref for Shared<O> {
    type Target = O;

    #[inline]
    fn deref(&self) -> &O {
        // SAFETY: the pointer is to the mapping's byte 128, aligned to 128, with the object's size
        // of bytes behind it (`new`), which stay mapped while `self.mapping` lives; any bytes are a
        // valid object, and others write only to its atomics and cells (contract of `Object`).
        unsafe { &*self.object }
    }
}

// SAFETY: a `Shared` gives out shared references only, and `O: Sync`; dropping it in another thread
// at most unmaps the memory.
unsafe impl<O: ?Sized + Object> Send for Shared<O> {}
// SAFETY: as above.
unsafe impl<O: ?Sized + Object> Sync for Shared<O> {}

// SAFETY: `object` is set once; moving or cloning the pointer does not move the mapping.
unsafe impl<O: ?Sized + Object> SharedRef for Shared<O> {}

impl<O: ?Sized + Object> Clone for Shared<O> {
    fn clone(&self) -> Self {
        Self { mapping: Arc::clone(&self.mapping), ..*self }
    }
}

impl<O: ?Sized + Object> fmt::Debug for Shared<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("protocol", &O::PROTOCOL)
            .field("record", &O::RECORD)
            .field("size", &self.mapping.size())
            .finish()
    }
}

impl<O: ?Sized + Object> Shared<O> {
    /// How many handles can have an owner's number at a time.
    pub fn owners(&self) -> u32 {
        self.owners
    }

    /// Was the segment's file truncated, which the [guard](super::guard) has survived? What is found in the memory is
    /// nobody's then.
    pub fn is_lost(&self) -> bool {
        self.mapping.is_lost()
    }

    /// Takes a slot of the registry, for a handle: what surrounds it, and what it is called. The slot is
    /// free again once the context and its clones are dropped, or their process is dead.
    ///
    /// # Errors
    /// [`JoinError`].
    pub(crate) fn join(&self) -> Result<(NativeCtx, Owner), JoinError> {
        let ctx = NativeCtx::with_seat(Seat::at(self.mapping.file()).map_err(seat_error)?);
        let owner = patiently(|| {
            let slots = (0..self.owners).map(Owner);
            registry::join::<Native>(&ctx, slots, |dead| self.sweep(&ctx, dead))
                .ok_or(JoinError::RegistryFull { owners: self.owners })
        })?;
        Ok((ctx, owner))
    }
}

/// Tries again for a moment: the kernel takes some milliseconds to free the locks of a process that was
/// killed, and longer if it had much memory.
fn patiently<T>(mut attempt: impl FnMut() -> Result<T, JoinError>) -> Result<T, JoinError> {
    const PATIENCE: Duration = Duration::from_millis(20);
    const PAUSE: Duration = Duration::from_millis(1);
    let start = Instant::now();
    loop {
        match attempt() {
            Err(JoinError::RegistryFull { .. } | JoinError::Taken)
                if start.elapsed() < PATIENCE =>
            {
                thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}

/// What a failure to open a segment's file anew means.
fn seat_error(error: io::Error) -> JoinError {
    match error.kind() {
        io::ErrorKind::NotFound => JoinError::NoProc,
        io::ErrorKind::PermissionDenied => JoinError::PermissionDenied,
        _ => JoinError::Io(error),
    }
}

impl<T: Record> Shared<SpscRing<T>> {
    /// The producer's end, if it has no owner who lives; pushing goes on where a dead one was.
    ///
    /// # Errors
    /// [`JoinError`].
    ///
    /// # If a process dies
    /// What it had pushed stays. The consumer takes that, and is told.
    pub fn producer(&self) -> Result<spsc::Producer<Native, T, Self>, JoinError> {
        let (ctx, owner) = self.join()?;
        patiently(|| Ok(spsc::Producer::claim(self.clone(), ctx.clone(), owner)?))
    }

    /// The consumer's end, if it has no owner who lives; popping goes on where a dead one was.
    ///
    /// # Errors
    /// [`JoinError`].
    ///
    /// # If a process dies
    /// What it had not popped stays for the next consumer. The producer fills the ring, and is told.
    pub fn consumer(&self) -> Result<spsc::Consumer<Native, T, Self>, JoinError> {
        let (ctx, owner) = self.join()?;
        patiently(|| Ok(spsc::Consumer::claim(self.clone(), ctx.clone(), owner)?))
    }
}

impl<T: Record> Shared<MpmcQueue<T>> {
    /// A producer.
    ///
    /// # Errors
    /// [`JoinError`].
    ///
    /// # If a process dies
    /// What it had pushed stays; a record that it was pushing is there, or is not. Nobody is held up.
    pub fn producer(&self) -> Result<mpmc::Producer<Native, T, Self>, JoinError> {
        let (ctx, owner) = self.join()?;
        Ok(mpmc::Producer::attach(self.clone(), ctx, owner)?)
    }

    /// A consumer.
    ///
    /// # Errors
    /// [`JoinError`].
    ///
    /// # If a process dies
    /// A record that it was popping is lost with it, or is there. Nobody is held up.
    pub fn consumer(&self) -> Result<mpmc::Consumer<Native, T, Self>, JoinError> {
        let (ctx, owner) = self.join()?;
        Ok(mpmc::Consumer::attach(self.clone(), ctx, owner)?)
    }
}
