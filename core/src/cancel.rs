//! Ending the blocking calls of a thread from outside.
//!
//! A thread makes its calls within [`Canceller::run`]. Once another thread says [`cancel`](Canceller::cancel), those of
//! these calls that would wait end as if their deadline had passed at that moment, and so do all later ones: they make a
//! last attempt, and then say what a timed call says at its deadline. What is to be had at once is had. It stays so until
//! [`reset`](Canceller::reset). Nothing is taken, sent or left behind by a call that is ended, and nobody else who waits
//! for the same thing notices.
//!
//! | call | once cancelled |
//! |------|----------------|
//! | a pipe's `read`, `write`, `peek`, `reserve`; a socket's calls, and a listener's | [`ErrorKind::TimedOut`](io::ErrorKind::TimedOut) |
//! | `recv`, `send` | [`RecvError::Empty`], [`SendError::Full`] |
//! | a semaphore's, a pool's `acquire` | [`AcquireTimeoutError::TimedOut`], [`TimedOut`] |
//! | a mutex's `lock` | [`LockError::Held`] |
//! | `wait` for signals | the empty set |
//! | [`poll::wait`] | no descriptor |
//! | what waits for others that remove a [name](crate::segment::Directory) | an error of `fcntl`, which is `TimedOut` |
//! | of a [`Timer`], the kernel's signals ([`Caught`]), the end of a [`Process`], a read of a [`Cancellable`] | [`ErrorKind::TimedOut`](io::ErrorKind::TimedOut) |
//!
//! A [`Canceller`] is also a descriptor that can be read while it is cancelled, for threads that wait by `poll(2)`. What is
//! not of this library is waited for by [`poll::wait`], and read as [`Cancellable`]. By Ctrl-C those calls are cancelled
//! that are [`interruptible`](crate::signal::interruptible).
//!
//! # How
//! What a thread runs in is the thread's, not its calls' or handles': so code that knows nothing of it, `read_to_end` on a
//! pipe for one, can be cancelled, and a call that does not sleep costs nothing. One that does sleeps on two words at
//! once, by `futex_waitv(2)` (Linux 5.16). Older kernels, and filters that refuse it, let it sleep on: there it is over
//! within a [`SLEEP_SLICE`].
//!
//! The innermost `run` of a thread applies, and no other. Tasks of a runtime are dropped instead.
//!
//! # If a process dies
//! Nothing: it is one process's alone. In a forked child it is of no use: make another there.
//!
//! # Examples
//! ```
//! use selvedge::{cancel::Canceller, signal::{Set, Signals}};
//! use std::thread;
//!
//! let (signals, _descriptor) = Signals::anonymous()?;
//! let canceller = Canceller::new()?;
//! thread::scope(|scope| {
//!     let waiter = scope.spawn(|| canceller.run(|| signals.wait(Set::ALL)));
//!     // Nobody raises any; perhaps somebody has pressed Ctrl-C.
//!     canceller.cancel();
//!     assert!(waiter.join().unwrap().is_empty());
//! });
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Caught`]: crate::signal::Caught
//! [`Process`]: crate::signal::Process
//! [`Timer`]: crate::timer::Timer
//! [`AcquireTimeoutError::TimedOut`]: crate::protocol::semaphore::AcquireTimeoutError::TimedOut
//! [`LockError::Held`]: crate::mutex::LockError::Held
//! [`RecvError::Empty`]: crate::message_queue::RecvError::Empty
//! [`SendError::Full`]: crate::message_queue::SendError::Full
//! [`SLEEP_SLICE`]: crate::platform::native::SLEEP_SLICE
//! [`TimedOut`]: crate::protocol::permits::TimedOut

use std::{
    io::{self, Read},
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
};

use crate::{
    platform::native::stop::{self, Stop},
    poll,
};

/// What ends blocking calls. Its clones are the same.
#[derive(Clone, Debug)]
pub struct Canceller(Arc<Stop>);

impl Canceller {
    /// One that has not cancelled.
    ///
    /// # Errors
    /// If no descriptor is free.
    pub fn new() -> io::Result<Self> {
        Ok(Self(Arc::new(Stop::new()?)))
    }

    /// Ends the calls that run within it, those to come as well. Not to be called by the handler of a signal, but by a
    /// thread that waits for signals.
    pub fn cancel(&self) {
        self.0.set();
    }

    /// Do calls end?
    pub fn is_cancelled(&self) -> bool {
        self.0.is_set()
    }

    /// Lets calls wait again.
    pub fn reset(&self) {
        self.0.reset();
    }

    /// Makes calls that can be cancelled, by this and nothing else.
    pub fn run<R>(&self, calls: impl FnOnce() -> R) -> R {
        let _until_then = self.0.install();
        calls()
    }
}

/// Do this thread's calls end? For its own loops, which wait for nothing.
pub fn is_cancelled() -> bool {
    stop::is_cancelled()
}

/// What is read from, a file, a terminal, a socket, so that its reads are cancelled: with
/// [`TimedOut`](io::ErrorKind::TimedOut), also where there is something to be read, for that may never end. It must have no
/// buffer of its own, as [`Stdin`](io::Stdin) has: bytes in there are not seen.
#[derive(Debug)]
pub struct Cancellable<R>(pub R);

impl<R: Read + AsFd> Read for Cancellable<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if poll::wait(&[&self.0], None)?.is_empty() || is_cancelled() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.0.read(into)
    }
}

/// It can be read while calls are cancelled.
impl AsFd for Canceller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
