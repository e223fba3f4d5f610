//! Waiting for descriptors, until a deadline or this thread's stop.

use std::{
    io::{
        self,
        ErrorKind::{Interrupted, TimedOut, WouldBlock},
    },
    os::fd::AsFd,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, ppoll},
    sys::time::TimeSpec,
};

use super::stop::Stop;

/// The moment `timeout` from now; none if the clock does not know it, which never comes.
pub(crate) fn deadline(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// What is left until then.
pub(crate) fn left(until: Option<Instant>) -> Option<Duration> {
    until.map(|until| until.saturating_duration_since(Instant::now()))
}

/// Waits until one or more of several descriptors are ready, have failed, or hung up: says which. At the deadline,
/// or once this thread is stopped, that may be none.
pub(crate) fn wait<'a>(
    several: impl IntoIterator<Item = PollFd<'a>>,
    until: Option<Instant>,
) -> io::Result<Vec<bool>> {
    let stop = Stop::current();
    let mut polled: Vec<_> = several.into_iter().collect();
    let count = polled.len();
    if let Some(stop) = &stop {
        polled.push(PollFd::new(stop.as_fd(), PollFlags::POLLIN));
    }
    loop {
        match ppoll(&mut polled, left(until).map(TimeSpec::from_duration), None) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
            Ok(_) => break,
        }
    }
    Ok(polled[..count].iter().map(|one| one.any() != Some(false)).collect())
}

/// [`wait`], for one.
pub(crate) fn is_ready(
    descriptor: &impl AsFd,
    events: PollFlags,
    until: Option<Instant>,
) -> io::Result<bool> {
    Ok(wait([PollFd::new(descriptor.as_fd(), events)], until)? == [true])
}

/// Makes attempts until one yields a value, and in between waits until the descriptor is ready.
///
/// # Errors
/// An attempt's; `TimedOut`, if the last attempt, made after `timeout` had passed, yielded nothing.
pub(crate) fn until<R>(
    descriptor: &impl AsFd,
    events: PollFlags,
    timeout: Option<Duration>,
    mut attempt: impl FnMut() -> io::Result<Option<R>>,
) -> io::Result<R> {
    let until = deadline(timeout);
    let mut in_time = true;
    loop {
        if let Some(value) = attempt()? {
            return Ok(value);
        }
        if !in_time {
            return Err(TimedOut.into());
        }
        in_time = is_ready(descriptor, events, until)?;
    }
}

/// What a system call that does not wait has yielded, if it did not have to.
pub(crate) fn if_ready<R>(outcome: io::Result<R>) -> io::Result<Option<R>> {
    match outcome {
        Err(error) if matches!(error.kind(), WouldBlock | Interrupted) => Ok(None),
        outcome => outcome.map(Some),
    }
}
