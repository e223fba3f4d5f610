//! Sockets: connections of two processes, both of which read and write, on one machine or over a network.
//!
//! A server [listens](listen) at an [`Address`], and [accepts](Listener::accept) a [`Connection`] from each client that
//! [connects](connect) to it.
//!
//! | address | a connection is | bytes go |
//! |---------|-----------------|----------|
//! | `local://PATH` | a byte stream each way, with a peer of this machine whose process and user are known ([`local`]) | through shared memory |
//! | `tcp://HOST:PORT` | a byte stream each way | through the kernel |
//! | `udp://HOST:PORT` | datagrams, which may be lost, doubled and overtake one another ([`udp`]) | through the kernel |
//!
//! What is the same for all of them is the trait [`Socket`]; messages on top of a stream are [`Framed`](frame::Framed).
//!
//! # Against the kernel's
//!
//! | | `unix(7)` | here, `local://` |
//! |-|-----------|------------------|
//! | a program in C; `splice(2)`; descriptors in a message (`SCM_RIGHTS`) | yes | **no** |
//! | one descriptor, for `read` and `write` | yes | **no**: `Read` and `Write`, and handles that can be [polled](crate::poll) |
//! | who is let in | whoever may write to the socket's file | the same, and whose user is on a list; before anything is mapped |
//! | the peer's process and user | `SO_PEERCRED` | the same |
//! | capacity | `SO_SNDBUF`, about 200 KiB | the server's choice, and the client's within its limit |
//! | one way ends | `shutdown(2)` | [`finish`](Socket::finish) |
//! | the peer closes | end of file, once all is read | the same |
//! | the peer is killed | end of file, or `ECONNRESET` if it had not read all | end of file, and [`ended`](crate::pipe::PipeReader::ended) says which |
//! | a write to one who is gone | `EPIPE`, and `SIGPIPE`; `ECONNRESET` if it was killed meanwhile | `BrokenPipe` |
//! | a timeout is over | `EAGAIN` | `TimedOut` |
//! | a signal is handled meanwhile | `EINTR` | the call goes on |
//! | the server has gone | its file stays, and `bind` fails | nothing stays |
//! | the server was killed | likewise | its file stays; the next server takes its place |
//! | system calls | one for each read and write | none, unless somebody waits |
//! | while many connections wait | nothing | a look ten times a second at those that are polled |
//!
//! TCP and UDP are the kernel's own, as they are, but for timeouts and signals. What fits of a datagram that does not is
//! not read, but an error; and there is no end of datagrams, so [`finish`](Socket::finish) does not keep them from
//! being sent.
//!
//! # Whom is trusted
//! Nobody. A local peer may write anything to the memory at any time: it can send garbage, and stall or end its own
//! connection. It cannot reach another, nor make this process fault (see [`sealed`](crate::segment::sealed)). What a
//! peer can ask for has limits: [`local::ListenerConfig`] for connections, [`Framed::with_limit`](frame::Framed::with_limit)
//! for a message. Time has none but the timeouts of the calls.
//!
//! # If a process dies
//! The kernel hangs up for it, and whoever reads takes what it had written, then finds the end: at once, also when it
//! sleeps. On a network, that is so if the peer's kernel is alive and reachable; otherwise only a timeout tells.
//!
//! # After a restart
//! A connection does not outlive either of its processes: connect again. A server that was killed leaves its socket's
//! file behind, where the next one listens.
//!
//! # Examples
//! ```
//! use std::{
//!     io::{Read, Write},
//!     thread,
//! };
//!
//! use selvedge::socket::{self, Address, Socket};
//!
//! # let directory = std::env::temp_dir().join(format!("selvedge.doc.{}", std::process::id()));
//! # std::fs::create_dir_all(&directory)?;
//! # let address = format!("local://{}/echo", directory.display());
//! let address: Address = address.parse()?; // Or "tcp://localhost:7777".
//! let mut listener = socket::listen(&address)?;
//!
//! // Usually in another process.
//! let client = thread::spawn(move || -> std::io::Result<String> {
//!     let mut connection = socket::connect(&address)?;
//!     connection.write_all(b"anybody there?")?;
//!     connection.finish()?;
//!     let mut answer = String::new();
//!     connection.read_to_string(&mut answer)?;
//!     Ok(answer)
//! });
//!
//! let mut connection = listener.accept()?;
//! let mut question = Vec::new();
//! connection.read_to_end(&mut question)?;
//! connection.write_all(&question)?;
//! drop(connection);
//! assert_eq!(client.join().unwrap()?, "anybody there?");
//! # std::fs::remove_dir_all(directory)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod descriptor;
pub mod frame;
pub mod local;
pub mod udp;

use core::{fmt, time::Duration};
use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket},
    os::fd::{AsFd, BorrowedFd},
    time::Instant,
};

