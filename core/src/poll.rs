//! Waiting for many things at once: handles as descriptors that can be polled.
//!
//! A blocking call waits for one thing. A [`Pollable`] makes of a handle what `poll(2)`, `epoll(7)` and the runtimes on
//! them can wait for, beside sockets, timers and other handles. It is used like a socket that does not block: try until
//! there is nothing to be had, then wait until the descriptor can be *read*, whatever is to be done, and try again. It
//! can be read (level-triggered) from the start, and until a try finds nothing.
//!
//! | handle | tries |
//! |--------|-------|
//! | [`PipeReader`] | [`try_read`](Pollable::try_read) |
//! | [`PipeWriter`] | [`try_write`](Pollable::try_write) |
//! | [`Receiver`] | [`try_recv`](Pollable::try_recv) |
//! | [`Sender`] | [`try_send`](Pollable::try_send) |
//! | [`Semaphore`] | [`try_acquire`](Pollable::try_acquire) |
//! | [`RobustMutex`] | [`try_lock`](Pollable::try_lock) |
//! | [`Signals`] | [`try_take`](Pollable::try_take) |
//! | [`PermitHandle`] | [`try_acquire`](Pollable::<PermitHandle>::try_acquire) |
//!
//! [`wait`] waits for several descriptors. With the feature `tokio`, `Async` awaits handles.
//!
//! # How
//! The peer notices nothing: it notifies waiters by `futex(2)`, as ever. A thread of this process, started with the
//! first [`Pollable`] that waits, sleeps for up to 127 of them at once by `futex_waitv(2)` (Linux 5.16; older kernels,
//! and filters that refuse it, cost a look every 5 ms), and rings an `eventfd(2)`. While nothing happens it looks once in
//! a [`SLEEP_SLICE`] whether a peer has died. The hand-over from the waiter to that thread is the scenario
//! `event/slept_elsewhere`.
//!
//! Whoever is rung for and does not try keeps what rang from another who waits, for a [`SLEEP_SLICE`] at most.
//!
//! # If a process dies
//! A peer's death is rung for within [`SLEEP_SLICE`] and some milliseconds, and the next try says what a blocking call
//! would. A process that dies while it waits leaves a waiter registered, for whom others call the kernel in vain.
//! In a forked child it is of no use: make another there.
//!
//! # Examples
//! ```
//! use selvedge::{
//!     message_queue::{MessageQueue, RecvError, Text},
//!     poll::{self, Pollable},
//!     segment::RingConfig,
//!     semaphore::{Semaphore, SemaphoreConfig},
//! };
//!
//! let (queue, _) = MessageQueue::<Text<9>>::anonymous(RingConfig::new(4))?;
//! let (semaphore, _) = Semaphore::anonymous(SemaphoreConfig::binary().initially(0))?;
//! let mut receiver = Pollable::new(queue.receiver()?)?;
//! let mut acquirer = Pollable::new(semaphore.clone())?;
//! assert_eq!(receiver.try_recv(), Err(RecvError::Empty));
//! assert!(acquirer.try_acquire().is_err());
//!
//! // Usually in other processes.
//! queue.sender()?.send("something")?;
//!
//! assert_eq!(poll::wait(&[&receiver, &acquirer], None)?, [0], "the receiver's");
//! assert_eq!(receiver.try_recv()?, "something");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`SLEEP_SLICE`]: crate::platform::native::SLEEP_SLICE

#[cfg(feature = "tokio")]
mod tasks;

use std::{
    fmt,
    io::{self, ErrorKind::WouldBlock},
    os::fd::{AsFd, BorrowedFd},
    sync::Arc,
    time::Duration,
};

use nix::poll::{PollFd, PollFlags};

use crate::{
    message_queue::{Codec, Receiver, RecvError, SendError, Sender},
    mutex::{Guard, LockError, RobustMutex, SharedMutex},
    permits::{PermitGuard, PermitHandle, PermitPool},
    pipe::{PipeReader, PipeWriter},
    platform::{
        Platform,
        native::{
            Native, NativeCtx, ready,
            watcher::{Bell, Ticket, Wait},
        },
    },
    protocol::{
        event::Event,
        mpmc,
        permits::NoPermit,
        semaphore::TryAcquireError,
        spsc::{self, Claim},
    },
    segment::{MpmcQueue, Object, Record, Shared, SpscRing},
    semaphore::Semaphore,
    signal::{Set, SharedSignals, Signals},
};

