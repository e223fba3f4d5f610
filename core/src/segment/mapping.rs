//! The only place that maps memory.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use memmap2::{MmapOptions, MmapRaw};

use super::header::{HEADER_SIZE, Header};

/// A file's bytes, mapped shared and writable for as long as this lives.
#[derive(Debug)]
pub(super) struct Mapping {
    memory: MmapRaw,
    /// Another descriptor of what is mapped: the locks of a named segment's users belong to both. Closed once
    /// the memory is unmapped.
    file: OwnedFd,
}

impl Mapping {
    /// Maps the first `size` bytes of `file`.
    ///
    /// # Panics
    /// If that is less than a header.
    pub(super) fn new(file: BorrowedFd<'_>, size: usize) -> io::Result<Self> {
        assert!(size >= HEADER_SIZE, "callers check the size first");
        let memory = MmapOptions::new().len(size).map_raw(&file)?;
        Ok(Self { memory, file: file.try_clone_to_owned()? })
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