use nix::{
    poll::PollFlags,
    sys::socket::{Backlog, MsgFlags},
};

use crate::platform::native::ready::{self, if_ready};
pub use address::{Address, AddressError};
use descriptor::{receive, transmit};

/// Who is at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Peer {
    /// A process of this machine.
    Process(local::Credentials),
    /// Somebody on a network.
    Network(SocketAddr),
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(process) => process.fmt(f),
            Self::Network(address) => address.fmt(f),
        }
    }
}

/// One end of a connection. Each call waits for at most its timeout, or as long as it takes.
pub trait Socket: fmt::Debug + Send {
    /// Reads as much as is there and fits: of a stream at least 1 byte, or 0 at its end; or one datagram. Waits
    /// for that.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut), and nothing was read; [`InvalidData`](io::ErrorKind::InvalidData) if the
    /// memory is corrupt, or a datagram was longer than `into`, and is lost; what the network says.
    fn read_within(&mut self, into: &mut [u8], timeout: Option<Duration>) -> io::Result<usize>;

    /// Writes as much as there is room for: of a stream at least 1 byte, unless `bytes` is empty; or one datagram, as
    /// a whole. Waits for room.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut), and nothing was written; [`BrokenPipe`](io::ErrorKind::BrokenPipe) or
    /// [`ConnectionReset`](io::ErrorKind::ConnectionReset) if nobody will read it; what the network says.
    fn write_within(&mut self, bytes: &[u8], timeout: Option<Duration>) -> io::Result<usize>;

    /// Says that nothing more will be written: the peer reads what was, and then finds the end. Of datagrams there is
    /// none, and this does nothing.
    ///
    /// # Errors
    /// What the network says.
    fn finish(&mut self) -> io::Result<()>;

    /// Does each read yield what one write wrote?
    fn keeps_boundaries(&self) -> bool;

    /// Who is at the other end.
    ///
    /// # Errors
    /// What the network says.
    fn peer(&self) -> io::Result<Peer>;
}

impl Socket for TcpStream {
    fn read_within(&mut self, into: &mut [u8], timeout: Option<Duration>) -> io::Result<usize> {
        receive(self, into, timeout, MsgFlags::empty())
    }

    fn write_within(&mut self, bytes: &[u8], timeout: Option<Duration>) -> io::Result<usize> {
        transmit(self, bytes, timeout)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }

    fn keeps_boundaries(&self) -> bool {
        false
    }

    fn peer(&self) -> io::Result<Peer> {
        self.peer_addr().map(Peer::Network)
    }
}

/// One that is connected to its peer.
impl Socket for UdpSocket {
    fn read_within(&mut self, into: &mut [u8], timeout: Option<Duration>) -> io::Result<usize> {
        let size = into.len();
        udp::whole(receive(self, into, timeout, MsgFlags::MSG_TRUNC)?, size)
    }

    fn write_within(&mut self, bytes: &[u8], timeout: Option<Duration>) -> io::Result<usize> {
        transmit(self, bytes, timeout)
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn keeps_boundaries(&self) -> bool {
        true
    }

    fn peer(&self) -> io::Result<Peer> {
        self.peer_addr().map(Peer::Network)
    }
}

/// One end of a connection of any kind.
#[derive(Debug)]
#[non_exhaustive]
pub enum Connection {
    /// `local://`
    Local(local::Connection),
    /// `tcp://`
    Tcp(TcpStream),
    /// `udp://`
    Udp(udp::Connection),
}

impl Connection {
    fn socket(&self) -> &dyn Socket {
        match self {
            Self::Local(connection) => connection,
            Self::Tcp(stream) => stream,
            Self::Udp(connection) => connection,
        }
    }

    fn socket_mut(&mut self) -> &mut dyn Socket {
        match self {
            Self::Local(connection) => connection,
            Self::Tcp(stream) => stream,
            Self::Udp(connection) => connection,
        }
    }
}

impl Socket for Connection {
    fn read_within(&mut self, into: &mut [u8], timeout: Option<Duration>) -> io::Result<usize> {
        self.socket_mut().read_within(into, timeout)
    }

    fn write_within(&mut self, bytes: &[u8], timeout: Option<Duration>) -> io::Result<usize> {
        self.socket_mut().write_within(bytes, timeout)
    }

    fn finish(&mut self) -> io::Result<()> {
        self.socket_mut().finish()
    }

    fn keeps_boundaries(&self) -> bool {
        self.socket().keeps_boundaries()
    }

    fn peer(&self) -> io::Result<Peer> {
        self.socket().peer()
    }
}

macro_rules! stream {
    ($($end:ty)*) => {$(
        impl Read for $end {
            /// [`Socket::read_within`], as long as it takes.
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                self.read_within(into, None)
            }
        }

        impl Write for $end {
            /// [`Socket::write_within`], as long as it takes.
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.write_within(bytes, None)
            }

            /// Whatever was written is on its way.
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
    )*};
}
stream!(Connection local::Connection);