#[cfg(feature = "tokio")]
pub use tasks::{Async, AsyncListener};

/// Waits until one or more of several descriptors can be read: says which, by their places, in order. For at most
/// `timeout`, or as long as it takes; if none could be read until then, or until it was [cancelled](crate::cancel), of
/// none. A descriptor that has failed can be read, and then says how.
///
/// A signal that is handled meanwhile ends nothing.
///
/// # Errors
/// Those of `ppoll(2)`.
pub fn wait(several: &[&dyn AsFd], timeout: Option<Duration>) -> io::Result<Vec<usize>> {
    let polled = several.iter().map(|one| PollFd::new(one.as_fd(), PollFlags::POLLIN));
    let ready = ready::wait(polled, ready::deadline(timeout))?;
    Ok((0..several.len()).filter(|place| ready[*place]).collect())
}

/// A handle that can wait.
pub(crate) trait Waits {
    /// For what.
    fn wait(&self) -> Arc<dyn Wait>;
}

/// A handle that can be polled.
#[derive(Debug)]
pub struct Pollable<H> {
    handle: H,
    alarm: Alarm,
}

impl<H> AsFd for Pollable<H> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.alarm.bell.as_fd()
    }
}

#[allow(private_bounds, reason = "it is for the handles of this library")]
impl<H: Waits> Pollable<H> {
    /// Makes a handle pollable.
    ///
    /// # Errors
    /// If no descriptor is free.
    pub fn new(handle: H) -> io::Result<Self> {
        let bell = Bell::new()?;
        bell.ring();
        let alarm = Alarm { wait: handle.wait(), bell, ticket: None };
        Ok(Self { handle, alarm })
    }

    /// The handle, to look at.
    pub fn get_ref(&self) -> &H {
        &self.handle
    }

    /// The handle again.
    pub fn into_inner(self) -> H {
        self.handle
    }
}

impl Pollable<PipeReader> {
    /// [`PipeReader::try_read`].
    ///
    /// # Errors
    /// Likewise; on [`WouldBlock`], the descriptor can be read once there is more to be said.
    pub fn try_read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.alarm.attempt(|| self.handle.try_read(into), would_block)
    }
}

impl Pollable<PipeWriter> {
    /// [`PipeWriter::try_write`].
    ///
    /// # Errors
    /// Likewise; on [`WouldBlock`], the descriptor can be read once there is more to be said.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.alarm.attempt(|| self.handle.try_write(bytes), would_block)
    }
}

impl<C: Codec> Pollable<Receiver<C>> {
    /// [`Receiver::try_recv`].
    ///
    /// # Errors
    /// Likewise; on [`RecvError::Empty`], the descriptor can be read once there is more to be said.
    pub fn try_recv(&mut self) -> Result<C::Received, RecvError> {
        self.alarm.attempt(|| self.handle.try_recv(), |had| matches!(had, Err(RecvError::Empty)))
    }
}

impl<C: Codec> Pollable<Sender<C>> {
    /// [`Sender::try_send`].
    ///
    /// # Errors
    /// Likewise; on [`SendError::Full`], the descriptor can be read once there is more to be said.
    pub fn try_send(&mut self, message: &C::Message) -> Result<(), SendError> {
        self.alarm.attempt(|| self.handle.try_send(message), |had| *had == Err(SendError::Full))
    }
}

impl Pollable<Semaphore> {
    /// [`Semaphore::try_acquire`].
    ///
    /// # Errors
    /// Likewise; on [`TryAcquireError::NoPermit`], the descriptor can be read once there is more to be said.
    pub fn try_acquire(&mut self) -> Result<(), TryAcquireError> {
        let none = |had: &Result<_, _>| *had == Err(TryAcquireError::NoPermit);
        self.alarm.attempt(|| self.handle.try_acquire(), none)
    }
}

