//! How the two ends of a connection meet: a hello and a welcome, of one packet each.

use core::{fmt, time::Duration};
use std::{
    io::{self, IoSlice, IoSliceMut},
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd},
    path::Path,
    thread,
    time::Instant,
};

use nix::{
    cmsg_space,
    errno::Errno,
    poll::PollFlags,
    sys::socket::{
        AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, UnixAddr,
        connect as connect_socket, recvmsg, send, sendmsg, socket,
    },
};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::{CLIENT, Connection, JoinError, Ring, SERVER};
use crate::{
    platform::native::{
        ready::{self, deadline, if_ready, left},
        stop::is_cancelled,
    },
    segment::sealed,
};

/// What both packets begin with.
const MAGIC: u64 = u64::from_le_bytes(*b"SELVLINE");

/// Of the handshake; the segments have one of their own.
const VERSION: u32 = 1;

/// What a client says.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(super) struct Hello {
    magic: u64,
    version: u32,
    /// Bytes that each way holds; 0 for what the server likes.
    pub(super) capacity: u32,
}

impl Hello {
    /// What a client has said.
    ///
    /// # Errors
    /// Why it is refused.
    pub(super) fn from(packet: &[u8]) -> Result<Self, Refusal> {
        let hello = Self::read_from_bytes(packet).map_err(|_| Refusal::Malformed)?;
        match hello {
            Self { magic, .. } if magic != MAGIC => Err(Refusal::Malformed),
            Self { version, .. } if version != VERSION => Err(Refusal::Version(VERSION)),
            hello => Ok(hello),
        }
    }
}

/// What a server answers.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Welcome {
    magic: u64,
    version: u32,
    /// 0, or why not.
    refusal: u32,
}

/// Why a server did not let a client in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The client's user is not on the server's list.
    #[error("the server does not let this user in")]
    NotAllowed,
    /// Server or client is older, and speaks another version.
    #[error("the server speaks version {0}, this program {VERSION}: rebuild the older")]
    Version(u32),
    /// More than the server grants, or not a power of two.
    #[error("the server does not grant this capacity")]
    Capacity,
    /// The server has as many connections as it may, or no memory or descriptor for one more.
    #[error("the server has no room for one more connection: try again later")]
    Busy,
    /// What the client said made no sense to the server.
    #[error("the server did not understand: is it one of this library?")]
    Malformed,
}

impl Refusal {
    /// Why a server refused, if that is why it was not connected to.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<Self> {
        let at: &At = error.get_ref()?.downcast_ref()?;
        at.source.get_ref()?.downcast_ref().copied()
    }

    fn code(self) -> u32 {
        match self {
            Self::NotAllowed => 1,
            Self::Version(_) => 2,
            Self::Capacity => 3,
            Self::Busy => 4,
            Self::Malformed => 5,
        }
    }

    fn kind(self) -> io::ErrorKind {
        match self {
            Self::NotAllowed => io::ErrorKind::PermissionDenied,
            Self::Version(_) | Self::Malformed => io::ErrorKind::Unsupported,
            Self::Capacity => io::ErrorKind::InvalidInput,
            Self::Busy => io::ErrorKind::ConnectionRefused,
        }
    }
}

impl Welcome {
    fn answer(refusal: Option<Refusal>) -> Self {
        Self { magic: MAGIC, version: VERSION, refusal: refusal.map_or(0, Refusal::code) }
    }

    /// Says whether the client is let in.
    fn read(self) -> io::Result<()> {
        let refusal = match self {
            Self { magic, .. } if magic != MAGIC => return Err(not_ours()),
            Self { refusal: 0, version: VERSION, .. } => return Ok(()),
            Self { refusal: 1, .. } => Refusal::NotAllowed,
            Self { refusal: 3, .. } => Refusal::Capacity,
            Self { refusal: 4, .. } => Refusal::Busy,
            Self { refusal: 5, .. } => Refusal::Malformed,
            Self { version: VERSION, .. } => return Err(not_ours()),
            Self { version, .. } => Refusal::Version(version),
        };
        Err(io::Error::new(refusal.kind(), refusal))
    }
}

fn not_ours() -> io::Error {
    invalid("its answer is not that of a server of this library")
}

