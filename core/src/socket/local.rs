//! Connections to processes of this machine, through shared memory.
//!
//! Two processes meet at a Unix socket, a file; the kernel says who they are. The server decides whether to let the
//! client in before anything is mapped; then it makes two anonymous [pipes](crate::pipe), one each way, and hands them
//! on. From then on nothing is sent over the socket: it is the *lifeline*, which the kernel hangs up if either process
//! ends.
//!
//! | who | does |
//! |-----|------|
//! | client | connects; sends a *hello*: magic number, version, the capacity that it wants |
//! | server | asks the kernel who that is; refuses, or makes two sealed memfds, and claims its ends |
//! | server | sends a *welcome*, with the two, or a [`Refusal`] |
//! | client | checks and maps them as any segment of an untrusted peer; claims its ends |
//!
//! Hello and welcome are one packet each (`SOCK_SEQPACKET`), so neither is ever there in part.
//!
//! # Limits
//! A client that connects and says nothing costs a descriptor, for a [second](ListenerConfig::patience) at most, and of
//! those there are [64](ListenerConfig::half_open) at most: of more the oldest goes. What it may ask for is in
//! [`ListenerConfig`], too. A listener does all that while it accepts, and only then.
//!
//! # Descriptors
//! A connection takes three in each process, and one more for each of its ends that is [polled](crate::poll). A server of
//! many raises its limit (`RLIMIT_NOFILE`).
//!
//! # Whom is trusted
//! See [`socket`](super). A client has no more to fear of a server than a server of a client. Whether it is the right
//! one its [`Credentials`] say; whoever may write to a directory may listen there.
//!
//! # If a process dies
//! See [`socket`](super). Of a process that was killed while a forked child of it lives that has not called `exec`,
//! the death is not known so long.

mod handshake;
mod listener;
mod place;

use core::{fmt, time::Duration};
use std::{
    io::{self, Read, Write},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::Path,
    sync::Arc,
};

use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};

pub use handshake::Refusal;
pub use listener::{Listener, ListenerConfig, Refused};

use super::{Peer, Socket};
use crate::{
    pipe::{PipeReader, PipeWriter},
    platform::{
        Owner,
        native::{Lifeline, NativeCtx},
    },
    protocol::spsc::{ClaimError, Consumer, Producer},
    segment::{Shared, SpscRing},
};

/// A process, as the kernel told when it connected, or listened. By now it may have ended, or changed its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// Its number, in this process's namespace; 0 if it has none there.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
}

impl Credentials {
    fn of_peer(socket: impl AsFd) -> io::Result<Self> {
        let peer = getsockopt(&socket, PeerCredentials)?;
        Ok(Self { pid: peer.pid(), uid: peer.uid(), gid: peer.gid() })
    }
}

impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} of user {}", self.pid, self.uid)
    }
}

/// The number of a client's ends, in both pipes.
pub const CLIENT: Owner = Owner(0);

/// The number of a server's ends, in both pipes.
pub const SERVER: Owner = Owner(1);

/// What `/proc` shows the memfds of a connection as, before the number of the process that listened and that of the
/// connection.
const LABEL: &str = "selvedge.connection.";

/// The process that listened, if `/proc` shows a memfd of a connection under this name: for tools. Anything can have it.
#[must_use]
pub fn server_of(memfd: &str) -> Option<u32> {
    memfd.strip_prefix(LABEL)?.split('.').next()?.parse().ok()
}

type Ring = SpscRing<u8>;

/// One end of a connection through shared memory. Dropping it ends it, as [`finish`](Socket::finish) does one way;
/// but not while the thread panics: then it is, to the peer, as if the process had died.
#[derive(Debug)]
pub struct Connection {
    reader: PipeReader,
    /// Unless it is finished.
    writer: Option<PipeWriter>,
    line: Arc<Lifeline>,
    peer: Credentials,
}

