//! Where the words of an object lie, for inspection, documents and tests: what two programs must
//! agree on, apart from the types that one compiler sees.

/// A word, or an array of payload, of an object in a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the protocol's card.
    pub name: &'static str,
    /// Bytes from the start of the object.
    pub offset: usize,
    /// Its own bytes, without the padding after it.
    pub size: usize,
}

impl Field {
    /// A field of this name and place.
    pub const fn new(name: &'static str, offset: usize, size: usize) -> Self {
        Self { name, offset, size }
    }
}
