//! The only place that maps memory.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use memmap2::{MmapOptions, MmapRaw};

use super::header::{HEADER_SIZE, Header};
use crate::platform::native::guard::Watched;

/// What a file's bytes are mapped for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// To be read: a write would be a SIGSEGV.
    Read,
    /// To be read and written.
    Write,
}

/// A file's bytes, mapped shared for as long as this lives.
#[derive(Debug)]
pub(super) struct Mapping {
    /// Dropped before the memory is unmapped.
    watched: Watched,
    memory: MmapRaw,
    /// Another descriptor of what is mapped: the locks of a named segment's users belong to both. Closed once
    /// the memory is unmapped.
    file: OwnedFd,
}

impl Mapping {
    /// Maps the first `size` bytes of `file` for `access`.
    ///
    /// # Panics
    /// If that is less than a header.
    pub(super) fn new(file: BorrowedFd<'_>, size: usize, access: Access) -> io::Result<Self> {
        assert!(size >= HEADER_SIZE, "callers check the size first");
        let mut options = MmapOptions::new();
        let memory = match access {
            Access::Read => options.len(size).map_raw_read_only(&file)?,
            Access::Write => options.len(size).map_raw(&file)?,
        };
        let watched = Watched::new(memory.as_ptr().addr(), size);
        Ok(Self { watched, memory, file: file.try_clone_to_owned()? })
    }

    /// Was the file truncated, and has the guard put something else in its place?
    pub(super) fn is_lost(&self) -> bool {
        self.watched.is_lost()
    }

    /// What is mapped.
    pub(super) fn file(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Number of bytes.
    pub(super) fn size(&self) -> usize {
        self.memory.len()
    }

    /// The header's words, whatever they hold.
    pub(super) fn header(&self) -> &Header {
        // SAFETY: the mapping is page-aligned, holds a header's bytes (`new`) and lives as long as
        // the reference; a header is atomic words alone, valid whatever their bytes.
        unsafe { &*self.memory.as_ptr().cast::<Header>() }
    }

    /// The byte after the header.
    pub(super) fn object(&self) -> *mut u8 {
        // SAFETY: the mapping holds a header's bytes (`new`).
        unsafe { self.memory.as_mut_ptr().add(HEADER_SIZE) }
    }
}
