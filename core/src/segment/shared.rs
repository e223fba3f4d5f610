//! Pointers to objects in segments.

use core::{fmt, ops::Deref};
use std::{fs::File, sync::Arc};

use super::{
    MpmcQueue, Object, Record, SharedSemaphore, SpscRing, header::Contents, mapping::Mapping,
};
use crate::{
    platform::{
        Owner,
        native::{Native, NativeCtx},
    },
    protocol::{Corrupt, SharedRef, mpmc, semaphore, spsc},
};

/// A pointer to an object in a segment. The segment stays mapped until the last clone is gone, also
/// when its name is unlinked and its creator is dead. So long, a named segment is *in use*: an open
/// file says so, of which each [`Shared`] that was not cloned has one of its own.
///
/// Dropping the last clone *detaches*. So do `exec` and death, whereas a forked child, which has the
/// memory mapped too, keeps the segment in use.
pub struct Shared<O: ?Sized + Object> {
    object: *const O,
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
        Self { object, mapping: Arc::new(mapping) }
    }

    /// The same, which keeps `file` open, and so the segment in use, until the last clone is gone.
    ///
    /// # Panics
    /// If it has been cloned.
    pub(super) fn using(mut self, file: File) -> Self {
        let mapping = Arc::get_mut(&mut self.mapping).expect("callers have just made it");
        mapping.keep(file);
        self
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
        Self { object: self.object, mapping: Arc::clone(&self.mapping) }
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

impl<T: Record> Shared<SpscRing<T>> {
    /// Claims the producer's end.
    ///
    /// # Errors
    /// As [`spsc::Producer::claim`].
    ///
    /// # If a process dies
    /// The end stays claimed for good: create a new ring.
    pub fn producer(&self) -> Result<spsc::Producer<Native, T, Self>, spsc::ClaimError> {
        spsc::Producer::claim(self.clone(), NativeCtx::default())
    }

    /// Claims the consumer's end.
    ///
    /// # Errors
    /// As [`spsc::Consumer::claim`].
    ///
    /// # If a process dies
    /// As with [`producer`](Self::producer).
    pub fn consumer(&self) -> Result<spsc::Consumer<Native, T, Self>, spsc::ClaimError> {
        spsc::Consumer::claim(self.clone(), NativeCtx::default())
    }
}

impl<T: Record> Shared<MpmcQueue<T>> {
    /// A producer, called `owner` in the queue: a number that no other handle of the queue has.
    ///
    /// # Errors
    /// As [`mpmc::Producer::attach`].
    ///
    /// # If a process dies
    /// What it had pushed stays; its number may be given again once nothing is left of it.
    pub fn producer(
        &self,
        owner: Owner,
    ) -> Result<mpmc::Producer<Native, T, Self>, mpmc::AttachError> {
        mpmc::Producer::attach(self.clone(), NativeCtx::default(), owner)
    }

    /// A consumer, called `owner` in the queue: a number that no other handle of the queue has.
    ///
    /// # Errors
    /// As [`mpmc::Consumer::attach`].
    ///
    /// # If a process dies
    /// As with [`producer`](Self::producer).
    pub fn consumer(
        &self,
        owner: Owner,
    ) -> Result<mpmc::Consumer<Native, T, Self>, mpmc::AttachError> {
        mpmc::Consumer::attach(self.clone(), NativeCtx::default(), owner)
    }
}

impl Shared<SharedSemaphore> {
    /// A handle that acquires and releases permits.
    ///
    /// # Errors
    /// [`Corrupt`] if the semaphore's maximum is impossible.
    pub fn handle(&self) -> Result<semaphore::Semaphore<Native, Self>, Corrupt> {
        semaphore::Semaphore::attach(self.clone(), NativeCtx::default())
    }
}
