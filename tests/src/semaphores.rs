//! Semaphores of each kind, glibc's and ours, to be held against each other.

use std::{
    fmt,
    mem::forget,
    os::fd::OwnedFd,
    process::Command,
    ptr::NonNull,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use memmap2::MmapRaw;
use nix::{
    errno::Errno,
    libc::{self, sem_t},
    sys::memfd::{MFdFlags, memfd_create},
    unistd::ftruncate,
};
use selvedge::{
    permits::{PermitHandle, PermitPool, PermitsConfig},
    segment::{Directory, sealed},
    semaphore::{Semaphore, SemaphoreConfig},
};

use crate::{bequeath, inherited, names::kernels};

/// Permits of each, all of which are free at first.
const PERMITS: u32 = 2;

/// Done, or why not.
pub type Answer = Result<(), String>;

/// Somebody who acquires permits and releases them.
pub trait User: Send {
    /// Takes a permit if one is free.
    ///
    /// # Errors
    /// Why not.
    fn try_acquire(&self) -> Answer;

    /// Takes a permit, waiting for one for at most `timeout`, or as long as it takes.
    ///
    /// # Errors
    /// Why not.
    fn acquire(&self, timeout: Option<Duration>) -> Answer;

    /// Releases a permit, whoever has acquired it.
    ///
    /// # Errors
    /// Why not.
    fn release(&self) -> Answer;

    /// Free permits.
    fn value(&self) -> u32;
}

/// A `sem_t`.
enum Posix {
    /// At the beginning of what is mapped.
    Unnamed(MmapRaw),
    /// Where `sem_open` has mapped it.
    Opened(NonNull<sem_t>),
}

// SAFETY: any thread may make any call on a `sem_t`, and end its use.
unsafe impl Send for Posix {}

impl Posix {
    fn mapped(descriptor: &OwnedFd) -> Self {
        Self::Unnamed(MmapRaw::map_raw(descriptor).expect("some memory"))
    }

    fn opened(name: &str) -> Self {
        let (name, mode) = (kernels(name), libc::S_IRUSR | libc::S_IWUSR);
        // SAFETY: a string that ends with NUL; with O_CREAT there follow a mode and a value.
        let at = unsafe { libc::sem_open(name.as_ptr(), libc::O_CREAT, mode, PERMITS) };
        assert_ne!(at, libc::SEM_FAILED, "{}", Errno::last());
        Self::Opened(NonNull::new(at).expect("it did not fail"))
    }

    fn at(&self) -> *mut sem_t {
        match self {
            Self::Unnamed(memory) => memory.as_mut_ptr().cast(),
            Self::Opened(at) => at.as_ptr(),
        }
    }
}

impl Drop for Posix {
    fn drop(&mut self) {
        if let Self::Opened(at) = self {
            // SAFETY: it was opened, and is used no more.
            unsafe { libc::sem_close(at.as_ptr()) };
        }
    }
}

fn said(returned: libc::c_int) -> Answer {
    Errno::result(returned).map(drop).map_err(|errno| errno.to_string())
}

impl User for Posix {
    fn try_acquire(&self) -> Answer {
        // SAFETY: an initialised `sem_t`, mapped as long as `self` lives.
        said(unsafe { libc::sem_trywait(self.at()) })
    }

    fn acquire(&self, timeout: Option<Duration>) -> Answer {
        let Some(timeout) = timeout else {
            // SAFETY: as above.
            return said(unsafe { libc::sem_wait(self.at()) });
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set");
        let until = now + timeout;
        let until = libc::timespec {
            tv_sec: until.as_secs().cast_signed(),
            tv_nsec: until.subsec_nanos().into(),
        };
        // SAFETY: as above; `until` is a moment, which lives.
        said(unsafe { libc::sem_timedwait(self.at(), &raw const until) })
    }

    fn release(&self) -> Answer {
        // SAFETY: as above.
        said(unsafe { libc::sem_post(self.at()) })
    }

    fn value(&self) -> u32 {
        let mut value = 0;
        // SAFETY: as above; `value` can be written.
        said(unsafe { libc::sem_getvalue(self.at(), &raw mut value) }).expect("it is valid");
        value.cast_unsigned()
    }
}

impl User for Semaphore {
    fn try_acquire(&self) -> Answer {
        self.try_acquire().map_err(|error| error.to_string())
    }

    fn acquire(&self, timeout: Option<Duration>) -> Answer {
        match timeout {
            Some(timeout) => self.acquire_timeout(timeout).map_err(|error| error.to_string()),
            None => self.acquire().map_err(|error| error.to_string()),
        }
    }

    fn release(&self) -> Answer {
        self.release(1).map_err(|error| error.to_string())
    }

    fn value(&self) -> u32 {
        self.state().permits()
    }
}

impl User for PermitHandle {
    fn try_acquire(&self) -> Answer {
        self.try_acquire().map(forget).map_err(|error| error.to_string())
    }

    fn acquire(&self, timeout: Option<Duration>) -> Answer {
        match timeout {
            Some(timeout) => {
                self.acquire_timeout(timeout).map(forget).map_err(|error| error.to_string())
            }
            None => self.acquire().map(forget).map_err(|error| error.to_string()),
        }
    }

    fn release(&self) -> Answer {
        Err("a permit belongs to its holder".into())
    }

    fn value(&self) -> u32 {
        self.free() as u32
    }
}

/// Removes the name of a `sem_t`.
///
/// # Errors
/// Of `sem_unlink`.
pub fn sem_unlink(name: &str) -> nix::Result<()> {
    let name = kernels(name);
    // SAFETY: a string that ends with NUL.
    Errno::result(unsafe { libc::sem_unlink(name.as_ptr()) }).map(drop)
}

/// A semaphore of some kind.
#[derive(Debug)]
pub enum Kind {
    /// A `sem_t` in memory that processes share, by its descriptor.
    Unnamed(OwnedFd),
    /// A `sem_t` by its name.
    Opened(String),
    /// Ours, by its descriptor.
    Anonymous(OwnedFd),
    /// Ours, by its name.
    Named(String),
    /// Ours, whose permits belong to their holders, by its descriptor.
    Owned(OwnedFd),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unnamed(_) => "sem_init(3)",
            Self::Opened(_) => "sem_open(3)",
            Self::Anonymous(_) => "anonymous",
            Self::Named(_) => "named",
            Self::Owned(_) => "permits",
        })
    }
}

