//! Data under a lock of glibc's, in memory that processes share.

use std::{
    hint::black_box,
    marker::PhantomData,
    mem::MaybeUninit,
    os::fd::{AsFd, AsRawFd, OwnedFd},
};

use memmap2::MmapRaw;
use nix::{
    errno::Errno,
    libc::{self, c_int, off_t, pthread_mutex_t, pthread_rwlock_t},
    sys::memfd::{MFdFlags, memfd_create},
    unistd::ftruncate,
};
use selvedge::platform::Pod;

/// What somebody wants with data.
#[derive(Clone, Copy)]
pub(crate) enum Access {
    Read,
    Write,
}

/// What data is under.
pub(crate) trait Lock {
    /// Makes one that processes share.
    ///
    /// # Safety
    /// At `at` there is memory for it, which nobody else has.
    unsafe fn init(at: *mut Self);

    /// Waits for it.
    ///
    /// # Safety
    /// One was made at `at`, which is mapped.
    unsafe fn lock(at: *mut Self, access: Access);

    /// # Safety
    /// The caller has locked the one at `at`.
    unsafe fn unlock(at: *mut Self);
}

fn done(returned: c_int) {
    assert_eq!(returned, 0, "{}", Errno::from_raw(returned));
}

impl Lock for pthread_mutex_t {
    unsafe fn init(at: *mut Self) {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: memory for them.
        done(unsafe { libc::pthread_mutexattr_init(attributes.as_mut_ptr()) });
        let (shared, robust) = (libc::PTHREAD_PROCESS_SHARED, libc::PTHREAD_MUTEX_ROBUST);
        // SAFETY: just made.
        done(unsafe { libc::pthread_mutexattr_setpshared(attributes.as_mut_ptr(), shared) });
        // SAFETY: as above.
        done(unsafe { libc::pthread_mutexattr_setrobust(attributes.as_mut_ptr(), robust) });
        // SAFETY: as above; the caller has memory for it.
        done(unsafe { libc::pthread_mutex_init(at, attributes.as_ptr()) });
    }

    unsafe fn lock(at: *mut Self, _: Access) {
        // SAFETY: the caller's.
        done(unsafe { libc::pthread_mutex_lock(at) });
    }

    unsafe fn unlock(at: *mut Self) {
        // SAFETY: the caller's.
        done(unsafe { libc::pthread_mutex_unlock(at) });
    }
}

impl Lock for pthread_rwlock_t {
    unsafe fn init(at: *mut Self) {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: memory for them.
        done(unsafe { libc::pthread_rwlockattr_init(attributes.as_mut_ptr()) });
        let shared = libc::PTHREAD_PROCESS_SHARED;
        // SAFETY: just made.
        done(unsafe { libc::pthread_rwlockattr_setpshared(attributes.as_mut_ptr(), shared) });
        // SAFETY: as above; the caller has memory for it.
        done(unsafe { libc::pthread_rwlock_init(at, attributes.as_ptr()) });
    }

    unsafe fn lock(at: *mut Self, access: Access) {
        done(match access {
            // SAFETY: the caller's.
            Access::Read => unsafe { libc::pthread_rwlock_rdlock(at) },
            // SAFETY: the caller's.
            Access::Write => unsafe { libc::pthread_rwlock_wrlock(at) },
        });
    }

    unsafe fn unlock(at: *mut Self) {
        // SAFETY: the caller's.
        done(unsafe { libc::pthread_rwlock_unlock(at) });
    }
}

/// No lock: what a copy alone costs. It may be torn.
pub(crate) struct Nothing;

impl Lock for Nothing {
    unsafe fn init(_: *mut Self) {}

    unsafe fn lock(_: *mut Self, _: Access) {}

    unsafe fn unlock(_: *mut Self) {}
}

#[repr(C)]
struct Both<L, T> {
    lock: L,
    data: T,
}

/// Data, all bytes 0 at first, under a lock.
pub(crate) struct Under<L, T> {
    memory: MmapRaw,
    both: PhantomData<Both<L, T>>,
}

impl<L: Lock, T: Pod> Under<L, T> {
    /// Memory for both, for whoever has the descriptor.
    pub(crate) fn create() -> OwnedFd {
        let descriptor = memfd_create("lock", MFdFlags::MFD_CLOEXEC).expect("some memory");
        ftruncate(&descriptor, size_of::<Both<L, T>>() as off_t).expect("some memory");
        // SAFETY: nobody else has it yet.
        unsafe { L::init(Self::inherit(&descriptor).lock()) };
        descriptor
    }

    /// What somebody has created.
    pub(crate) fn inherit(descriptor: impl AsFd) -> Self {
        let memory = MmapRaw::map_raw(descriptor.as_fd().as_raw_fd()).expect("some memory");
        Self { memory, both: PhantomData }
    }

    fn lock(&self) -> *mut L {
        let both = self.memory.as_mut_ptr().cast::<Both<L, T>>();
        // SAFETY: inside the mapping, which has room for both.
        unsafe { &raw mut (*both).lock }
    }

    fn data(&self) -> *mut T {
        let both = self.memory.as_mut_ptr().cast::<Both<L, T>>();
        // SAFETY: as above. What is behind it may change: nothing is known of it.
        black_box(unsafe { &raw mut (*both).data })
    }

    fn locked<R>(&self, access: Access, with: impl FnOnce() -> R) -> R {
        // SAFETY: it was made by who created this, and is mapped as long as `self` lives.
        unsafe { L::lock(self.lock(), access) };
        let result = with();
        // SAFETY: just locked.
        unsafe { L::unlock(self.lock()) };
        result
    }

    /// A copy of the data.
    pub(crate) fn read(&self) -> T {
        // SAFETY: mapped and aligned, any bytes are a `T`, and the lock keeps writers away; where there is
        // `Nothing`, some of the bytes may be older than others.
        self.locked(Access::Read, || unsafe { self.data().read() })
    }

    /// Changes the data.
    pub(crate) fn update(&self, change: impl FnOnce(T) -> T) -> T {
        self.locked(Access::Write, || {
            // SAFETY: as above.
            let data = change(unsafe { self.data().read() });
            // SAFETY: as above, and the lock keeps readers away too, or `Nothing` does not.
            unsafe { self.data().write(data) };
            data
        })
    }
}
