//! What a segment's records are, in terms that do not depend on a compiler.

use core::fmt;

use super::object::MAX_ALIGNMENT;
use crate::platform::Pod;

/// The name that its author gave to a record type: 1 to 32 bytes, none of them zero.
///
/// By convention `"package.record/version"`; change the version with the meaning of the bytes.
///
/// ```
/// # use selvedge::segment::RecordId;
/// const TICK: RecordId = RecordId::new("example.tick/1");
/// assert_eq!(TICK.to_string(), "example.tick/1");
/// ```
///
/// A bad name does not compile:
///
/// ```compile_fail
/// # use selvedge::segment::RecordId;
/// const NAMELESS: RecordId = RecordId::new("");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordId {
    /// Padded with zeros.
    bytes: [u8; Self::MAX_LEN],
}

impl RecordId {
    /// The longest name, in bytes.
    pub const MAX_LEN: usize = 32;

    /// What a segment without records says in place of a name.
    pub(super) const NONE: Self = Self { bytes: [0; Self::MAX_LEN] };

    /// The identity `name`.
    ///
    /// # Panics
    /// If `name` is empty, longer than [`MAX_LEN`](Self::MAX_LEN) or contains a zero byte. In a
    /// `const` the program does not compile.
    #[must_use]
    pub const fn new(name: &str) -> Self {
        let name = name.as_bytes();
        assert!(!name.is_empty(), "a record's name must not be empty");
        assert!(name.len() <= Self::MAX_LEN, "a record's name is at most 32 bytes");
        let mut bytes = [0; Self::MAX_LEN];
        let mut i = 0;
        while i < name.len() {
            assert!(name[i] != 0, "a record's name must not contain a zero byte");
            bytes[i] = name[i];
            i += 1;
        }
        Self { bytes }
    }

    /// The name as the header's four words; the first byte is the lowest of the first.
    pub(super) fn to_words(self) -> [u64; 4] {
        let (eights, _) = self.bytes.as_chunks::<8>();
        core::array::from_fn(|i| u64::from_le_bytes(eights[i]))
    }

    /// What four words of a header say, which may be anything.
    pub(super) fn from_words(words: [u64; 4]) -> Self {
        let mut bytes = [0; Self::MAX_LEN];
        let (eights, _) = bytes.as_chunks_mut::<8>();
        for (eight, word) in eights.iter_mut().zip(words) {
            *eight = word.to_le_bytes();
        }
        Self { bytes }
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let len = self.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        self.bytes[..len].escape_ascii().fmt(f)
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordId(\"{self}\")")
    }
}

/// Plain data that may travel through a segment.
///
/// Derive `zerocopy`'s `FromBytes`, `IntoBytes` and `Immutable`, use `#[repr(C)]`, and name it:
///
/// ```
/// # use selvedge::segment::{Record, RecordId};
/// # use zerocopy::{FromBytes, Immutable, IntoBytes};
/// #[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
/// #[repr(C)]
/// struct Tick {
///     seq: u64,
///     price: u64,
/// }
///
/// impl Record for Tick {
///     const ID: RecordId = RecordId::new("example.tick/1");
/// }
/// ```
///
/// Two programs that give one name to different data of equal size and alignment read each other's
/// bytes wrongly, but safely: every bit pattern is a value.
pub trait Record: Pod {
    /// The name both programs know the record by.
    const ID: RecordId;
}

macro_rules! record {
    ($($number:ident)*) => {
        $(impl Record for $number {
            const ID: RecordId = RecordId::new(stringify!($number));
        })*
    };
}
record!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64);

impl<const N: usize> Record for [u8; N] {
    const ID: RecordId = RecordId::new("bytes");
}

/// Everything that identifies a segment's records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name its author gave it.
    pub id: RecordId,
    /// Bytes of one record.
    pub size: u64,
    /// Its alignment, in bytes.
    pub alignment: u64,
}

impl Identity {
    /// The identity of an object that holds no records.
    pub const NONE: Self = Self { id: RecordId::NONE, size: 0, alignment: 1 };

    /// The identity of `T`. A record without bytes, or one that is aligned to more than
    /// [`MAX_ALIGNMENT`], does not compile.
    #[must_use]
    pub const fn of<T: Record>() -> Self {
        const { assert!(size_of::<T>() > 0, "a record has at least one byte") };
        const { assert!(align_of::<T>() <= MAX_ALIGNMENT, "a record is aligned to 128 at most") };
        Self { id: T::ID, size: size_of::<T>() as u64, alignment: align_of::<T>() as u64 }
    }
}

/// Which protocol a segment speaks: four ASCII letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProtocolId(pub u32);

impl ProtocolId {
    /// The protocol with these letters.
    #[must_use]
    pub const fn new(letters: [u8; 4]) -> Self {
        Self(u32::from_le_bytes(letters))
    }
}

impl fmt::Display for ProtocolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.to_le_bytes().escape_ascii().fmt(f)
    }
}

impl fmt::Debug for ProtocolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProtocolId(\"{self}\")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_survives_the_words_of_a_header() {
        for name in ["x", "example.tick/1", "a name of exactly thirty-two by."] {
            let id = RecordId::new(name);
            assert_eq!(RecordId::from_words(id.to_words()), id);
            assert_eq!(id.to_string(), name);
        }
    }

    #[test]
    fn any_bytes_can_be_shown() {
        let id = RecordId::from_words([u64::MAX, 0, 0, 1 << 56]);
        assert!(id.to_string().starts_with(r"\xff\xff"));
        assert_eq!(RecordId::NONE.to_string(), "");
    }

    #[test]
    #[should_panic(expected = "at most 32 bytes")]
    fn a_name_of_33_bytes_is_refused() {
        let _ = RecordId::new("a name of exactly thirty-three b.");
    }

    #[test]
    #[should_panic(expected = "zero byte")]
    fn a_name_with_a_zero_byte_is_refused() {
        let _ = RecordId::new("a\0b");
    }
}