impl Kind {
    /// One of each kind whose permits belong to nobody.
    ///
    /// # Panics
    /// If there can be none.
    #[must_use]
    pub fn plain(name: &str) -> [Self; 4] {
        let config = SemaphoreConfig::counting(PERMITS);
        let (_, descriptor) = Semaphore::anonymous(config).expect("some memory");
        [
            Self::Unnamed(unnamed()),
            Self::Opened(name.to_owned()),
            Self::Anonymous(descriptor),
            Self::Named(name.to_owned()),
        ]
    }

    /// One whose permits belong to their holders.
    ///
    /// # Panics
    /// If there can be none.
    #[must_use]
    pub fn owned() -> Self {
        let config = PermitsConfig::new(PERMITS);
        Self::Owned(sealed::create::<PermitPool>(config).expect("some memory").1)
    }

    /// The program at `path`, which is told of the semaphore.
    #[must_use]
    pub fn hand_to(&self, path: &str) -> Command {
        let mut command = Command::new(path);
        self.hand_over(&mut command);
        command
    }

    /// Likewise, where the program is told of other things too.
    pub fn hand_over(&self, command: &mut Command) {
        match self {
            Self::Unnamed(descriptor) | Self::Anonymous(descriptor) | Self::Owned(descriptor) => {
                bequeath(command, descriptor);
            }
            Self::Opened(name) | Self::Named(name) => _ = command.arg(name),
        }
        command.arg(self.to_string());
    }

    /// The semaphore that a child was [told](Self::hand_to) of.
    ///
    /// # Panics
    /// If it was told nonsense.
    #[must_use]
    pub fn handed(place: String, kind: &str) -> Self {
        let descriptor = || inherited(place.parse().expect("a descriptor's number"));
        match kind {
            "sem_init(3)" => Self::Unnamed(descriptor()),
            "sem_open(3)" => Self::Opened(place),
            "anonymous" => Self::Anonymous(descriptor()),
            "named" => Self::Named(place),
            "permits" => Self::Owned(descriptor()),
            other => panic!("no semaphore is called {other}"),
        }
    }

    /// Another user.
    ///
    /// # Panics
    /// If there can be none.
    #[must_use]
    pub fn user(&self) -> Box<dyn User> {
        match self {
            Self::Unnamed(descriptor) => Box::new(Posix::mapped(descriptor)),
            Self::Opened(name) => Box::new(Posix::opened(name)),
            Self::Anonymous(descriptor) => {
                Box::new(Semaphore::inherit(descriptor).expect("a semaphore"))
            }
            Self::Named(name) => {
                let config = SemaphoreConfig::counting(PERMITS);
                let semaphore = Semaphore::named(&Directory::shm(), name, config);
                Box::new(semaphore.expect("a name in /dev/shm").0)
            }
            Self::Owned(descriptor) => {
                let pool = sealed::attach::<PermitPool>(descriptor).expect("a pool");
                Box::new(pool.handle().expect("a slot"))
            }
        }
    }

    /// Removes its name; not if it has none.
    ///
    /// # Panics
    /// If it cannot.
    #[must_use]
    pub fn unlink(&self) -> bool {
        match self {
            Self::Opened(name) => sem_unlink(name).expect("it is there"),
            Self::Named(name) => Directory::shm().unlink(name).expect("it is there"),
            Self::Unnamed(_) | Self::Anonymous(_) | Self::Owned(_) => return false,
        }
        true
    }
}

/// Memory with a `sem_t`, for whoever has the descriptor.
fn unnamed() -> OwnedFd {
    let descriptor = memfd_create("sem_t", MFdFlags::MFD_CLOEXEC).expect("some memory");
    ftruncate(&descriptor, size_of::<sem_t>() as libc::off_t).expect("some memory");
    let semaphore = Posix::mapped(&descriptor);
    // SAFETY: memory for a `sem_t`, which nobody else has.
    said(unsafe { libc::sem_init(semaphore.at(), 1, PERMITS) }).expect("a possible value");
    descriptor
}
