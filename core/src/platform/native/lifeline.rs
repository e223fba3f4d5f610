//! What counts as proof of death between the two ends of a connection: their socket, the *lifeline*, has hung up.
//!
//! The kernel closes a dead process's sockets, and tells the peer at once. So no number has to be taken and no lock to
//! be asked for, and the two need no file that both may open. A thread of this process, started with its first
//! lifeline, waits by `epoll(7)` for all of them. Nobody writes to a lifeline once the connection is made; what a
//! peer writes there is not read.
//!
//! A peer that hangs up counts as dead, whether it is or not. One that was killed while a forked child of it lives that
//! has not called `exec` counts as alive, as with a [`Seat`](super::Seat).

use core::{
    fmt,
    sync::atomic::{
        AtomicBool, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};
use std::{
    collections::HashMap,
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use nix::sys::{
    epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
    socket::{Shutdown, shutdown},
};

use super::{
    seat::{is_this_process, this_process},
    watcher::spawn_undisturbed,
};
use crate::platform::Owner;

/// One end of a connection's socket.
pub(crate) struct Lifeline {
    socket: OwnedFd,
    /// The peer's number.
    peer: Owner,
    hung_up: AtomicBool,
    /// Tells those who wait for the peer.
    tell: Box<dyn Fn() + Send + Sync>,
    /// The process that it was made in.
    process: u64,
    watch: &'static Watch,
    /// Its key there.
    key: u64,
}

impl Lifeline {
    /// The lifeline to `peer`. Once that has hung up, `tell` is called, in another thread.
    ///
    /// # Errors
    /// If there can be no thread, or the kernel does not watch `socket`.
    pub(crate) fn to(
        peer: Owner,
        socket: OwnedFd,
        tell: impl Fn() + Send + Sync + 'static,
    ) -> io::Result<Arc<Self>> {
        let (watch, process) = (Watch::of_this_process()?, this_process()?);
        let (hung_up, tell) = (AtomicBool::new(false), Box::new(tell));
        let key = watch.key();
        let line = Arc::new(Self { socket, peer, hung_up, tell, process, watch, key });
        watch.lines().insert(key, Arc::downgrade(&line));
        let events = EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLONESHOT;
        watch.epoll.add(&line.socket, EpollEvent::new(events, key))?;
        Ok(line)
    }

    /// Has the peer hung up?
    pub(crate) fn has_hung_up(&self) -> bool {
        self.hung_up.load(Acquire)
    }

    /// Is the owner of this number dead? The peer is if it has hung up; of anybody else nothing is heard any more,
    /// as there are two at most.
    pub(super) fn is_dead(&self, owner: Owner) -> bool {
        owner != self.peer || self.has_hung_up()
    }

    /// Is this the process that it was made in, and not a forked child of it?
    pub(super) fn is_here(&self) -> bool {
        is_this_process(self.process)
    }
}

impl AsFd for Lifeline {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl fmt::Debug for Lifeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifeline")
            .field("socket", &self.socket)
            .field("hung_up", &self.hung_up)
            .finish_non_exhaustive()
    }
}

impl Drop for Lifeline {
    fn drop(&mut self) {
        if self.is_here() {
            self.watch.lines().remove(&self.key);
            // A forked child may have it open, too. The peer may have hung up before.
            let _ = shutdown(self.socket.as_raw_fd(), Shutdown::Both);
        }
    }
}

/// The thread that waits for all lifelines of a process.
#[derive(Debug)]
struct Watch {
    epoll: Epoll,
    lines: Mutex<HashMap<u64, Weak<Lifeline>>>,
    /// How many keys were given out.
    keys: AtomicU64,
}

/// That of this process, whose name (`this_process`) is the first.
static WATCH: Mutex<Option<(u64, &'static Watch)>> = Mutex::new(None);

impl Watch {
    fn of_this_process() -> io::Result<&'static Self> {
        let mut watch = WATCH.lock().unwrap_or_else(PoisonError::into_inner);
        let process = this_process()?;
        match *watch {
            Some((here, watch)) if here == process => Ok(watch),
            // A forked child has none of its parent's threads.
            _ => {
                let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
                let (lines, keys) = (Mutex::default(), AtomicU64::new(0));
                let started: &Self = Box::leak(Box::new(Self { epoll, lines, keys }));
                spawn_undisturbed(|| started.run())?;
                *watch = Some((process, started));
                Ok(started)
            }
        }
    }

    fn key(&self) -> u64 {
        self.keys.fetch_add(1, Relaxed)
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<u64, Weak<Lifeline>>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) -> ! {
        let mut events = [EpollEvent::empty(); 64];
        loop {
            // No signal interrupts this thread, but a debugger may.
            let count = self.epoll.wait(&mut events, EpollTimeout::NONE).unwrap_or(0);
            for event in &events[..count] {
                let line = self.lines().get(&event.data()).and_then(Weak::upgrade);
                if let Some(line) = line {
                    line.hung_up.store(true, Release);
                    (line.tell)();
                }
            }
        }
    }
}
