//! Survives the truncation of a named segment's file.
//!
//! Whoever may open a named segment's file can shorten it, and then any access of any user to the pages that are gone
//! is a SIGBUS, which kills. Sealed segments cannot be shortened. Where a process must outlive careless or hostile
//! peers under a name, it installs the guard, once: a handler of SIGBUS, which lets every page of that mapping hold
//! ones, as if a peer had written them, and lets the access go on.
//!
//! What an operation finds then is impossible, and it says so: its error for corrupt memory, or whatever the protocol's
//! card ("Trust") admits of hostile peers. [`Shared::is_lost`](super::Shared::is_lost) and those of the readers tell it
//! from other corruption. Who waits learns of it when his [slice](crate::platform::native::SLEEP_SLICE) ends. The
//! segment is of no further use to this process. An operation that was under way may yield a record of ones.
//!
//! A SIGBUS that comes from elsewhere is left to whoever handled it before, as to the default.

use std::io;

use crate::platform::native;

/// Installs the guard for this process, for good. Another call does nothing.
///
/// # Errors
/// If there is no memory for it, or the kernel refuses the handler.
pub fn install() -> io::Result<()> {
    native::guard::install()
}