impl<T: Record> Pollable<RobustMutex<T>> {
    /// [`RobustMutex::try_lock`].
    ///
    /// # Errors
    /// Likewise; on [`LockError::Held`], the descriptor can be read once there is more to be said.
    pub fn try_lock(&mut self) -> Result<Guard<'_, T>, LockError<'_, T>> {
        let held = |had: &Result<_, _>| matches!(had, Err(LockError::Held));
        self.alarm.attempt(|| self.handle.try_lock(), held)
    }
}

impl Pollable<PermitHandle> {
    /// [`PermitHandle::try_acquire`].
    ///
    /// # Errors
    /// Likewise; on [`NoPermit`], the descriptor can be read once there is more to be said.
    pub fn try_acquire(&mut self) -> Result<PermitGuard<'_>, NoPermit> {
        self.alarm.attempt(|| self.handle.try_acquire(), Result::is_err)
    }
}

impl Pollable<Signals> {
    /// [`Signals::take`]; if nothing of it was pending, the descriptor can be read once something is raised.
    pub fn try_take(&mut self, wanted: Set) -> Set {
        self.alarm.attempt(|| self.handle.take(wanted), |taken| taken.is_empty())
    }
}

fn would_block(had: &io::Result<usize>) -> bool {
    had.as_ref().is_err_and(|error| error.kind() == WouldBlock)
}

/// What rings when a wait is over.
#[derive(Debug)]
struct Alarm {
    wait: Arc<dyn Wait>,
    bell: Bell,
    /// The waiter is registered, and somebody sleeps for it.
    ticket: Option<Ticket>,
}

impl Alarm {
    /// Makes an attempt; and if there is nothing to be had, another one, after which whatever comes rings the bell. Where
    /// nobody can be had to sleep, the bell goes on ringing.
    fn attempt<R>(&mut self, mut attempt: impl FnMut() -> R, nothing: fn(&R) -> bool) -> R {
        let had = attempt();
        if !nothing(&had) {
            return had;
        }
        self.stop();
        self.bell.silence();
        let registered = self.wait.register();
        let had = attempt();
        if nothing(&had) {
            self.ticket = Ticket::of(self.wait.clone(), registered, self.bell.clone()).ok();
        }
        if self.ticket.is_none() {
            self.wait.deregister();
            self.bell.ring();
        }
        had
    }

    /// Nobody sleeps any more.
    fn stop(&mut self) {
        // In a forked child it is the parent who is registered.
        if self.ticket.take().is_some_and(|ticket| ticket.is_here()) {
            self.wait.deregister();
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A wait for an object's event.
struct OnEvent<O: ?Sized + Object> {
    object: Shared<O>,
    ctx: NativeCtx,
    event: fn(&O) -> &Event<Native>,
    /// May somebody be dead on whom it depends?
    in_doubt: fn(&O, &NativeCtx) -> bool,
}

impl<O: ?Sized + Object> OnEvent<O> {
    fn wait(
        object: &Shared<O>,
        ctx: &NativeCtx,
        event: fn(&O) -> &Event<Native>,
        in_doubt: fn(&O, &NativeCtx) -> bool,
    ) -> Arc<dyn Wait> {
        Arc::new(Self { object: object.clone(), ctx: ctx.clone(), event, in_doubt })
    }

    fn event(&self) -> &Event<Native> {
        (self.event)(&self.object)
    }
}

impl<O: ?Sized + Object> fmt::Debug for OnEvent<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnEvent").field(&self.object).finish()
    }
}

impl<O: ?Sized + Object> Wait for OnEvent<O> {
    fn register(&self) -> u32 {
        self.event().register().epoch()
    }

    fn deregister(&self) {
        self.event().deregister();
    }

    fn word(&self) -> &<Native as Platform>::U64 {
        self.event().word()
    }

