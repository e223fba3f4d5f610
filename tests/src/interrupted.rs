//! A process that is interrupted by signals.

use nix::{
    libc::c_int,
    sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction},
};

extern "C" fn ignore(_: c_int) {}

/// From here on SIGUSR1 does nothing but interrupt this process's calls of the kernel, without `SA_RESTART`.
///
/// # Errors
/// None that is known.
pub fn be_interrupted() -> nix::Result<()> {
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }.map(drop)
}
