//! What is mapped, and what becomes of it when its file is truncated: see [`segment::guard`](crate::segment::guard).

use core::{
    ptr,
    sync::atomic::{
        AtomicBool, AtomicPtr, AtomicUsize,
        Ordering::{Acquire, Relaxed, Release},
    },
};
use std::{
    fs::File,
    io::{self, Write},
    os::fd::{AsRawFd, RawFd},
    sync::{Mutex, OnceLock, PoisonError},
};

use nix::{
    errno::Errno,
    libc,
    sys::memfd::{MFdFlags, memfd_create},
};

/// A mapping that the guard watches, as long as this lives.
#[derive(Debug)]
pub(crate) struct Watched(&'static Place);

/// An element of a list that only grows. Whoever watches something new takes an element that nobody needs any more.
#[derive(Debug)]
struct Place {
    taken: AtomicBool,
    /// The address of the mapping's first byte.
    base: AtomicUsize,
    /// How many there are; 0 as long as the element does not stand for a mapping.
    size: AtomicUsize,
    lost: AtomicBool,
    next: *const Place,
}

// SAFETY: `next` is set before the element is in the list, and points to an element that is never freed.
unsafe impl Sync for Place {}

/// The first element of the list.
static PLACES: AtomicPtr<Place> = AtomicPtr::new(ptr::null_mut());

/// All elements.
fn places() -> impl Iterator<Item = &'static Place> {
    let first: *const Place = PLACES.load(Acquire);
    // SAFETY: elements are leaked boxes, or null at the end.
    let at = |place: *const Place| unsafe { place.as_ref() };
    core::iter::successors(at(first), move |place| at(place.next))
}

impl Watched {
    /// Watches `size` bytes at `base`, which are mapped, and stay so as long as this lives.
    pub(crate) fn new(base: usize, size: usize) -> Self {
        let mut vacant = places().filter(|place| !place.taken.swap(true, Acquire));
        let place = vacant.next().unwrap_or_else(Place::add);
        place.lost.store(false, Relaxed);
        place.base.store(base, Relaxed);
        place.size.store(size, Release);
        Self(place)
    }

    /// Has the guard put something else there?
    pub(crate) fn is_lost(&self) -> bool {
        self.0.lost.load(Relaxed)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.0.size.store(0, Release);
        self.0.taken.store(false, Release);
    }
}

impl Place {
    /// Another element, taken.
    fn add() -> &'static Self {
        let place = Box::into_raw(Box::new(Self {
            taken: AtomicBool::new(true),
            base: AtomicUsize::new(0),
            size: AtomicUsize::new(0),
            lost: AtomicBool::new(false),
            next: ptr::null(),
        }));
        let mut first = PLACES.load(Relaxed);
        loop {
            // SAFETY: nobody else has the element before it is in the list.
            unsafe { (*place).next = first };
            match PLACES.compare_exchange_weak(first, place, Release, Relaxed) {
                // SAFETY: the box is leaked.
                Ok(_) => return unsafe { &*place },
                Err(found) => first = found,
            }
        }
    }

    /// Where it is, and how long, if `address` is in it. Other elements may come to stand for something else meanwhile;
    /// whoever faults in a mapping keeps that one.
    fn holds(&self, address: usize) -> Option<(usize, usize)> {
        let base = self.base.load(Acquire);
        let size = self.size.load(Acquire);
        let same = self.base.load(Relaxed) == base;
        (same && (base..base.saturating_add(size)).contains(&address)).then_some((base, size))
    }
}

/// Bytes of [`Guard::ones`]: few mappings cover a large segment.
const ONES: usize = 2 << 20;

/// What the handler needs.
#[derive(Debug)]
struct Guard {
    /// A file of [`ONES`] bytes, every bit of them set.
    ones: File,
    /// Whose faults those are that are not in a segment.
    previous: libc::sigaction,
}

// SAFETY: nothing in it changes; the previous handler is a function.
unsafe impl Sync for Guard {}
// SAFETY: as above.
unsafe impl Send for Guard {}

static GUARD: OnceLock<Guard> = OnceLock::new();

/// Handles SIGBUS from now on.
pub(crate) fn install() -> io::Result<()> {
    static INSTALLED: Mutex<bool> = Mutex::new(false);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if *installed {
        return Ok(());
    }
    let mut ones = File::from(memfd_create(c"selvedge-ones", MFdFlags::MFD_CLOEXEC)?);
    ones.write_all(&vec![0xFF; ONES])?;
    // SAFETY: a zeroed `sigaction` is a valid one, to be filled.
    let mut previous: libc::sigaction = unsafe { core::mem::zeroed() };
    // SAFETY: `previous` is written, nothing else.
    Errno::result(unsafe { libc::sigaction(libc::SIGBUS, ptr::null(), &raw mut previous) })?;
    GUARD.get_or_init(|| Guard { ones, previous });
    // SAFETY: as above.
    let mut action: libc::sigaction = unsafe { core::mem::zeroed() };
    action.sa_sigaction = on_fault as *const () as usize;
    action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_RESTART;
    // SAFETY: the handler does only what a signal handler may: loads and stores of atomics, and system calls.
    Errno::result(unsafe { libc::sigaction(libc::SIGBUS, &raw const action, ptr::null_mut()) })?;
    *installed = true;
    Ok(())
}

/// Puts ones where a page was lost, and returns to the access, which finds them; or leaves it to whoever handled SIGBUS
/// before.
extern "C" fn on_fault(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    let Some(guard) = GUARD.get() else { return };
    // SAFETY: the kernel passes a valid one to a handler with SA_SIGINFO.
    let fault = unsafe { &*info };
    // SAFETY: a SIGBUS has an address.
    let address = unsafe { fault.si_addr() }.addr();
    // Behind the end of a file, and not memory that is broken.
    if fault.si_code == libc::BUS_ADRERR {
        for place in places() {
            if let Some((base, size)) = place.holds(address) {
                place.lost.store(true, Relaxed);
                if put_ones(guard.ones.as_raw_fd(), base, size) {
                    return;
                }
            }
        }
    }
    forward(&guard.previous, signal, info, context);
}

/// Says whether it succeeded. The thread's `errno` stays as it was.
fn put_ones(ones: RawFd, base: usize, size: usize) -> bool {
    let errno = Errno::last();
    let put = (0..size).step_by(ONES).all(|offset| {
        let length = ONES.min(size - offset);
        // SAFETY: these pages belong to a mapping of a segment (`Watched`), which somebody uses right now, and of which
        // any bytes are valid.
        let mapped = unsafe {
            libc::mmap(
                ptr::without_provenance_mut(base + offset),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_FIXED,
                ones,
                0,
            )
        };
        mapped != libc::MAP_FAILED
    });
    errno.set();
    put
}

fn forward(
    previous: &libc::sigaction,
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    type Plain = extern "C" fn(libc::c_int);
    type Full = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
    match previous.sa_sigaction {
        libc::SIG_DFL | libc::SIG_IGN => {
            // The access faults again, and nobody handles that: a SIGBUS cannot be ignored.
            // SAFETY: `previous` was the action of this signal.
            unsafe { libc::sigaction(signal, previous, ptr::null_mut()) };
        }
        handler if previous.sa_flags & libc::SA_SIGINFO != 0 => {
            // SAFETY: whoever installed it said that it is such a function.
            let handler = unsafe { core::mem::transmute::<usize, Full>(handler) };
            handler(signal, info, context);
        }
        handler => {
            // SAFETY: as above.
            let handler = unsafe { core::mem::transmute::<usize, Plain>(handler) };
            handler(signal);
        }
    }
}