    fn is_over(&self, registered: u32, slice_ended: bool) -> bool {
        self.event().state().epoch() != registered
            || slice_ended && (self.in_doubt)(&self.object, &self.ctx)
    }
}

type RingEnd<T> = Shared<SpscRing<T>>;

impl<T: Record> Waits for spsc::Consumer<Native, T, RingEnd<T>> {
    fn wait(&self) -> Arc<dyn Wait> {
        OnEvent::wait(self.ring(), self.ctx(), SpscRing::filled, |ring, ctx| {
            is_dead(ctx, ring.ends()[0])
        })
    }
}

impl<T: Record> Waits for spsc::Producer<Native, T, RingEnd<T>> {
    fn wait(&self) -> Arc<dyn Wait> {
        OnEvent::wait(self.ring(), self.ctx(), SpscRing::freed, |ring, ctx| {
            is_dead(ctx, ring.ends()[1])
        })
    }
}

fn is_dead(ctx: &NativeCtx, end: Claim) -> bool {
    matches!(end, Claim::Owned(owner) if !ctx.lives(owner))
}

impl<T: Record> Waits for mpmc::Consumer<Native, T, Shared<MpmcQueue<T>>> {
    fn wait(&self) -> Arc<dyn Wait> {
        OnEvent::wait(self.queue(), self.ctx(), MpmcQueue::filled, |queue, _| queue.is_claimed())
    }
}

impl<T: Record> Waits for mpmc::Producer<Native, T, Shared<MpmcQueue<T>>> {
    fn wait(&self) -> Arc<dyn Wait> {
        OnEvent::wait(self.queue(), self.ctx(), MpmcQueue::freed, |queue, _| queue.is_claimed())
    }
}

impl Waits for PipeReader {
    fn wait(&self) -> Arc<dyn Wait> {
        self.consumer().wait()
    }
}

impl Waits for PipeWriter {
    fn wait(&self) -> Arc<dyn Wait> {
        self.producer().wait()
    }
}

impl<C: Codec> Waits for Receiver<C> {
    fn wait(&self) -> Arc<dyn Wait> {
        self.consumer().wait()
    }
}

impl<C: Codec> Waits for Sender<C> {
    fn wait(&self) -> Arc<dyn Wait> {
        self.producer().wait()
    }
}

impl Waits for PermitHandle {
    fn wait(&self) -> Arc<dyn Wait> {
        OnEvent::wait(
            self.permits().pool(),
            self.permits().ctx(),
            PermitPool::freed,
            |pool, ctx| pool.holders().any(|holder| !ctx.lives(holder)),
        )
    }
}

impl Waits for Signals {
    fn wait(&self) -> Arc<dyn Wait> {
        OnEvent::wait(self.set(), self.ctx(), SharedSignals::raised, |_, _| false)
    }
}

impl<T: Record> Waits for RobustMutex<T> {
    fn wait(&self) -> Arc<dyn Wait> {
        let (mutex, ctx) = (self.mutex().shared().clone(), self.mutex().ctx().clone());
        Arc::new(OnMutex { mutex, ctx })
    }
}

/// For a mutex, whose word itself is slept on.
#[derive(Debug)]
struct OnMutex<T: Record> {
    mutex: Shared<SharedMutex<T>>,
    ctx: NativeCtx,
}

impl<T: Record> Wait for OnMutex<T> {
    fn register(&self) -> u32 {
        self.mutex.register().low()
    }

    fn deregister(&self) {
        self.mutex.deregister();
    }

    fn word(&self) -> &<Native as Platform>::U64 {
        self.mutex.word()
    }

    fn is_over(&self, registered: u32, slice_ended: bool) -> bool {
        let state = self.mutex.state();
        let is_dead = || state.holder().is_some_and(|holder| !self.ctx.lives(holder));
        state.low() != registered || slice_ended && is_dead()
    }
}

impl Waits for Semaphore {
    fn wait(&self) -> Arc<dyn Wait> {
        Arc::new(self.clone())
    }
}

/// For a permit, for which the semaphore's word itself is slept on.
impl Wait for Semaphore {
    fn register(&self) -> u32 {
        self.register();
        0
    }

    fn deregister(&self) {
        self.deregister();
    }

    fn word(&self) -> &<Native as Platform>::U64 {
        self.word()
    }

    fn is_over(&self, _: u32, _: bool) -> bool {
        self.state().permits() > 0
    }
}
