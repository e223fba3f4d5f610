//! What sockets of the kernel have in common, without a change to their flags.

use core::time::Duration;
use std::{
    io,
    os::fd::{AsFd, AsRawFd},
};

use nix::{
    poll::PollFlags,
    sys::socket::{MsgFlags, recv, send},
};

use crate::platform::native::ready::{if_ready, until};

/// Receives what is there and fits; its length is what it had before it was cut to fit, if it was a datagram and
/// `flags` say so.
pub(super) fn receive(
    socket: &impl AsFd,
    into: &mut [u8],
    timeout: Option<Duration>,
    flags: MsgFlags,
) -> io::Result<usize> {
    let (number, flags) = (socket.as_fd().as_raw_fd(), flags | MsgFlags::MSG_DONTWAIT);
    until(socket, PollFlags::POLLIN, timeout, || {
        if_ready(recv(number, into, flags).map_err(io::Error::from))
    })
}

/// Sends what there is room for.
pub(super) fn transmit(
    socket: &impl AsFd,
    bytes: &[u8],
    timeout: Option<Duration>,
) -> io::Result<usize> {
    let number = socket.as_fd().as_raw_fd();
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    until(socket, PollFlags::POLLOUT, timeout, || {
        if_ready(send(number, bytes, flags).map_err(io::Error::from))
    })
}
