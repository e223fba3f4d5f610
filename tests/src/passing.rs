//! Descriptors that are handed on through a socket (`SCM_RIGHTS`).

use std::{
    io::{IoSlice, IoSliceMut},
    os::{
        fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
        unix::net::UnixStream,
    },
};

use nix::{
    cmsg_space,
    errno::Errno,
    sys::socket::{ControlMessage, ControlMessageOwned, MsgFlags, recvmsg, sendmsg},
};

/// Sends `descriptor`, with a byte that carries it.
///
/// # Errors
/// Of `sendmsg`.
pub fn send(socket: &UnixStream, descriptor: impl AsFd) -> nix::Result<()> {
    send_packet(socket, &[0], &[descriptor.as_fd()])
}

/// Sends `bytes`, and descriptors with them.
///
/// # Errors
/// Of `sendmsg`.
pub fn send_packet(
    socket: impl AsFd,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> nix::Result<()> {
    let numbers: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&numbers)];
    let rights = if numbers.is_empty() { &[] } else { &rights[..] };
    let (socket, flags) = (socket.as_fd().as_raw_fd(), MsgFlags::MSG_NOSIGNAL);
    sendmsg::<()>(socket, &[IoSlice::new(bytes)], rights, flags, None).map(drop)
}

/// Receives a descriptor, close-on-exec.
///
/// # Errors
/// Of `recvmsg`; `ENOMSG` if none comes.
pub fn receive(socket: &UnixStream) -> nix::Result<OwnedFd> {
    let (_, mut descriptors) = receive_packet(socket)?;
    descriptors.pop().filter(|_| descriptors.is_empty()).ok_or(Errno::ENOMSG)
}

/// Receives a few bytes, and up to two descriptors that come with them, close-on-exec.
///
/// # Errors
/// Of `recvmsg`.
pub fn receive_packet(socket: impl AsFd) -> nix::Result<(Vec<u8>, Vec<OwnedFd>)> {
    let mut bytes = [0; 64];
    let mut slices = [IoSliceMut::new(&mut bytes)];
    let mut space = cmsg_space!([RawFd; 2]);
    let (socket, flags) = (socket.as_fd().as_raw_fd(), MsgFlags::MSG_CMSG_CLOEXEC);
    let message = recvmsg::<()>(socket, &mut slices, Some(&mut space), flags)?;
    let mut descriptors = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = control {
            // SAFETY: the kernel has just made them for this process, and nobody else knows of them.
            let owned = numbers.into_iter().map(|number| unsafe { OwnedFd::from_raw_fd(number) });
            descriptors.extend(owned);
        }
    }
    let length = message.bytes;
    Ok((bytes[..length].to_vec(), descriptors))
}
