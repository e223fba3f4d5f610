//! The only place that maps memory.

use std::{fs::File, io, os::fd::AsRawFd};

use memmap2::{MmapOptions, MmapRaw};

use super::header::{HEADER_SIZE, Header};

/// A file's bytes, mapped shared and writable for as long as this lives.
#[derive(Debug)]
pub(super) struct Mapping {
    memory: MmapRaw,
    /// Its locks say that a named segment is in use; closed once the memory is unmapped.
    in_use: Option<File>,
}

impl Mapping {
    /// Maps the first `size` bytes of `file`.
    ///
    /// # Panics
    /// If that is less than a header.
    pub(super) fn new(file: &impl AsRawFd, size: usize) -> io::Result<Self> {
        assert!(size >= HEADER_SIZE, "callers check the size first");
        Ok(Self { memory: MmapOptions::new().len(size).map_raw(file)?, in_use: None })
    }

    /// Keeps `file`, and with it its locks, for as long as the mapping.
    pub(super) fn keep(&mut self, file: File) {
        self.in_use = Some(file);
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
