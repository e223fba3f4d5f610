//! How a local connection begins, by hand.

use std::{
    os::fd::{AsRawFd, OwnedFd},
    path::Path,
};

use nix::{
    errno::Errno,
    sys::{
        socket::{
            AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen,
            setsockopt, socket, sockopt::ReceiveTimeout,
        },
        time::TimeVal,
    },
};

use crate::{FOR_EVER, receive_packet, send_packet};

fn packets() -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC;
    socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)
}

/// A hello that asks for this capacity.
#[must_use]
pub fn hello(version: u32, capacity: u32) -> Vec<u8> {
    packet(version, capacity)
}

/// A welcome, or a refusal with this code.
#[must_use]
pub fn welcome(version: u32, refusal: u32) -> Vec<u8> {
    packet(version, refusal)
}

fn packet(version: u32, last: u32) -> Vec<u8> {
    [&b"SELVLINE"[..], &version.to_le_bytes(), &last.to_le_bytes()].concat()
}

/// A client that has connected, and has said nothing; it waits for answers for some seconds.
///
/// # Errors
/// Of `connect`.
pub fn half_open(path: &Path) -> nix::Result<OwnedFd> {
    let socket = packets()?;
    let seconds = TimeVal::new(FOR_EVER.as_secs().cast_signed(), 0);
    setsockopt(&socket, ReceiveTimeout, &seconds)?;
    connect(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    Ok(socket)
}

/// A client that has been let in: its lifeline, the memory that it writes its bytes to, and the one that it reads from.
///
/// # Errors
/// Of the kernel; `EPROTO` if it is not let in.
pub fn let_in(path: &Path) -> nix::Result<(OwnedFd, [OwnedFd; 2])> {
    let line = half_open(path)?;
    send_packet(&line, &hello(1, 0), &[])?;
    let (answer, descriptors) = receive_packet(&line)?;
    match descriptors.try_into() {
        Ok(memory) if answer == welcome(1, 0) => Ok((line, memory)),
        _ => Err(Errno::EPROTO),
    }
}

/// A server that accepts nobody by itself.
///
/// # Errors
/// Of the kernel.
pub fn server(path: &Path) -> nix::Result<OwnedFd> {
    let socket = packets()?;
    bind(socket.as_raw_fd(), &UnixAddr::new(path)?)?;
    listen(&socket, Backlog::new(16)?)?;
    Ok(socket)
}
