//! Names that vanish with their owner: ours, in /dev/shm, and the kernel's.

use std::{ffi::CString, process};

use nix::mqueue::mq_unlink;
use selvedge::segment::Directory;

use crate::semaphores::sem_unlink;

/// A name that no other test has. What has it is unlinked when this is dropped, also by a panic.
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
        let _ = mq_unlink(&*kernels(&self.0));
        let _ = sem_unlink(&self.0);
    }
}

/// The name as `mq_open(3)` and `sem_open(3)` want it.
pub(crate) fn kernels(name: &str) -> CString {
    CString::new(format!("/selvedge.{name}")).expect("a name without NUL")
}
