//! What sockets of the kernel have in common: waiting for one, without a change to its flags.

use core::time::Duration;
use std::{
    io::{
        self,
        ErrorKind::{Interrupted, TimedOut, WouldBlock},
    },
    os::fd::{AsFd, AsRawFd},
    time::Instant,
};

use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::socket::{MsgFlags, recv, send},
};

/// Waits until `descriptor` is ready for `events`, or hung up; says whether it was in time.
pub(super) fn wait(
    descriptor: impl AsFd,
    events: PollFlags,
    until: Option<Instant>,
) -> io::Result<bool> {
    let mut one = [PollFd::new(descriptor.as_fd(), events)];
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        // A timeout past what poll(2) can count is waited for in parts; one that is not over is rounded up.
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            let millis = left.as_nanos().div_ceil(1_000_000);
            i32::try_from(millis).unwrap_or(i32::MAX).try_into().unwrap_or(PollTimeout::MAX)
        });
        match poll(&mut one, timeout) {
            Ok(0) if left.is_some_and(|left| left.is_zero()) => return Ok(false),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(true),
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// The moment `timeout` from now; none if that is past the clock's end.
pub(super) fn deadline(timeout: Option<Duration>) -> Option<Instant> {
    timeout.and_then(|timeout| Instant::now().checked_add(timeout))
}

/// Tries until it does not have to wait, or `timeout` is over.
pub(super) fn until_ready<R>(
    socket: impl AsFd,
    events: PollFlags,
    timeout: Option<Duration>,
    mut attempt: impl FnMut() -> io::Result<R>,
) -> io::Result<R> {
    let until = deadline(timeout);
    loop {
        match attempt() {
            Err(error) if error.kind() == Interrupted => {}
            Err(error) if error.kind() == WouldBlock => {
                if !wait(&socket, events, until)? {
                    return Err(TimedOut.into());
                }
            }
            outcome => return outcome,
        }
    }
}

/// Receives what is there and fits; its length is what it had before it was cut to fit, if it was a datagram.
pub(super) fn receive(
    socket: impl AsFd,
    into: &mut [u8],
    timeout: Option<Duration>,
    flags: MsgFlags,
) -> io::Result<usize> {
    let number = socket.as_fd().as_raw_fd();
    let flags = flags | MsgFlags::MSG_DONTWAIT;
    until_ready(socket, PollFlags::POLLIN, timeout, || Ok(recv(number, into, flags)?))
}

/// Sends what there is room for.
pub(super) fn transmit(
    socket: impl AsFd,
    bytes: &[u8],
    timeout: Option<Duration>,
) -> io::Result<usize> {
    let number = socket.as_fd().as_raw_fd();
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    until_ready(socket, PollFlags::POLLOUT, timeout, || Ok(send(number, bytes, flags)?))
}
