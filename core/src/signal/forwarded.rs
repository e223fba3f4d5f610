//! The kernel's signals, raised in a set.

use std::io;

use nix::{errno::Errno, libc};
use signal_hook_registry::{FORBIDDEN, SigId, register, unregister};

use super::{Set, Signal, Signals};

/// A signal of the kernel that is raised in a set as well, until this is dropped.
#[derive(Debug)]
#[must_use = "when it is dropped nothing is raised any more"]
pub struct Forwarded(SigId);

impl Signals {
    /// Raises `signals` whenever this process is sent `signal`: by a handler, which runs in the midst of whatever a
    /// thread does. Handlers that were installed before run too, first.
    ///
    /// Why a handler may: [`raise`](Signals::raise) is one read-modify-write of the set, one or two of its event, and
    /// `futex(2)` if somebody waits. It takes no lock, allocates nothing, cannot panic, and needs nothing of what it has
    /// interrupted, be it another `raise` or `take` on the same set (SIGNALS-5). `errno` is restored; the registry that
    /// calls it is made for handlers (`signal-hook-registry`), and drops nothing within one. Calls of the kernel that
    /// it interrupts go on (`SA_RESTART`).
    ///
    /// # Errors
    /// If the signal cannot be handled, or is one by which the kernel tells of a fault.
    pub fn raise_on(&self, signal: Signal, signals: Set) -> io::Result<Forwarded> {
        let number = signal as libc::c_int;
        if FORBIDDEN.contains(&number) {
            return Err(Errno::EINVAL.into());
        }
        let set = self.clone();
        // SAFETY: the action does what a signal handler may, as said above.
        Ok(Forwarded(unsafe { register(number, move || set.raise(signals)) }?))
    }
}

impl Drop for Forwarded {
    /// The signal then does nothing, unless somebody else handles it too: what it did before is not known to be wanted.
    fn drop(&mut self) {
        unregister(self.0);
    }
}
