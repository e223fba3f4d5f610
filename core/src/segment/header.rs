//! The first 128 bytes of every segment.
//!
//! ```text
//! offset  0        8        16                                 48
//!         +--------+--------+----------------------------------+
//!         | magic  |ver|prot| record id, 32 bytes              |
//!         +--------+--------+--------+--------+--------+-------+
//!         | r.size | r.align| elems  | payload| segment| object|
//!         +--------+--------+--------+--------+--------+-------+
//!         48       56       64       72       80       88      96
//!         | owners | reserved, zero          |
//!         +--------+-------------------------+
//!         96       104                       128
//! ```
//!
//! The creator stores `magic` last. An attacher loads it first, then every other word once, into
//! private memory; it validates that copy and uses nothing else.
//!
//! Two bytes of a *named* segment are only ever locked ([`LOCKS`]), and of any segment one for each slot
//! of its registry, from [`FIRST_SLOT`] on. They lie far behind the end of any file that could be mapped.

use core::mem::offset_of;

use zerocopy::FromBytes;

use super::{AttachError, CapacityError, Identity, Object, ProtocolId, RecordId};
use crate::{
    layout::Field,
    platform::{
        Ordering::*,
        Platform,
        native::{FIRST_SLOT, Native},
    },
    protocol::registry::MAX_OWNERS,
};

type U32 = <Native as Platform>::U32;
type U64 = <Native as Platform>::U64;

/// Bytes of the header; the object follows.
pub const HEADER_SIZE: usize = 128;

/// The first word of a finished segment: `SELVEDGE` in ASCII.
pub const MAGIC: u64 = u64::from_le_bytes(*b"SELVEDGE");

/// The bytes whose locks say who uses a named segment, and who may remove its name (the card of
/// [`naming`](crate::protocol::naming)).
pub const LOCKS: [Field; 2] = [Field::new("USE", 1 << 62, 1), Field::new("NAME", (1 << 62) + 1, 1)];

const _: () = {
    let [_, name] = LOCKS;
    assert!((name.offset as u64) < FIRST_SLOT);
};

/// Changes when the header, the locks or any object's layout do.
pub const LAYOUT_VERSION: u32 = 2;

/// The header as it lies in the segment.
#[derive(Debug, FromBytes)]
#[repr(C)]
pub struct Header {
    magic: U64,
    version: U32,
    protocol: U32,
    record_id: [U64; 4],
    record_size: U64,
    record_alignment: U64,
    elements: U64,
    payload_size: U64,
    segment_size: U64,
    object_offset: U64,
    owners: U64,
    reserved: [U64; 3],
}

const _: () = {
    assert!(offset_of!(Header, magic) == 0);
    assert!(offset_of!(Header, version) == 8);
    assert!(offset_of!(Header, protocol) == 12);
    assert!(offset_of!(Header, record_id) == 16);
    assert!(offset_of!(Header, record_size) == 48);
    assert!(offset_of!(Header, record_alignment) == 56);
    assert!(offset_of!(Header, elements) == 64);
    assert!(offset_of!(Header, payload_size) == 72);
    assert!(offset_of!(Header, segment_size) == 80);
    assert!(offset_of!(Header, object_offset) == 88);
    assert!(offset_of!(Header, owners) == 96);
    assert!(offset_of!(Header, reserved) == 104);
    assert!(size_of::<Header>() == HEADER_SIZE);
    assert!(align_of::<Header>() <= HEADER_SIZE);
};

/// What a header says, or should say, in private memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contents {
    pub(crate) version: u32,
    pub(crate) protocol: ProtocolId,
    pub(crate) record: Identity,
    /// Elements of the object's trailing array.
    pub(crate) elements: u64,
    /// Bytes of the elements, without padding.
    payload_size: u64,
    /// Bytes of the file.
    pub(crate) segment_size: u64,
    object_offset: u64,
    /// Slots of the registry.
    pub(crate) owners: u64,
    reserved: [u64; 3],
}

impl Contents {
    /// What the header of an `O` with so many elements, for so many owners, says. Every size in it fits
    /// into `usize` and `i64`.
    pub(super) fn of<O: ?Sized + Object>(
        elements: u64,
        owners: u64,
    ) -> Result<Self, CapacityError> {
        let object = O::layout(elements)?.size() as u64;
        let too_large = CapacityError::TooLarge(elements);
        let segment_size = object.checked_add(HEADER_SIZE as u64).ok_or(too_large)?;
        if isize::try_from(segment_size).is_err() {
            return Err(too_large);
        }
        let payload_size = elements.checked_mul(O::RECORD.size).ok_or(too_large)?;
        Ok(Self {
            version: LAYOUT_VERSION,
            protocol: O::PROTOCOL,
            record: O::RECORD,
            elements,
            payload_size,
            segment_size,
            object_offset: HEADER_SIZE as u64,
            owners,
            reserved: [0; 3],
        })
    }