fn invalid(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Refuses a client, who may be gone.
pub(super) fn refuse(socket: impl AsFd, refusal: Refusal) {
    let answer = Welcome::answer(Some(refusal));
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    let _ = send(socket.as_fd().as_raw_fd(), answer.as_bytes(), flags);
}

/// Lets a client in, handing it the pipes to the server and from it.
pub(super) fn welcome(socket: impl AsFd, pipes: [BorrowedFd<'_>; 2]) -> io::Result<()> {
    let answer = Welcome::answer(None);
    let numbers = pipes.map(|pipe| pipe.as_raw_fd());
    let (packet, rights) =
        ([IoSlice::new(answer.as_bytes())], [ControlMessage::ScmRights(&numbers)]);
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    sendmsg::<()>(socket.as_fd().as_raw_fd(), &packet, &rights, flags, None)?;
    Ok(())
}

/// A Unix socket of packets.
pub(super) fn packets() -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    Ok(socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)?)
}

/// Connects to the server at `path`, and says hello. A `capacity` of 0 is the server's.
pub(super) fn connect(
    path: &Path,
    capacity: u32,
    timeout: Option<Duration>,
) -> io::Result<Connection> {
    let connected = meet(path, capacity, deadline(timeout));
    connected.map_err(|error| At::wrap(path, error))
}

fn meet(path: &Path, capacity: u32, until: Option<Instant>) -> io::Result<Connection> {
    const PAUSE: Duration = Duration::from_millis(1);
    let (socket, address) = (packets()?, UnixAddr::new(path)?);
    loop {
        match connect_socket(socket.as_raw_fd(), &address) {
            Ok(()) => break,
            Err(Errno::EINTR) => {}
            // So many wait to be accepted that there is no room for more; nothing tells when there is.
            Err(Errno::EAGAIN)
                if until.is_none_or(|until| Instant::now() < until) && !is_cancelled() =>
            {
                thread::sleep(PAUSE);
            }
            Err(Errno::EAGAIN) => return Err(io::ErrorKind::TimedOut.into()),
            Err(errno) => return Err(errno.into()),
        }
    }
    let hello = Hello { magic: MAGIC, version: VERSION, capacity };
    // A server that refuses on sight may have hung up already; its answer is there all the same.
    let _ = send(socket.as_raw_fd(), hello.as_bytes(), MsgFlags::MSG_NOSIGNAL);
    // A server that hangs up on what it has not read resets the connection; what it said before is there still.
    let hear = || match answer(socket.as_fd()) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => answer(socket.as_fd()),
        heard => heard,
    };
    let (welcome, pipes) =
        ready::until(&socket, PollFlags::POLLIN, left(until), || if_ready(hear()))?;
    welcome.read()?;
    let pipes: [OwnedFd; 2] = pipes.try_into().map_err(|_| not_ours())?;
    let [to, from] = pipes.map(sealed::attach::<Ring>);
    let pipes = [to.map_err(invalid)?, from.map_err(invalid)?];
    Connection::over(socket, [CLIENT, SERVER], pipes).map_err(|error| match error {
        JoinError::Io(error) => error,
        JoinError::Claim(error) => invalid(error),
    })
}

/// The server's answer, and the descriptors that came with it.
fn answer(socket: BorrowedFd<'_>) -> io::Result<(Welcome, Vec<OwnedFd>)> {
    // One byte more, so that a longer packet is not taken for a whole one.
    let mut packet = [0; size_of::<Welcome>() + 1];
    // For as many as a packet can bring: what had no room would be lost, but not closed.
    let mut space = cmsg_space!([i32; 253]);
    let flags = MsgFlags::MSG_CMSG_CLOEXEC | MsgFlags::MSG_DONTWAIT;
    let mut slices = [IoSliceMut::new(&mut packet)];
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut slices, Some(&mut space), flags)?;
    let mut descriptors = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = control {
            // SAFETY: the kernel has just made them for this process, and nobody else knows of them.
            let owned = numbers.into_iter().map(|number| unsafe { OwnedFd::from_raw_fd(number) });
            descriptors.extend(owned);
        }
    }
    let length = message.bytes;
    if length == 0 {
        let kind = io::ErrorKind::ConnectionRefused;
        return Err(io::Error::new(kind, "the server hung up before it answered: try again"));
    }
    let welcome = Welcome::read_from_bytes(&packet[..length]).map_err(|_| not_ours())?;
    Ok((welcome, descriptors))
}

/// An error, and the path of the socket.
#[derive(Debug)]
pub(super) struct At {
    path: String,
    source: io::Error,
}

impl At {
    pub(super) fn wrap(path: &Path, source: io::Error) -> io::Error {
        io::Error::new(source.kind(), Self { path: path.display().to_string(), source })
    }
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.source)
    }
}

impl std::error::Error for At {}
