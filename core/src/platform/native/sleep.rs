//! Sleeping on words, and waking who sleeps: `futex(2)` and `futex_waitv(2)`, shared between processes, until moments of
//! `CLOCK_MONOTONIC`.

use std::thread;

use nix::{
    errno::Errno::{self, EAGAIN, EINTR, ETIMEDOUT},
    libc,
    sys::time::TimeSpec,
};

use super::{Monotonic, SLEEP_SLICE, now, stop::Stop};
use crate::platform::Wait;

/// How often a word is looked at where the kernel refuses to put anybody to sleep.
const POLL: core::time::Duration = core::time::Duration::from_millis(1);

/// Sleeps while `word` holds `expected`, until woken, `until`, the end of a slice, or this thread's stop.
pub(super) fn sleep(word: *const u32, expected: u32, until: Option<Monotonic>) -> Wait {
    let stop = Stop::current();
    let is_stopped = || stop.as_ref().is_some_and(|stop| stop.is_set());
    if is_stopped() {
        return Wait::TimedOut;
    }
    let slice_end = slice_end();
    let deadline = until.filter(|until| *until <= slice_end);
    let end = deadline.unwrap_or(slice_end);
    let slept = match &stop {
        None => futex_wait(word, expected, end),
        Some(stop) => {
            let words = [Word::of(word, expected), stop.word()];
            match futex_waitv(&words, Some(end)) {
                // Refused: the stop is looked at when a slice has ended.
                Err(error) if !matches!(error, EAGAIN | EINTR | ETIMEDOUT) => {
                    futex_wait(word, expected, end)
                }
                slept => slept,
            }
        }
    };
    let wait = match slept {
        Ok(()) => Wait::Woken,
        Err(EAGAIN) => Wait::Mismatch,
        Err(ETIMEDOUT) if deadline.is_some() => Wait::TimedOut,
        // The end of a slice, or a signal handler that ran: look again.
        Err(ETIMEDOUT | EINTR) => Wait::Woken,
        // No futex here (a seccomp filter): poll, slowly, and keep the deadline.
        Err(_) => {
            thread::sleep(POLL);
            let passed = until.is_some_and(|until| until <= now());
            if passed { Wait::TimedOut } else { Wait::Woken }
        }
    };
    if is_stopped() { Wait::TimedOut } else { wait }
}

/// When a sleep that begins now has to end.
pub(super) fn slice_end() -> Monotonic {
    Monotonic(now().0 + TimeSpec::from_duration(SLEEP_SLICE))
}

fn futex_wait(word: *const u32, expected: u32, end: Monotonic) -> Result<(), Errno> {
    // SAFETY: `word` is a live, aligned, mapped word; `end` is a live timespec; the call reads both and writes neither.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex,
            word,
            libc::FUTEX_WAIT_BITSET,
            expected,
            core::ptr::from_ref(end.0.as_ref()),
            core::ptr::null::<u32>(),
            libc::FUTEX_BITSET_MATCH_ANY,
        )
    };
    Errno::result(result).map(drop)
}

/// Sleeps while each of the words holds what is expected of it, until a moment if there is one.
pub(super) fn futex_waitv(words: &[Word], end: Option<Monotonic>) -> Result<(), Errno> {
    let end = end.as_ref().map_or(core::ptr::null(), |end| core::ptr::from_ref(end.0.as_ref()));
    // SAFETY: so many elements, each with the address of a word that is mapped as long as it lives, and a moment, or
    // none.
    let result = unsafe {
        libc::syscall(
            libc::SYS_futex_waitv,
            words.as_ptr(),
            words.len(),
            0,
            end,
            libc::CLOCK_MONOTONIC,
        )
    };
    Errno::result(result).map(drop)
}

/// Wakes up to `count` of those who sleep on a word.
pub(super) fn wake(word: *const u32, count: u32) {
    // The kernel takes a signed count.
    let count = count.min(i32::MAX.cast_unsigned());
    // SAFETY: FUTEX_WAKE uses the address as a key; nothing is written.
    unsafe {
        libc::syscall(libc::SYS_futex, word, libc::FUTEX_WAKE, count);
    }
}

/// The kernel's `struct futex_waitv`.
#[repr(C)]
pub(super) struct Word {
    expected: u64,
    address: u64,
    flags: u32,
    reserved: u32,
}

impl Word {
    /// To sleep while this word holds this.
    pub(super) fn of(word: *const u32, expected: u32) -> Self {
        /// `FUTEX2_SIZE_U32`, and shared between processes.
        const FLAGS: u32 = 2;
        Self { expected: expected.into(), address: word.addr() as u64, flags: FLAGS, reserved: 0 }
    }
}