    /// Compares what was found with what an `O` in a file of `file_size` bytes has to say.
    fn check<O: ?Sized + Object>(&self, file_size: u64) -> Result<(), AttachError> {
        use AttachError as Error;
        let found = self;
        if found.version != LAYOUT_VERSION {
            return Err(Error::Version { found: found.version, expected: LAYOUT_VERSION });
        }
        if found.protocol != O::PROTOCOL {
            return Err(Error::Protocol { found: found.protocol, expected: O::PROTOCOL });
        }
        let (record, expected) = (found.record, O::RECORD);
        if record.id != expected.id {
            return Err(Error::RecordId { found: record.id, expected: expected.id });
        }
        if record.size != expected.size {
            return Err(Error::RecordSize { found: record.size, expected: expected.size });
        }
        if record.alignment != expected.alignment {
            let (found, expected) = (record.alignment, expected.alignment);
            return Err(Error::RecordAlignment { found, expected });
        }
        let expected = Self::of::<O>(found.elements, found.owners)?;
        if found.payload_size != expected.payload_size {
            let (found, expected) = (found.payload_size, expected.payload_size);
            return Err(Error::PayloadSize { found, expected });
        }
        if found.segment_size != expected.segment_size {
            let (found, expected) = (found.segment_size, expected.segment_size);
            return Err(Error::SegmentSize { found, expected });
        }
        if found.object_offset != expected.object_offset {
            let (found, expected) = (found.object_offset, expected.object_offset);
            return Err(Error::ObjectOffset { found, expected });
        }
        if found.owners > u64::from(MAX_OWNERS) {
            return Err(Error::Owners { found: found.owners });
        }
        if found.reserved != expected.reserved {
            return Err(Error::Reserved);
        }
        if file_size != expected.segment_size {
            return Err(Error::FileSize { found: file_size, expected: expected.segment_size });
        }
        Ok(())
    }
}

impl Header {
    /// Name, offset and size of every word, in order.
    #[must_use]
    pub const fn fields() -> [Field; 12] {
        const U64_SIZE: usize = size_of::<U64>();
        [
            Field::new("magic", offset_of!(Self, magic), U64_SIZE),
            Field::new("version", offset_of!(Self, version), size_of::<U32>()),
            Field::new("protocol", offset_of!(Self, protocol), size_of::<U32>()),
            Field::new("record_id", offset_of!(Self, record_id), 4 * U64_SIZE),
            Field::new("record_size", offset_of!(Self, record_size), U64_SIZE),
            Field::new("record_alignment", offset_of!(Self, record_alignment), U64_SIZE),
            Field::new("elements", offset_of!(Self, elements), U64_SIZE),
            Field::new("payload_size", offset_of!(Self, payload_size), U64_SIZE),
            Field::new("segment_size", offset_of!(Self, segment_size), U64_SIZE),
            Field::new("object_offset", offset_of!(Self, object_offset), U64_SIZE),
            Field::new("owners", offset_of!(Self, owners), U64_SIZE),
            Field::new("reserved", offset_of!(Self, reserved), 3 * U64_SIZE),
        ]
    }

    /// Writes the header of a segment that nobody else has seen yet; from here on it is finished.
    pub(super) fn publish(&self, contents: &Contents) {
        // ORDERING: Relaxed, exclusive: nobody looks before the magic word (all stores but it).
        self.version.store(contents.version, Relaxed);
        self.protocol.store(contents.protocol.0, Relaxed);
        for (word, value) in self.record_id.iter().zip(contents.record.id.to_words()) {
            word.store(value, Relaxed);
        }
        self.record_size.store(contents.record.size, Relaxed);
        self.record_alignment.store(contents.record.alignment, Relaxed);
        self.elements.store(contents.elements, Relaxed);
        self.payload_size.store(contents.payload_size, Relaxed);
        self.segment_size.store(contents.segment_size, Relaxed);
        self.object_offset.store(contents.object_offset, Relaxed);
        self.owners.store(contents.owners, Relaxed);
        for (word, value) in self.reserved.iter().zip(contents.reserved) {
            word.store(value, Relaxed);
        }
        // ORDERING: Release, edge FINISHED to `read`: carries the object and the words above.
        self.magic.store(MAGIC, Release);
    }

    /// Reads each word once, and checks that this is the header of an `O` in a file of `file_size`
    /// bytes.
    pub(super) fn read<O: ?Sized + Object>(&self, file_size: u64) -> Result<Contents, AttachError> {
        let found = self.contents()?;
        found.check::<O>(file_size)?;
        Ok(found)
    }

    /// Reads each word once; of what they say, only the magic word is checked.
    pub(crate) fn contents(&self) -> Result<Contents, AttachError> {
        // ORDERING: Acquire, edge FINISHED from `publish`: the object and the other words are there. It is a fence
        // of its own, since the memory may be mapped to read alone.
        let magic = self.magic.load(Relaxed);
        Native::fence(Acquire);
        match magic {
            MAGIC => {}
            0 => return Err(AttachError::NotInitialised),
            found => return Err(AttachError::Magic { found, expected: MAGIC }),
        }
        // ORDERING: Relaxed, hint: written before the magic word; checked below (all loads).
        Ok(Contents {
            version: self.version.load(Relaxed),
            protocol: ProtocolId(self.protocol.load(Relaxed)),
            record: Identity {
                id: RecordId::from_words(self.record_id.each_ref().map(|word| word.load(Relaxed))),
                size: self.record_size.load(Relaxed),
                alignment: self.record_alignment.load(Relaxed),
            },
            elements: self.elements.load(Relaxed),
            payload_size: self.payload_size.load(Relaxed),
            segment_size: self.segment_size.load(Relaxed),
            object_offset: self.object_offset.load(Relaxed),
            owners: self.owners.load(Relaxed),
            reserved: self.reserved.each_ref().map(|word| word.load(Relaxed)),
        })
    }
}
