//! Handles that tasks of tokio await.

use core::{
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use std::{
    io::{
        self,
        ErrorKind::{TimedOut, WouldBlock},
    },
    os::fd::AsRawFd,
    time::Instant,
};

use nix::poll::PollFlags;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf, unix::AsyncFd};

use super::{Pollable, Waits};
use crate::{
    message_queue::{Codec, Receiver, RecvError, SendError, Sender},
    mutex::{Guard, LockError, RobustMutex},
    permits::{PermitGuard, PermitHandle},
    pipe::{PipeReader, PipeWriter},
    platform::native::ready::is_ready,
    protocol::{Corrupt, mutex::TryLockError, semaphore::TryAcquireError},
    segment::Record,
    semaphore::Semaphore,
    signal::{Set, Signals},
    socket::local::{Connection, Listener},
};

/// A handle whose calls a task awaits, instead of a thread's being blocked: it gives way to other tasks meanwhile.
///
/// Of a pipe's ends it makes an [`AsyncRead`] and an [`AsyncWrite`]. A call that is dropped before it has returned has
/// taken, sent, read or written nothing.
///
/// # Panics
/// Its calls, when the runtime is being shut down.
#[derive(Debug)]
#[allow(private_bounds, reason = "it is for the handles of this library")]
pub struct Async<H: Waits>(AsyncFd<Pollable<H>>);

#[allow(private_bounds, reason = "as above")]
impl<H: Waits> Async<H> {
    /// Makes a handle asynchronous.
    ///
    /// # Errors
    /// If no descriptor is free, or the runtime cannot wait for it.
    ///
    /// # Panics
    /// Outside a runtime of tokio with I/O.
    pub fn new(handle: H) -> io::Result<Self> {
        let pollable = Pollable::new(handle)?;
        // SAFETY: the descriptor is the bell's, which is open as long as the handle is, and never another.
        let registered = unsafe { AsyncFd::register_with_interest(pollable, Interest::READABLE) };
        Ok(Self(registered?))
    }

    /// The handle again.
    pub fn into_inner(self) -> H {
        self.0.into_inner().into_inner()
    }

    /// Tries until there is something to be had.
    async fn until_had<R>(&mut self, mut attempt: impl FnMut(&mut Pollable<H>) -> Option<R>) -> R {
        let attempt = |handle: &mut Pollable<H>| attempt(handle).ok_or(WouldBlock.into());
        self.0.async_io_mut(Interest::READABLE, attempt).await.expect(RUNNING)
    }
}

const RUNNING: &str = "the runtime is not being shut down";

impl<H> AsRawFd for Pollable<H> {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.alarm.bell.as_raw_fd()
    }
}

impl<C: Codec> Async<Receiver<C>> {
    /// [`Receiver::recv`].
    ///
    /// # Errors
    /// [`RecvError`], but for `Empty`.
    pub async fn recv(&mut self) -> Result<C::Received, RecvError> {
        self.until_had(|receiver| match receiver.try_recv() {
            Err(RecvError::Empty) => None,
            had => Some(had),
        })
        .await
    }
}

impl<C: Codec> Async<Sender<C>> {
    /// [`Sender::send`].
    ///
    /// # Errors
    /// [`SendError`], but for `Full`.
    pub async fn send(&mut self, message: &C::Message) -> Result<(), SendError> {
        self.until_had(|sender| match sender.try_send(message) {
            Err(SendError::Full) => None,
            had => Some(had),
        })
        .await
    }
}

impl Async<Semaphore> {
    /// [`Semaphore::acquire`].
    ///
    /// # Errors
    /// [`Corrupt`] if the word holds an impossible value.
    pub async fn acquire(&mut self) -> Result<(), Corrupt> {
        self.until_had(|semaphore| match semaphore.try_acquire() {
            Err(TryAcquireError::NoPermit) => None,
            Err(TryAcquireError::Corrupt(corrupt)) => Some(Err(corrupt)),
            Ok(()) => Some(Ok(())),
        })
        .await
    }
}

