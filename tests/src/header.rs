//! Headers that say something else.

use std::{fs::File, os::unix::fs::FileExt};

use selvedge::segment::Header;

/// Writes `bytes` over the word `name` of the header of the segment in `file`.
///
/// # Panics
/// If there is no such word of so many bytes, or the file cannot be written to.
pub fn write_header(file: &File, name: &str, bytes: &[u8]) {
    let field = Header::fields().into_iter().find(|field| field.name == name).expect("a word");
    assert_eq!(field.size, bytes.len(), "{name}");
    file.write_all_at(bytes, field.offset as u64).expect("a file that can be written to");
}
