//! The lock of a registry slot, on engines where actors take slots: a word, changed by whole steps of the
//! kernel's. A holder is an actor's thread.

use selvedge::platform::LockMode;

/// The most slots of a model.
pub(crate) const SLOTS: usize = 3;

/// Where the owner's number, plus one, begins; below there is a bit for each thread that shares.
const OWNER: u32 = 16;

/// The lock after `thread` has been granted it, if it is.
pub(crate) fn locked(found: u64, thread: usize, mode: LockMode) -> Option<u64> {
    let (others, mine) = (found & !(1 << thread), thread as u64 + 1);
    let owner = found >> OWNER;
    let free = owner == 0 || owner == mine;
    match mode {
        LockMode::Shared => free.then_some(found & ((1 << OWNER) - 1) | 1 << thread),
        LockMode::Exclusive => (free && others & ((1 << OWNER) - 1) == 0).then_some(mine << OWNER),
    }
}

/// The lock after `thread` has let go of it.
pub(crate) fn unlocked(found: u64, thread: usize) -> u64 {
    let shared = found & ((1 << OWNER) - 1) & !(1 << thread);
    if found >> OWNER == thread as u64 + 1 { shared } else { found & !(1 << thread) }
}
