//! Timers: time as something that happens, to be polled beside other things.
//!
//! A [`Timer`] is a `timerfd(2)` on `CLOCK_MONOTONIC`: it expires once, or every so often, whatever is done to the
//! system's clock. Its descriptor can be read once it has expired, by [`poll::wait`](crate::poll::wait), `epoll(7)` and runtimes on it,
//! beside handles ([`Pollable`](crate::poll::Pollable)), sockets, and signals ([`Caught`](crate::signal::Caught)). While the system sleeps
//! the clock stands still.
//!
//! Against POSIX's: `timer_create(2)` and `alarm(2)` send a signal, which interrupts; this one waits until it is asked.
//! Both count what was missed ("overrun").
//!
//! # If a process dies
//! The timer is gone with it. A forked child shares it: of the two, one gets each expiration.
//!
//! # Examples
//! ```
//! use selvedge::{
//!     message_queue::{MessageQueue, Plain},
//!     poll::{self, Pollable},
//!     segment::RingConfig,
//!     signal::{Set, Signals},
//!     timer::Timer,
//! };
//! use std::time::Duration;
//!
//! const STOP: Set = Set::of(0);
//!
//! let (queue, _) = MessageQueue::<Plain<u64>>::anonymous(RingConfig::new(4))?;
//! let (signals, _) = Signals::anonymous()?;
//! let stop = signals.clone();
//! queue.sender()?.send(&7)?;
//!
//! let timer = Timer::every(Duration::from_millis(5))?;
//! let mut receiver = Pollable::new(queue.receiver()?)?;
//! let mut signals = Pollable::new(signals)?;
//! let (mut received, mut expired) = (Vec::new(), 0);
//! while signals.try_take(STOP).is_empty() {
//!     while let Ok(number) = receiver.try_recv() {
//!         received.push(number);
//!     }
//!     expired += timer.try_expired()?.unwrap_or_default();
//!     if expired >= 3 {
//!         // Usually another process.
//!         stop.raise(STOP);
//!     }
//!     poll::wait(&[&receiver, &signals, &timer], None)?;
//! }
//! assert_eq!(received, [7]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
    time::Duration,
};

use nix::{
    errno::Errno,
    poll::PollFlags,
    sys::{
        time::TimeSpec,
        timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
    },
    unistd::read,
};

use crate::platform::native::ready;

/// The shortest time: the kernel takes 0 to mean "never".
const SHORTEST: Duration = Duration::from_nanos(1);

/// The longest time, which nobody will see the end of; longer ones the kernel may refuse.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Something that expires. Threads may share it: of several, one gets each expiration.
#[derive(Debug)]
pub struct Timer {
    descriptor: TimerFd,
}

impl Timer {
    /// One that expires once.
    ///
    /// # Errors
    /// If no descriptor is free.
    pub fn once(after: Duration) -> io::Result<Self> {
        Self::set(Expiration::OneShot(time(after)))
    }

    /// One that expires again and again, first after one period; none is shorter than a nanosecond.
    ///
    /// # Errors
    /// If no descriptor is free.
    pub fn every(period: Duration) -> io::Result<Self> {
        Self::set(Expiration::Interval(time(period)))
    }

    fn set(expiration: Expiration) -> io::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let descriptor = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        descriptor.set(expiration, TimerSetTimeFlags::empty())?;
        Ok(Self { descriptor })
    }

    /// How often it has expired since somebody asked, if it has.
    ///
    /// # Errors
    /// Of `read(2)`; none is known.
    pub fn try_expired(&self) -> io::Result<Option<u64>> {
        let mut times = [0; 8];
        match read(&self.descriptor, &mut times) {
            Ok(_) => Ok(Some(u64::from_ne_bytes(times))),
            Err(Errno::EAGAIN) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// How often it has expired since somebody asked, waiting for the first time for at most `timeout`, or as long as it
    /// takes: for ever, if it was to expire once and has.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut), also if it was [cancelled](crate::cancel).
    pub fn wait(&self, timeout: Option<Duration>) -> io::Result<u64> {
        ready::until(self, PollFlags::POLLIN, timeout, || self.try_expired())
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

fn time(duration: Duration) -> TimeSpec {
    TimeSpec::from_duration(duration.clamp(SHORTEST, LONGEST))
}
