//! A second mapping of a segment, as a peer with a hand of its own would have it.

use std::{io, os::fd::AsFd};

use memmap2::MmapRaw;
use selvedge::{
    layout::Field,
    platform::{Platform, Pod, native::Native},
    protocol::mpmc,
    segment::HEADER_SIZE,
};

type U32 = <Native as Platform>::U32;
type U64 = <Native as Platform>::U64;

/// The words of a segment's object, without any protocol.
#[derive(Debug)]
pub struct View {
    memory: MmapRaw,
    fields: Vec<Field>,
}

impl View {
    /// Maps the segment in `file`, whose object has these fields.
    ///
    /// # Errors
    /// Of `mmap`.
    pub fn of(file: impl AsFd, fields: &[Field]) -> io::Result<Self> {
        let file = file.as_fd();
        Ok(Self { memory: MmapRaw::map_raw(&file)?, fields: fields.to_vec() })
    }

    /// Maps the segment in `file`, a queue of four records; the words of its slots are
    /// [`SLOT_WORDS`](Self::SLOT_WORDS).
    ///
    /// # Errors
    /// Of `mmap`.
    pub fn of_queue<T: Pod>(file: impl AsFd) -> io::Result<Self> {
        let mut fields = mpmc::Queue::<Native, [mpmc::Slot<Native, T>; 1]>::fields().to_vec();
        let slots = fields.iter().find(|field| field.name == "slots").expect("it has slots").offset;
        for (name, n) in Self::SLOT_WORDS.into_iter().zip(0..) {
            let word = slots + n * size_of::<mpmc::Slot<Native, T>>();
            fields.push(Field::new(name, word, size_of::<U64>()));
        }
        Self::of(file, &fields)
    }

    /// What a queue's view calls the words of the slots.
    pub const SLOT_WORDS: [&str; 4] = ["slot 0", "slot 1", "slot 2", "slot 3"];

    /// The 64-bit word with this name.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn u64(&self, name: &str) -> &U64 {
        let word = self.place(name, size_of::<U64>()).cast::<U64>();
        // SAFETY: `place` checked bounds and alignment; the mapping lives as long as `self`; any
        // bytes are a valid atomic word, and all accesses to it in this process are atomic.
        unsafe { &*word }
    }

    /// The 32-bit word with this name.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn u32(&self, name: &str) -> &U32 {
        let word = self.place(name, size_of::<U32>()).cast::<U32>();
        // SAFETY: as in `u64`.
        unsafe { &*word }
    }

    /// The bytes of the field `name`, which has `size` of them.
    fn place(&self, name: &str, size: usize) -> *mut u8 {
        let field = self.fields.iter().find(|field| field.name == name).expect("a field's name");
        assert_eq!(field.size, size, "{name}");
        let offset = HEADER_SIZE + field.offset;
        assert!(offset.is_multiple_of(size) && offset + size <= self.memory.len(), "{name}");
        // SAFETY: inside the mapping, as just checked.
        unsafe { self.memory.as_mut_ptr().add(offset) }
    }
}