impl Async<PermitHandle> {
    /// [`PermitHandle::acquire`].
    pub async fn acquire(&mut self) -> PermitGuard<'_> {
        // A guard borrows the handle, which is tried again if there is none: so it is made at the end.
        let acquire = |Pollable { handle, alarm }: &mut Pollable<PermitHandle>| {
            alarm.attempt(|| handle.permits().try_acquire(), Result::is_err).ok()
        };
        let permit = self.until_had(acquire).await;
        self.0.get_ref().handle.guard(permit)
    }
}

impl<T: Record> Async<RobustMutex<T>> {
    /// [`RobustMutex::lock`].
    ///
    /// # Errors
    /// [`LockError`], but for `Held`.
    pub async fn lock(&mut self) -> Result<Guard<'_, T>, LockError<'_, T>> {
        let lock = |Pollable { handle, alarm }: &mut Pollable<RobustMutex<T>>| {
            let locked = alarm.attempt(|| handle.mutex().try_lock(), is_held);
            (!is_held(&locked)).then_some(locked)
        };
        let locked = self.until_had(lock).await;
        self.0.get_ref().handle.guard(locked?)
    }
}

fn is_held<T>(locked: &Result<T, TryLockError>) -> bool {
    matches!(locked, Err(TryLockError::Held))
}

impl Async<Signals> {
    /// [`Signals::wait`].
    pub async fn wait(&mut self, wanted: Set) -> Set {
        self.until_had(|signals| Some(signals.try_take(wanted)).filter(|taken| !taken.is_empty()))
            .await
    }
}

impl AsyncRead for Async<PipeReader> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.0.poll_read_ready_mut(context))?;
            let read = guard.try_io(|pipe| pipe.get_mut().try_read(into.initialize_unfilled()));
            if let Ok(read) = read {
                return Poll::Ready(read.map(|count| into.advance(count)));
            }
        }
    }
}

impl AsyncWrite for Async<PipeWriter> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        loop {
            // The descriptor is read, whatever is awaited.
            let mut guard = ready!(self.0.poll_read_ready_mut(context))?;
            if let Ok(written) = guard.try_io(|pipe| pipe.get_mut().try_write(bytes)) {
                return Poll::Ready(written);
            }
        }
    }

    /// Whatever was written can be read already.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The pipe is closed when the writer is dropped.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// A listener whose clients a task awaits. What it accepts is [split](Connection::split), and its ends made [`Async`].
#[derive(Debug)]
pub struct AsyncListener(AsyncFd<Listener>);

impl AsyncListener {
    /// Makes a listener asynchronous.
    ///
    /// # Errors
    /// If the runtime cannot wait for it.
    ///
    /// # Panics
    /// Outside a runtime of tokio with I/O.
    pub fn new(listener: Listener) -> io::Result<Self> {
        // SAFETY: the descriptor is the listener's own, which is open as long as it is, and never another.
        unsafe { AsyncFd::register_with_interest(listener, Interest::READABLE) }
            .map(Self)
            .map_err(io::Error::from)
    }

    /// [`Listener::accept_within`], as long as it takes. A call that is dropped before it has returned has accepted
    /// nobody.
    ///
    /// # Errors
    /// What the kernel says.
    pub async fn accept(&mut self) -> io::Result<Connection> {
        let attempt = |listener: &mut Listener| loop {
            match listener.accept_within(Some(Duration::ZERO)) {
                Err(error) if error.kind() == TimedOut => {
                    // It looks at some at a time, and the runtime hears of the others once.
                    if !is_ready(listener, PollFlags::POLLIN, Some(Instant::now()))? {
                        return Err(WouldBlock.into());
                    }
                }
                outcome => return outcome,
            }
        };
        self.0.async_io_mut(Interest::READABLE, attempt).await
    }
}