/// Where clients connect. Its descriptor can be read when there is somebody to be accepted, or looked at.
#[derive(Debug)]
#[non_exhaustive]
#[allow(clippy::large_enum_variant, reason = "a process has few of them")]
pub enum Listener {
    /// `local://`
    Local(local::Listener),
    /// `tcp://`
    Tcp(TcpListener),
    /// `udp://`
    Udp(udp::Listener),
}

/// Listens at `address`: on `local://` for this user's processes, within the default limits of a [`ListenerConfig`](local::ListenerConfig).
///
/// # Errors
/// [`AddrInUse`](io::ErrorKind::AddrInUse) if somebody listens there who lives; what the kernel says, and where.
pub fn listen(address: &Address) -> io::Result<Listener> {
    match address {
        Address::Local(path) => Ok(Listener::Local(local::Listener::at(path)?)),
        Address::Tcp(place) => listen_tcp(place).map(Listener::Tcp).map_err(at(address)),
        Address::Udp(place) => udp::Listener::bind(place).map(Listener::Udp).map_err(at(address)),
    }
}

impl Listener {
    /// The next client, waiting for one as long as it takes.
    ///
    /// # Errors
    /// What the kernel says, such as that no descriptor is free: the client waits meanwhile.
    pub fn accept(&mut self) -> io::Result<Connection> {
        self.accept_within(None)
    }

    /// [`accept`](Self::accept), for at most `timeout`.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) if none came.
    pub fn accept_within(&mut self, timeout: Option<Duration>) -> io::Result<Connection> {
        match self {
            Self::Local(listener) => listener.accept_within(timeout).map(Connection::Local),
            Self::Tcp(listener) => accept_tcp(listener, timeout).map(Connection::Tcp),
            Self::Udp(listener) => listener.accept_within(timeout).map(Connection::Udp),
        }
    }

    /// Where it listens, with the port that the kernel chose if none was asked for.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn address(&self) -> io::Result<Address> {
        Ok(match self {
            Self::Local(listener) => Address::Local(listener.path().to_owned()),
            Self::Tcp(listener) => Address::Tcp(listener.local_addr()?.to_string()),
            Self::Udp(listener) => Address::Udp(listener.local_addr()?.to_string()),
        })
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Local(listener) => listener.as_fd(),
            Self::Tcp(listener) => listener.as_fd(),
            Self::Udp(listener) => listener.as_fd(),
        }
    }
}

fn listen_tcp(place: &str) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(place)?;
    // As many may wait to be accepted as the kernel lets wait, not 128.
    nix::sys::socket::listen(&listener, Backlog::MAXCONN)?;
    Ok(listener)
}

fn accept_tcp(listener: &TcpListener, timeout: Option<Duration>) -> io::Result<TcpStream> {
    // Between the look and the call a client may go again, and `accept` would wait for another.
    listener.set_nonblocking(true)?;
    ready::until(listener, PollFlags::POLLIN, timeout, || {
        if_ready(listener.accept().map(|(stream, _)| stream))
    })
}

/// Connects to who listens at `address`.
///
/// # Errors
/// As [`connect_within`], but for `TimedOut`.
pub fn connect(address: &Address) -> io::Result<Connection> {
    connect_within(address, None)
}

/// [`connect`], for at most `timeout`, from when `address` is resolved.
///
/// # Errors
/// [`TimedOut`](io::ErrorKind::TimedOut); [`NotFound`](io::ErrorKind::NotFound) or
/// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if nobody listens there;
/// [`PermissionDenied`](io::ErrorKind::PermissionDenied) if this user is not let in; what the kernel says. A local
/// server's reason to refuse is inside: a [`local::Refusal`].
pub fn connect_within(address: &Address, timeout: Option<Duration>) -> io::Result<Connection> {
    match address {
        Address::Local(path) => Ok(Connection::Local(local::Connection::to(path, timeout)?)),
        Address::Tcp(place) => {
            connect_tcp(place, timeout).map(Connection::Tcp).map_err(at(address))
        }
        Address::Udp(place) => udp::Connection::to(place).map(Connection::Udp).map_err(at(address)),
    }
}

/// Says where an error was.
fn at(address: &Address) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{address}: {error}"))
}

fn connect_tcp(place: &str, timeout: Option<Duration>) -> io::Result<TcpStream> {
    let Some(until) = ready::deadline(timeout) else { return TcpStream::connect(place) };
    let mut failure = io::ErrorKind::AddrNotAvailable.into();
    for address in place.to_socket_addrs()? {
        // None at all is no timeout that the standard library takes.
        let left = until.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}
