//! What is mapped into this process, and hence into its forked children, at the same addresses.

use core::ops::Range;
use std::fs;

/// A piece of a mapped file, or of other memory.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// Its addresses.
    pub(crate) range: Range<u64>,
    /// Its bytes are instructions.
    pub(crate) executable: bool,
    /// Where in the file it begins.
    pub(crate) offset: u64,
    /// Where the first piece of the file is mapped.
    pub(crate) base: u64,
    /// The file's path.
    pub(crate) file: String,
}

/// All of them, by address.
pub(crate) fn all() -> Vec<Mapping> {
    let text = fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut found: Vec<Mapping> = Vec::new();
    for mut mapping in text.lines().filter_map(parse) {
        if let Some(last) = found.last().filter(|last| last.file == mapping.file) {
            mapping.base = last.base;
        }
        found.push(mapping);
    }
    found
}

/// A line, whose mapping is taken for the first piece of its file.
fn parse(line: &str) -> Option<Mapping> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let [start, end] = [start, end].map(|hex| u64::from_str_radix(hex, 16).ok());
    let range = start?..end?;
    let executable = fields.next()?.contains('x');
    let offset = u64::from_str_radix(fields.next()?, 16).ok()?;
    let file = fields.nth(2).unwrap_or("memory").to_owned();
    Some(Mapping { base: range.start, range, executable, offset, file })
}
