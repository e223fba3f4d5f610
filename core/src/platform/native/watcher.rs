//! Threads that sleep for others, so that these can wait for many things at once: each word that somebody waits for is
//! slept on here, and then a bell is rung, a descriptor that can be polled. Whoever wakes calls futex(2) as ever.
//!
//! One thread sleeps on up to [`WORDS`] words, by futex_waitv(2) (Linux 5.16; where that is refused it looks every so
//! often). It costs no time while nothing happens, but for a look at the end of each slice, as every sleeper has.

use core::{
    fmt,
    sync::atomic::{
        AtomicU32, AtomicU64,
        Ordering::{Acquire, Release},
    },
};
use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::{
        eventfd::{EfdFlags, EventFd},
        signal::{SigSet, SigmaskHow},
    },
};

use super::{
    low_half,
    seat::{is_this_process, this_process},
    sleep::{Word, futex_waitv, slice_end, wake},
};

/// The most words of a thread: those of futex_waitv(2), but for one of its own.
const WORDS: usize = 127;

/// How often words are looked at where the kernel refuses to put anybody to sleep.
const POLL: Duration = Duration::from_millis(5);

/// A descriptor that can be read while it rings.
#[derive(Clone, Debug)]
pub(crate) struct Bell(Arc<EventFd>);

impl Bell {
    /// A bell that does not ring.
    pub(crate) fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self(Arc::new(EventFd::from_flags(flags)?)))
    }

    /// Rings until it is silenced.
    pub(crate) fn ring(&self) {
        // One that has been rung 2^64 times rings still.
        let _ = self.0.write(1);
    }

    pub(crate) fn silence(&self) {
        // It did not ring.
        let _ = self.0.read();
    }
}

impl AsRawFd for Bell {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// What somebody waits for.
pub(crate) trait Wait: fmt::Debug + Send + Sync {
    /// Registers a waiter: says what the low half of the word holds as long as there is nothing to tell him.
    fn register(&self) -> u32;

    /// Takes that back.
    fn deregister(&self);

    /// The word.
    fn word(&self) -> &AtomicU64;

    /// May there be something to tell the waiter who has `registered`? A slice that has ended is worth a system call.
    fn is_over(&self, registered: u32, slice_ended: bool) -> bool;
}

/// A sleep for a waiter.
#[derive(Debug)]
struct Sleep {
    wait: Arc<dyn Wait>,
    registered: u32,
    bell: Bell,
}

/// A sleep that a thread has taken on. It ends with a bell, or when this is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    watcher: &'static Watcher,
    sleep: Arc<Sleep>,
    /// Whose threads sleep.
    process: u64,
}

impl Ticket {
    /// Has a thread sleep for a waiter who has `registered`.
    ///
    /// # Errors
    /// If there can be no thread.
    pub(crate) fn of(wait: Arc<dyn Wait>, registered: u32, bell: Bell) -> io::Result<Self> {
        let sleep = Arc::new(Sleep { wait, registered, bell });
        let process = this_process()?;
        let watcher = Watcher::take_on(&sleep)?;
        Ok(Self { watcher, sleep, process })
    }

    /// Is this the process that the waiter is in, and not a forked child of it?
    pub(crate) fn is_here(&self) -> bool {
        is_this_process(self.process)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // A forked child has no such thread, and perhaps a lock that nobody will let go of.
        if self.is_here() {
            self.watcher.forget(&self.sleep);
        }
    }
}

/// A thread, and what it sleeps on.
#[derive(Debug)]
struct Watcher {
    sleeps: Mutex<Vec<Arc<Sleep>>>,
    /// How often `sleeps` has changed.
    changes: AtomicU32,
}

/// All of this process, whose name (`this_process`) is the first.
static WATCHERS: Mutex<(u64, Vec<&'static Watcher>)> = Mutex::new((0, Vec::new()));

impl Watcher {
    fn take_on(sleep: &Arc<Sleep>) -> io::Result<&'static Self> {
        let mut watchers = WATCHERS.lock().unwrap_or_else(PoisonError::into_inner);
        let process = this_process()?;
        if watchers.0 != process {
            // A forked child has none of its parent's threads.
            *watchers = (process, Vec::new());
        }
        let has_room = |watcher: &&&Self| watcher.sleeps().len() < WORDS;
        let watcher = match watchers.1.iter().find(has_room) {
            Some(watcher) => watcher,
            None => {
                let watcher = Self::start()?;
                watchers.1.push(watcher);
                watcher
            }
        };
        watcher.change(|sleeps| sleeps.push(sleep.clone()));
        Ok(watcher)
    }

    /// A thread more.
    fn start() -> io::Result<&'static Self> {
        let watcher: &Self =
            Box::leak(Box::new(Self { sleeps: Mutex::default(), changes: AtomicU32::new(0) }));
        spawn_undisturbed(|| watcher.run())?;
        Ok(watcher)
    }

    fn sleeps(&self) -> MutexGuard<'_, Vec<Arc<Sleep>>> {
        self.sleeps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Sleep>>)) {
        change(&mut self.sleeps());
        self.changes.fetch_add(1, Release);
        wake(self.changes.as_ptr(), 1);
    }

    fn forget(&self, sleep: &Arc<Sleep>) {
        let is_there = self.sleeps().iter().any(|other| Arc::ptr_eq(other, sleep));
        if is_there {
            self.change(|sleeps| sleeps.retain(|other| !Arc::ptr_eq(other, sleep)));
        }
    }

    fn run(&self) -> ! {
        loop {
            let changes = self.changes.load(Acquire);
            let sleeps = self.sleeps().clone();
            let slice_ended = self.sleep(changes, &sleeps);
            let is_over = |sleep: &&Arc<Sleep>| sleep.wait.is_over(sleep.registered, slice_ended);
            for sleep in sleeps.iter().filter(is_over) {
                self.sleeps().retain(|other| !Arc::ptr_eq(other, sleep));
                sleep.bell.ring();
            }
        }
    }

    /// Sleeps until one of the sleeps may be over; says whether that is because a slice has ended.
    fn sleep(&self, changes: u32, sleeps: &[Arc<Sleep>]) -> bool {
        let own = Word::of(self.changes.as_ptr(), changes);
        let words =
            sleeps.iter().map(|sleep| Word::of(low_half(sleep.wait.word()), sleep.registered));
        let words: Vec<Word> = core::iter::once(own).chain(words).collect();
        // Without anybody to sleep for, for as long as it takes.
        let end = (!sleeps.is_empty()).then(slice_end);
        match futex_waitv(&words, end) {
            Ok(()) | Err(Errno::EAGAIN | Errno::EINTR) => false,
            Err(Errno::ETIMEDOUT) => true,
            Err(_) => {
                thread::sleep(POLL);
                true
            }
        }
    }
}

/// Starts a thread of this library, which no signal interrupts.
pub(super) fn spawn_undisturbed(run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let masked = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let started = thread::Builder::new().name("selvedge".into()).spawn(run);
    masked.thread_set_mask()?;
    started.map(|_| ())
}
