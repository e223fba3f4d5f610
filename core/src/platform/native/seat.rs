//! What counts as proof of death: the lock of a registry slot, which only its owner's process holds.
//!
//! A handle takes the exclusive lock of its slot, one byte of the segment's file, through an open file
//! description of its own, which it opens anew, close-on-exec, and never hands on. The kernel lets go of
//! the lock when the last descriptor of that description is closed: by the handle, by `exec`, or by the
//! kernel when the process is dead. So who is granted the slot's lock knows that its owner has ended.
//! Nothing else is proof: no timeout, no pid, and no state of a process.
//!
//! | process | its handles' locks |
//! |---------|--------------------|
//! | slow, stopped, traced, swapped out | held: not dead |
//! | killed, returned, panicked, aborted | let go of by the kernel once it has freed the memory: some milliseconds later, or 0.1 s for each GiB |
//! | a zombie | let go of: dead, whether or not anybody waits for it |
//! | of several threads, the handle's thread has ended | held for as long as the handle lives |
//! | after `exec` | let go of: dead |
//! | that has dropped the handle | let go of: dead, also while a forked child lives |
//! | forked: the child | none; the parent's handles are refused there ([`Seat::is_here`]) |
//! | forked: the parent, killed while the child lives and has not called `exec` | held by the child's copy of the description: its death remains unknown so long |
//! | in another pid or mount namespace, without `/proc` | as any other; but to *become* an owner takes `/proc` |
//!
//! A description is opened anew because locks belong to descriptions: through one that was duplicated,
//! inherited or received with `SCM_RIGHTS`, the lock of its other holders would look free, and could be
//! taken or let go of under them. For the same reason a seat never asks for its own slot, which it would
//! only convert.

use core::{
    ptr::NonNull,
    sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed},
};
use std::{
    fs::File,
    io,
    os::fd::{AsFd, AsRawFd},
    sync::OnceLock,
    time::{SystemTime, UNIX_EPOCH},
};

use memmap2::MmapMut;
use nix::{
    errno::Errno,
    fcntl::{FcntlArg, OFlag, fcntl, open},
    libc,
    sys::{
        mman::{MmapAdvise, madvise},
        stat::Mode,
    },
};

use crate::platform::{LockMode, Owner};

/// The byte of a segment's file whose lock is that of slot 0; the others follow.
pub const FIRST_SLOT: u64 = (1 << 62) + 4096;

/// Nobody's slot.
const NOBODY: u32 = u32::MAX;

/// A context's own way to a segment's locks.
#[derive(Debug)]
pub struct Seat {
    file: File,
    /// The slot that it owns. It changes once, when the handle is made.
    mine: AtomicU32,
    /// The process that it was made in.
    process: u64,
}

impl Seat {
    /// A seat at the segment in `file`, in no slot yet.
    ///
    /// # Errors
    /// If the file cannot be opened again for writing, through `/proc`; or if this kernel cannot tell a
    /// forked child from its parent (Linux 4.14).
    pub fn at(file: impl AsFd) -> io::Result<Self> {
        let path = format!("/proc/self/fd/{}", file.as_fd().as_raw_fd());
        let file = open(&*path, OFlag::O_RDWR | OFlag::O_CLOEXEC, Mode::empty())?;
        Ok(Self { file: file.into(), mine: AtomicU32::new(NOBODY), process: this_process()? })
    }

    /// Is this the process that the seat was made in, and not a forked child of it?
    #[inline]
    pub fn is_here(&self) -> bool {
        is_this_process(self.process)
    }

    pub(super) fn try_lock(&self, slot: Owner, mode: LockMode) -> bool {
        let kind = match mode {
            LockMode::Shared => libc::F_RDLCK,
            LockMode::Exclusive => libc::F_WRLCK,
        };
        // Its own lock it would be granted, and lose.
        let locked = self.mine.load(Relaxed) != slot.0 && self.ask(slot, kind);
        if locked && mode == LockMode::Exclusive {
            self.mine.store(slot.0, Relaxed);
        }
        locked
    }

    pub(super) fn unlock(&self, slot: Owner) {
        self.ask(slot, libc::F_UNLCK);
    }

    /// Does somebody else hold the lock of this slot? An error counts as if.
    pub(super) fn is_held(&self, slot: Owner) -> bool {
        let mut lock = byte_lock(FIRST_SLOT + u64::from(slot.0), libc::F_RDLCK);
        match fcntl(&self.file, FcntlArg::F_OFD_GETLK(&mut lock)) {
            Ok(_) => i32::from(lock.l_type) != libc::F_UNLCK,
            Err(_) => true,
        }
    }

    /// Asks for the lock of a slot; an error counts as a refusal.
    fn ask(&self, slot: Owner, kind: libc::c_int) -> bool {
        let lock = byte_lock(FIRST_SLOT + u64::from(slot.0), kind);
        loop {
            match fcntl(&self.file, FcntlArg::F_OFD_SETLK(&lock)) {
                Err(Errno::EINTR) => {}
                result => return result.is_ok(),
            }
        }
    }
}

/// A lock of this byte, as fcntl(2) takes and tells it.
pub(crate) fn byte_lock(byte: u64, kind: libc::c_int) -> libc::flock {
    libc::flock {
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: byte as libc::off_t,
        l_len: 1,
        l_pid: 0,
    }
}

impl Drop for Seat {
    /// Lets go of the slot, since a forked child, or a program that is just being started, may have the
    /// description too.
    fn drop(&mut self) {
        let mine = *self.mine.get_mut();
        if mine != NOBODY && self.is_here() {
            self.unlock(Owner(mine));
        }
    }
}

/// A word of this process that the kernel empties in a forked child, however it was forked.
static PROCESS: OnceLock<&'static AtomicU64> = OnceLock::new();

/// Is this what `this_process` has said here, and not in a parent?
#[inline]
pub(super) fn is_this_process(process: u64) -> bool {
    PROCESS.get().is_some_and(|word| word.load(Relaxed) == process)
}

/// What tells this process from its parent and its children; never 0.
pub(super) fn this_process() -> io::Result<u64> {
    let word = match PROCESS.get() {
        Some(word) => *word,
        None => {
            let page = Box::leak(Box::new(MmapMut::map_anon(size_of::<AtomicU64>())?));
            let start = NonNull::from(&mut page[0]).cast();
            // SAFETY: the page is a mapping of its own; what is asked for changes it in children only.
            unsafe { madvise(start, page.len(), MmapAdvise::MADV_WIPEONFORK) }?;
            // SAFETY: the page is mapped for ever, aligned, and nobody else has a pointer to it.
            let word = unsafe { AtomicU64::from_ptr(page.as_mut_ptr().cast()) };
            *PROCESS.get_or_init(|| word)
        }
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let fresh = (u64::from(std::process::id()) << 32 ^ now.as_nanos() as u64) | 1;
    // Several threads may come here first; one of them names the process.
    Ok(word.compare_exchange(0, fresh, Relaxed, Relaxed).map_or_else(|found| found, |_| fresh))
}