impl Connection {
    /// A connection to who listens at the socket `path`, waiting for at most `timeout`, or as long as it takes, to be
    /// let in.
    ///
    /// # Errors
    /// As [`connect_within`](super::connect_within).
    pub fn to(path: impl AsRef<Path>, timeout: Option<Duration>) -> io::Result<Self> {
        handshake::connect(path.as_ref(), 0, timeout)
    }

    /// [`to`](Self::to), where each way has this capacity in bytes, a power of two, instead of the server's.
    ///
    /// # Errors
    /// Likewise; [`Refusal::Capacity`] if the server does not grant it.
    pub fn with_capacity(
        path: impl AsRef<Path>,
        capacity: u32,
        timeout: Option<Duration>,
    ) -> io::Result<Self> {
        handshake::connect(path.as_ref(), capacity, timeout)
    }

    /// The connection of an `owner` with `peer`, of whom `socket` tells when it ends.
    fn over(
        socket: OwnedFd,
        [owner, peer]: [Owner; 2],
        [to, from]: [Shared<Ring>; 2],
    ) -> Result<Self, JoinError> {
        let credentials = Credentials::of_peer(&socket)?;
        let rings = [to.clone(), from.clone()];
        let line = Lifeline::to(peer, socket, move || leave(peer, &rings))?;
        let ctx = NativeCtx::with_lifeline(line.clone());
        let writer = PipeWriter::over(Producer::claim(to, ctx.clone(), owner)?);
        let reader = PipeReader::over(Consumer::claim(from, ctx, owner)?);
        Ok(Self { reader, writer: Some(writer), line, peer: credentials })
    }

    /// Who is at the other end.
    pub fn credentials(&self) -> Credentials {
        self.peer
    }

    /// Has the peer ended the connection, or died? What it had written can be read still.
    pub fn has_hung_up(&self) -> bool {
        self.line.has_hung_up()
    }

    /// The end that reads, and the one that writes unless it is [finished](Socket::finish): for two threads, or to be
    /// [polled](crate::poll). The connection ends with the last of them.
    pub fn split(self) -> (PipeReader, Option<PipeWriter>) {
        (self.reader, self.writer)
    }
}

/// Leaves the ends of a peer that has hung up: what it has written is read to its end, and nobody writes to it any more.
/// Before it did that, it may have written anything into their words, and nobody who waits is to wait on.
fn leave(peer: Owner, [to, from]: &[Shared<Ring>; 2]) {
    let nobody = NativeCtx::default();
    // A vacant end would be waited for.
    let _ = Producer::claim(from.clone(), nobody.clone(), peer);
    from.sweep(&nobody, peer);
    to.sweep(&nobody, peer);
    if let Ok(reader) = Consumer::claim(to.clone(), nobody.clone(), peer) {
        reader.close();
    }
    from.filled().notify(&nobody, u32::MAX);
    to.freed().notify(&nobody, u32::MAX);
}

/// Why an end of a connection could not be had.
#[derive(Debug, thiserror::Error)]
enum JoinError {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The peer has given away what is ours.
    #[error(transparent)]
    Claim(#[from] ClaimError),
}

impl Socket for Connection {
    fn read_within(&mut self, into: &mut [u8], timeout: Option<Duration>) -> io::Result<usize> {
        match timeout {
            Some(timeout) => self.reader.read_timeout(into, timeout),
            None => self.reader.read(into),
        }
    }

    fn write_within(&mut self, bytes: &[u8], timeout: Option<Duration>) -> io::Result<usize> {
        match (&mut self.writer, timeout) {
            (None, _) => Err(io::ErrorKind::BrokenPipe.into()),
            (Some(writer), Some(timeout)) => writer.write_timeout(bytes, timeout),
            (Some(writer), None) => writer.write(bytes),
        }
    }

    fn finish(&mut self) -> io::Result<()> {
        self.writer = None;
        Ok(())
    }

    fn keeps_boundaries(&self) -> bool {
        false
    }

    fn peer(&self) -> io::Result<Peer> {
        Ok(Peer::Process(self.peer))
    }
}

impl AsFd for Connection {
    /// The lifeline: it hangs up (`POLLHUP`) when the peer has ended the connection.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.line.as_fd()
    }
}
