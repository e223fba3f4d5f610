//! Descriptors that are handed on through a socket (`SCM_RIGHTS`).

use std::{
    io::{IoSlice, IoSliceMut},
    os::{
        fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd},
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
    let descriptors = [descriptor.as_fd().as_raw_fd()];
    let rights = [ControlMessage::ScmRights(&descriptors)];
    let (carrier, flags) = ([IoSlice::new(&[0])], MsgFlags::empty());
    sendmsg::<()>(socket.as_raw_fd(), &carrier, &rights, flags, None).map(|_| ())
}

/// Receives a descriptor, close-on-exec.
///
/// # Errors
/// Of `recvmsg`; `ENOMSG` if none comes.
pub fn receive(socket: &UnixStream) -> nix::Result<OwnedFd> {
    let mut carrier = [0];
    let mut carrier = [IoSliceMut::new(&mut carrier)];
    let mut space = cmsg_space!(RawFd);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC;
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut carrier, Some(&mut space), flags)?;
    match message.cmsgs()?.next() {
        Some(ControlMessageOwned::ScmRights(descriptors)) if descriptors.len() == 1 => {
            // SAFETY: the kernel has just made it for this process, and nobody else knows of it.
            Ok(unsafe { OwnedFd::from_raw_fd(descriptors[0]) })
        }
        _ => Err(Errno::ENOMSG),
    }
}
