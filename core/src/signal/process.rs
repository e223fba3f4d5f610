//! Processes, by what they are and not by a number.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
    process::Child,
    ptr,
    time::Duration,
};

use nix::{errno::Errno, libc};

use super::Signal;
use crate::poll;

/// A process, by its pidfd (Linux 5.3): once opened it stays that process, though its number may be another's by then.
///
/// Its descriptor can be read, for ever, once the process has ended; so it can be polled beside other things.
#[derive(Debug)]
pub struct Process {
    pidfd: OwnedFd,
}

/// Why a process was not found, or not sent a signal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// It has ended, and its parent has learnt of it; or there was none with that number.
    #[error("there is no such process any more")]
    Gone,
    /// It is another user's.
    #[error("the process is another user's: only that user, or root, may send it a signal")]
    NotPermitted,
    /// By the kernel, or by a filter of system calls.
    #[error("pidfds are refused: they need Linux 5.3, and a seccomp filter that lets them through")]
    Unsupported,
    /// Anything else that the kernel says.
    #[error(transparent)]
    Io(io::Error),
}

impl ProcessError {
    fn of(errno: Errno) -> Self {
        match errno {
            // 0 and negative numbers have never been a process's.
            Errno::ESRCH | Errno::EINVAL => Self::Gone,
            Errno::EPERM => Self::NotPermitted,
            Errno::ENOSYS => Self::Unsupported,
            other => Self::Io(other.into()),
        }
    }
}

impl Process {
    /// The process that has this number now. Whether it is the one that is meant only its parent can know, see
    /// [`of_child`](Self::of_child), or who looks afterwards for something that only the right one does.
    ///
    /// # Errors
    /// [`ProcessError`], but [`NotPermitted`](ProcessError::NotPermitted): anybody may look.
    pub fn open(pid: u32) -> Result<Self, ProcessError> {
        // SAFETY: it takes two numbers, and no memory.
        let opened = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
        let descriptor = Errno::result(opened).map_err(|errno| match errno {
            // Only a filter says that.
            Errno::EPERM => ProcessError::Unsupported,
            errno => ProcessError::of(errno),
        })?;
        // SAFETY: a descriptor that the kernel has just made, close-on-exec, which has no other owner.
        Ok(Self { pidfd: unsafe { OwnedFd::from_raw_fd(descriptor as i32) } })
    }

    /// A child of this process. Its number is not another's as long as it has not been waited for.
    ///
    /// # Errors
    /// [`ProcessError`]; [`Gone`](ProcessError::Gone) if it has ended.
    pub fn of_child(child: &mut Child) -> Result<Self, ProcessError> {
        match child.try_wait() {
            Ok(None) => Self::open(child.id()),
            Ok(Some(_)) => Err(ProcessError::Gone),
            Err(error) => Err(ProcessError::Io(error)),
        }
    }

    /// Sends it a signal, as `kill(2)` does. One that has ended and has not been waited for yet takes it in silence.
    ///
    /// # Errors
    /// [`ProcessError`].
    pub fn send(&self, signal: Signal) -> Result<(), ProcessError> {
        let (pidfd, number) = (self.pidfd.as_raw_fd(), signal as libc::c_int);
        let info = ptr::null::<libc::siginfo_t>();
        // SAFETY: two numbers, no siginfo, no flags: what kill(2) would say of the sender.
        let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, number, info, 0) };
        Errno::result(sent).map(drop).map_err(ProcessError::of)
    }

    /// Waits until it has ended, however it did.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut), if that took longer, or was [cancelled](crate::cancel).
    pub fn wait_for_end(&self, timeout: Option<Duration>) -> io::Result<()> {
        match poll::wait(&[self], timeout)?.is_empty() {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(()),
        }
    }
}

impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}
