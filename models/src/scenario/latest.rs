//! The latest value: what readers may get, also of a writer who dies.

mod never_torn;
mod writer_dies;

use super::Entry;

/// Every scenario of the latest value.
pub fn all() -> Vec<Entry> {
    vec![Entry::of(never_torn::NeverTorn), Entry::explored(writer_dies::WriterDies)]
}

/// A value that shows when it is torn: two words that are the same.
type Value = [u64; 2];

/// The number of a value, if it is whole.
fn whole(value: Value) -> u64 {
    let [first, second] = value;
    assert_eq!(first, second, "a torn value");
    first
}
