//! Names in /dev/shm that vanish with their owner.

use std::process;

use selvedge::segment::Directory;

/// A name that no other test has. Its segment is unlinked when this is dropped, also by a panic.
#[derive(Debug)]
pub struct Name(String);

impl Name {
    /// A name for the test `test`, which is unique among the tests.
    #[must_use]
    pub fn of(test: &str) -> Self {
        Self(format!("tests.{}.{test}", process::id()))
    }
}

impl std::ops::Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        // A test may have removed it, or never have created it.
        let _ = Directory::shm().unlink(&self.0);
    }
}
