//! Datagrams, from which a listener tells its clients apart.
//!
//! A datagram is read as it was written, if it comes: it may be lost, come twice, or overtake another, and nobody
//! hears of a peer's end. Nor does anybody know who sent it: its address may be forged. Whoever cares puts something
//! on top.
//!
//! A [`Listener`] takes the first datagram of an address that it does not know for a client, and makes it a socket of
//! its own, connected to that address. So a [`Connection`] is the kernel's in all it does, and one that is slow keeps no
//! other from being served. Answers come from the address that the kernel prefers towards the client: on a machine
//! with several, listen at one of them.

use core::time::Duration;
use std::{
    collections::VecDeque,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket},
    os::fd::{AsFd, AsRawFd, BorrowedFd},
};

use nix::{
    poll::PollFlags,
    sys::socket::{
        AddressFamily, SockFlag, SockType, SockaddrStorage, bind, setsockopt, socket, sockopt,
    },
};

use super::{Peer, Socket};
use crate::platform::native::ready::{if_ready, until};

/// The longest datagram there can be.
const LONGEST: usize = u16::MAX as usize;

/// A datagram, and where it came from.
type Datagram = (SocketAddr, Vec<u8>);

/// Where datagrams of new clients come in.
#[derive(Debug)]
pub struct Listener {
    socket: UdpSocket,
    /// Came in while another was being accepted.
    waiting: VecDeque<Datagram>,
}

impl Listener {
    /// The most datagrams of clients yet to be accepted that are kept, besides those in the kernel. Others are lost.
    pub const MAX_WAITING: usize = 256;

    /// Listens at `place`.
    ///
    /// # Errors
    /// [`AddrInUse`](io::ErrorKind::AddrInUse); what the kernel says.
    pub fn bind(place: impl ToSocketAddrs) -> io::Result<Self> {
        let socket = UdpSocket::bind(place)?;
        socket.set_nonblocking(true)?;
        // Only now that it was alone: sockets of this user may share the port from here on, those of clients.
        setsockopt(&socket, sockopt::ReusePort, &true)?;
        Ok(Self { socket, waiting: VecDeque::new() })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// The next client, waiting for at most `timeout`, or as long as it takes. What it has sent already is the first
    /// that is read.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) if none came; what the kernel says, and what the client has sent is lost.
    pub fn accept_within(&mut self, timeout: Option<Duration>) -> io::Result<Connection> {
        let (client, first) = match self.waiting.pop_front() {
            Some(first) => first,
            None => until(self, PollFlags::POLLIN, timeout, || if_ready(come(&self.socket)))?,
        };
        let socket = self.socket_for(client)?;
        // Until it was connected, it was handed what was meant for anybody.
        let strayed = all_come(&socket);
        self.waiting.extend(all_come(&self.socket));
        self.waiting.extend(strayed);
        let (early, waiting): (VecDeque<_>, _) =
            self.waiting.drain(..).partition(|(from, _)| *from == client);
        self.waiting = waiting;
        self.waiting.truncate(Self::MAX_WAITING);
        let early = [first].into_iter().chain(early.into_iter().map(|(_, bytes)| bytes)).collect();
        Ok(Connection { socket, early })
    }

    /// A socket at the same place, for this client alone.
    fn socket_for(&self, client: SocketAddr) -> io::Result<UdpSocket> {
        let family = match client {
            SocketAddr::V4(_) => AddressFamily::Inet,
            SocketAddr::V6(_) => AddressFamily::Inet6,
        };
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let own = socket(family, SockType::Datagram, flags, None)?;
        setsockopt(&own, sockopt::ReusePort, &true)?;
        let place: SockaddrStorage = self.socket.local_addr()?.into();
        bind(own.as_raw_fd(), &place)?;
        let own = UdpSocket::from(own);
        own.connect(client)?;
        Ok(own)
    }
}

impl AsFd for Listener {
    /// Can be read when datagrams have come, which may be known already: accept until that times out.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The next datagram, if one has come to a socket that does not block.
fn come(socket: &UdpSocket) -> io::Result<Datagram> {
    let mut bytes = vec![0; LONGEST];
    let (length, from) = socket.recv_from(&mut bytes)?;
    bytes.truncate(length);
    bytes.shrink_to_fit();
    Ok((from, bytes))
}

/// What has come, as much of it as is kept.
fn all_come(socket: &UdpSocket) -> Vec<Datagram> {
    core::iter::from_fn(|| come(socket).ok()).take(Listener::MAX_WAITING).collect()
}

/// One end of an exchange of datagrams.
#[derive(Debug)]
pub struct Connection {
    socket: UdpSocket,
    /// Came in before it was accepted.
    early: VecDeque<Vec<u8>>,
}

impl Connection {
    /// An exchange with who listens at `place`, or will. Nothing is sent yet, so nobody knows of it.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn to(place: impl ToSocketAddrs) -> io::Result<Self> {
        let mut failure = io::ErrorKind::AddrNotAvailable.into();
        for address in place.to_socket_addrs()? {
            let any: SocketAddr = match address {
                SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
                SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
            };
            let connected = UdpSocket::bind(any).and_then(|socket| {
                socket.connect(address)?;
                Ok(Self { socket, early: VecDeque::new() })
            });
            match connected {
                Ok(connection) => return Ok(connection),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}

impl Socket for Connection {
    fn read_within(&mut self, into: &mut [u8], timeout: Option<Duration>) -> io::Result<usize> {
        let Some(early) = self.early.pop_front() else {
            return self.socket.read_within(into, timeout);
        };
        let fits = early.len().min(into.len());
        into[..fits].copy_from_slice(&early[..fits]);
        whole(early.len(), into.len())
    }

    fn write_within(&mut self, bytes: &[u8], timeout: Option<Duration>) -> io::Result<usize> {
        self.socket.write_within(bytes, timeout)
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn keeps_boundaries(&self) -> bool {
        true
    }

    fn peer(&self) -> io::Result<Peer> {
        self.socket.peer()
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// Was there room for the whole datagram?
pub(super) fn whole(length: usize, room: usize) -> io::Result<usize> {
    if length <= room {
        return Ok(length);
    }
    let lost = format!("a datagram of {length} bytes, where there was room for {room}: it is lost");
    Err(io::Error::new(io::ErrorKind::InvalidData, lost))
}
