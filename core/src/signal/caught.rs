//! The kernel's signals, taken when the process asks.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use nix::{
    libc,
    poll::PollFlags,
    sys::{
        signal::SigSet,
        signalfd::{SfdFlags, SignalFd, siginfo},
    },
};

use super::Signal;
use crate::platform::native::ready;

/// Signals of the kernel that this process takes when it asks, by `signalfd(2)`, instead of being interrupted by them:
/// Ctrl-C is `SIGINT`, `kill` sends `SIGTERM`.
///
/// They are *blocked*: in the thread that makes this, in those that it starts afterwards, and in the programs that they
/// start. So it is made before any other thread is: a thread that does not block a signal is interrupted by it. Dropping
/// it leaves them blocked, since it may be another thread that drops it; [`release`](Self::release) does not.
///
/// As POSIX says, one that is sent again before it was taken is taken once, and it is not known how often it was sent.
/// Several that are pending are taken in the order of their numbers. Its descriptor can be read while one is pending.
/// It can be used from any thread, but for a signal that was sent to a single one. A forked child takes what is sent to the child.
#[derive(Debug)]
pub struct Caught {
    set: SigSet,
    descriptor: SignalFd,
}

/// A signal that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// Which.
    pub signal: Signal,
    /// Who sent it, or, of several, who was the first to; nobody, if it was the kernel: a terminal's Ctrl-C, the end of
    /// a child.
    pub sender: Option<Sender>,
}

/// Who sent a signal, as the kernel says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// The number that the process had; it may be another's by now.
    pub pid: u32,
    /// Its real user.
    pub uid: u32,
}

impl Caught {
    /// Blocks these signals in this thread, and takes them from now on.
    ///
    /// # Errors
    /// If no descriptor is free. `SIGKILL` and `SIGSTOP` are left out in silence, by the kernel: nobody can take them.
    pub fn new(signals: impl IntoIterator<Item = Signal>) -> io::Result<Self> {
        let set: SigSet = signals.into_iter().collect();
        let descriptor =
            SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        set.thread_block()?;
        Ok(Self { set, descriptor })
    }

    /// Takes one if any is pending.
    ///
    /// # Errors
    /// Of `read(2)`; none is known.
    pub fn try_next(&self) -> io::Result<Option<Received>> {
        Ok(self.descriptor.read_signal()?.and_then(|info| Received::of(&info)))
    }

    /// Takes one, waiting for it for at most `timeout`, or as long as it takes.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut), also if it was [cancelled](crate::cancel).
    pub fn next(&self, timeout: Option<Duration>) -> io::Result<Received> {
        ready::until(self, PollFlags::POLLIN, timeout, || self.try_next())
    }

    /// Blocks them in this thread no longer. Those that are pending do now what they would have done.
    ///
    /// # Errors
    /// Of `pthread_sigmask(3)`; none is known.
    pub fn release(&self) -> io::Result<()> {
        Ok(self.set.thread_unblock()?)
    }
}

impl AsFd for Caught {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Received {
    /// Real-time signals, which have no names, are none of a set's.
    fn of(info: &siginfo) -> Option<Self> {
        let signal = Signal::try_from(info.ssi_signo.cast_signed()).ok()?;
        let by_process = [libc::SI_USER, libc::SI_QUEUE, libc::SI_TKILL].contains(&info.ssi_code);
        let sender = by_process.then_some(Sender { pid: info.ssi_pid, uid: info.ssi_uid });
        Some(Self { signal, sender })
    }
}
