//! Cells that several processes change.

use core::{alloc::Layout, ptr};
use std::os::fd::AsFd;

use crate::{
    platform::{Platform, native::Native},
    protocol::cells,
    segment::{
        AttachError, CapacityError, ConfigError, Directory, Identity, Object, ProtocolId, Shared,
        sealed,
    },
};

type Word = <Native as Platform>::U64;

/// Cells of 64 bits, each read, written and changed in one step.
pub type AtomicCells = cells::Cells<Native, cells::Words<Native>>;

/// What the creator of cells decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct CellsConfig(u64);

impl CellsConfig {
    /// So many cells, at least 1, which hold 0.
    pub const fn new(count: u64) -> Self {
        Self(count)
    }
}

// SAFETY:
// - `layout` is that of so many words;
// - `at` casts `base` and attaches their number; the field before them has no size;
// - every field is an atomic word;
// - the methods are safe whatever a peer writes (the card, "Trust").
unsafe impl Object for AtomicCells {
    type Config = CellsConfig;

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"CELL");
    const RECORD: Identity = Identity::of::<u64>();

    fn elements(config: &CellsConfig) -> u64 {
        config.0
    }

    fn layout(elements: u64) -> Result<Layout, CapacityError> {
        if elements == 0 {
            return Err(CapacityError::Zero);
        }
        let count = usize::try_from(elements).ok();
        let layout = count.and_then(|count| Layout::array::<Word>(count).ok());
        layout.ok_or(CapacityError::TooLarge(elements))
    }

    fn at(base: *mut u8, elements: usize) -> *const Self {
        ptr::slice_from_raw_parts_mut(base.cast::<Word>(), elements) as *const Self
    }

    fn init(&self, _: &CellsConfig) -> Result<(), ConfigError> {
        Ok(())
    }
}

/// Reads cells that others change.
#[derive(Clone, Debug)]
pub struct CellsReader(Shared<AtomicCells>);

impl CellsReader {
    /// A reader of the cells of this name, which are mapped to read alone: all it needs of the file is the right to
    /// read it.
    ///
    /// # Errors
    /// [`AttachError`].
    pub fn attach(directory: &Directory, name: &str) -> Result<Self, AttachError> {
        Ok(Self(directory.attach_to_read(name)?))
    }

    /// A reader of the cells in a descriptor, which are mapped to read alone, and may be
    /// [sealed against writing](sealed::create_for_readers). It is not needed any longer afterwards.
    ///
    /// # Errors
    /// [`AttachError`].
    pub fn inherit(descriptor: impl AsFd) -> Result<Self, AttachError> {
        Ok(Self(sealed::attach_to_read(descriptor)?))
    }

    /// Was the file truncated, so that what is read is nobody's? See [`guard`](crate::segment::guard).
    pub fn is_lost(&self) -> bool {
        self.0.is_lost()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// What is in a cell. All that was done before it was put there is visible.
    ///
    /// # Panics
    /// If there is no cell of that number.
    pub fn load(&self, cell: usize) -> u64 {
        self.0.load(cell)
    }
}
