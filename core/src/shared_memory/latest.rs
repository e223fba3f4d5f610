//! The latest value of one writer.

use core::alloc::Layout;
use std::os::fd::AsFd;

use crate::{
    platform::native::Native,
    protocol::latest,
    segment::{
        AttachError, CapacityError, ConfigError, Directory, Identity, JoinError, Object,
        ProtocolId, Record, Shared, fixed, sealed,
    },
};

/// A cell that holds the latest value.
///
/// A record that is aligned to 8 bytes or more is copied a word at a time; any other byte by byte, some ten times slower:
/// prefer `[u64; 8]` to `[u8; 64]`.
pub type LatestCell<T> = latest::Cell<Native, T>;

/// What the creator of a cell decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct LatestConfig<T>(T);

impl<T> LatestConfig<T> {
    /// A cell that holds `value` until somebody writes.
    pub const fn of(value: T) -> Self {
        Self(value)
    }
}

// SAFETY:
// - `layout` is that of the type, which has no trailing array, and is aligned to 128 at most, since
//   `Identity::of` admits no larger alignment for `T`;
// - `at` casts `base`;
// - its fields are an atomic word and racy cells of `T: Pod`, for which all bytes are valid;
// - the cell's handles are safe whatever a peer writes (the card, "Trust").
unsafe impl<T: Record> Object for LatestCell<T> {
    type Config = LatestConfig<T>;

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"LTST");
    const RECORD: Identity = Identity::of::<T>();

    fn elements(_: &LatestConfig<T>) -> u64 {
        1
    }

    fn layout(elements: u64) -> Result<Layout, CapacityError> {
        fixed::<Self>(1, elements)
    }

    fn at(base: *mut u8, _: usize) -> *const Self {
        base.cast()
    }

    fn init(&self, config: &LatestConfig<T>) -> Result<(), ConfigError> {
        self.init(config.0);
        Ok(())
    }

    /// The writer's slot.
    fn owners(_: &LatestConfig<T>) -> Option<u32> {
        Some(1)
    }
}

impl<T: Record> Shared<LatestCell<T>> {
    /// The writer's handle, if there is no writer who lives: it goes on where a dead one was.
    ///
    /// # Errors
    /// [`JoinError::RegistryFull`] if there is one; any other [`JoinError`].
    pub fn writer(&self) -> Result<LatestWriter<T>, JoinError> {
        let (ctx, _) = self.join()?;
        Ok(LatestWriter(latest::Writer::attach(self.clone(), ctx)))
    }

    /// A reader's handle. There may be any number.
    pub fn reader(&self) -> LatestReader<T> {
        LatestReader(latest::Reader::attach(self.clone()))
    }
}

/// Writes the latest value. It may move between threads, not be shared by them.
#[derive(Debug)]
pub struct LatestWriter<T: Record>(latest::Writer<Native, T, Shared<LatestCell<T>>>);

impl<T: Record> LatestWriter<T> {
    /// Makes `value` the latest. Wait-free.
    ///
    /// # If a process dies
    /// In the middle of this call: the value before stays, or this one is there.
    pub fn write(&mut self, value: T) {
        self.0.write(value);
    }
}

/// Reads the latest value.
#[derive(Clone, Debug)]
pub struct LatestReader<T: Record>(latest::Reader<Native, T, Shared<LatestCell<T>>>);

impl<T: Record> LatestReader<T> {
    /// A reader of the cell of this name, which is mapped to read alone: all it needs of the file is the right to
    /// read it.
    ///
    /// # Errors
    /// [`AttachError`].
    pub fn attach(directory: &Directory, name: &str) -> Result<Self, AttachError> {
        Ok(directory.attach_to_read::<LatestCell<T>>(name)?.reader())
    }

    /// A reader of the cell in a descriptor, which is mapped to read alone, and may be
    /// [sealed against writing](sealed::create_for_readers). It is not needed any longer afterwards.
    ///
    /// # Errors
    /// [`AttachError`].
    pub fn inherit(descriptor: impl AsFd) -> Result<Self, AttachError> {
        Ok(sealed::attach_to_read::<LatestCell<T>>(descriptor)?.reader())
    }

    /// Was the file truncated, so that what is read is nobody's? See [`guard`](crate::segment::guard).
    pub fn is_lost(&self) -> bool {
        self.0.cell().is_lost()
    }

    /// The latest value. Tries again if another was written while it was copied: a writer that writes all the time,
    /// faster than a copy is made, can keep a reader at it.
    pub fn read(&self) -> T {
        self.0.read().0
    }

    /// The latest value, and how many were written before it.
    pub fn read_with_version(&self) -> (T, u64) {
        self.0.read()
    }

    /// The latest value, and how many were written before it; nothing if another was written meanwhile. Wait-free.
    pub fn try_read(&self) -> Option<(T, u64)> {
        self.0.try_read()
    }
}
