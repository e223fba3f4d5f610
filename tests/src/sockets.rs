//! Sockets of every kind, the kernel's and ours, to be held against each other.

use std::{
    fmt, fs, io,
    net::{TcpListener, TcpStream, UdpSocket},
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::net::{UnixListener, UnixStream},
    },
    path::Path,
    process::Command,
    thread,
    time::Duration,
};

use nix::sys::{
    socket::{
        MsgFlags, Shutdown, recv, send, setsockopt, shutdown,
        sockopt::{ReceiveTimeout, SendTimeout},
    },
    time::TimeVal,
};
use selvedge::socket::{self, Address, Peer, Socket};

/// A socket of the kernel, by its system calls alone.
#[derive(Debug)]
struct Kernels {
    socket: OwnedFd,
    datagrams: bool,
}

/// A timeout of the kernel's sockets, where none at all is said by zero.
fn timeval(timeout: Option<Duration>) -> TimeVal {
    let micros = timeout.map_or(0, |timeout| timeout.as_micros().max(1));
    TimeVal::new((micros / 1_000_000) as i64, (micros % 1_000_000) as i64)
}

impl Socket for Kernels {
    fn read_within(&mut self, into: &mut [u8], timeout: Option<Duration>) -> io::Result<usize> {
        setsockopt(&self.socket, ReceiveTimeout, &timeval(timeout))?;
        Ok(recv(self.socket.as_raw_fd(), into, MsgFlags::empty())?)
    }

    fn write_within(&mut self, bytes: &[u8], timeout: Option<Duration>) -> io::Result<usize> {
        setsockopt(&self.socket, SendTimeout, &timeval(timeout))?;
        Ok(send(self.socket.as_raw_fd(), bytes, MsgFlags::MSG_NOSIGNAL)?)
    }

    fn finish(&mut self) -> io::Result<()> {
        Ok(shutdown(self.socket.as_raw_fd(), Shutdown::Write)?)
    }

    fn keeps_boundaries(&self) -> bool {
        self.datagrams
    }

    fn peer(&self) -> io::Result<Peer> {
        unreachable!("nobody asks")
    }
}

/// One end of a connection of some kind.
pub type End = Box<dyn Socket>;

fn kernels(socket: impl Into<OwnedFd>, datagrams: bool) -> End {
    Box::new(Kernels { socket: socket.into(), datagrams })
}

/// Where connections of some kind are made.
#[derive(Clone, Debug)]
pub struct Kind {
    kernels: bool,
    address: Address,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.kernels, &self.address) {
            (true, Address::Local(_)) => "unix(7)",
            (true, Address::Tcp(_)) => "tcp(7)",
            (true, _) => "udp(7)",
            (false, Address::Local(_)) => "local://",
            (false, Address::Tcp(_)) => "tcp://",
            (false, _) => "udp://",
        })
    }
}

/// Somebody who listens.
#[derive(Debug)]
pub enum Listener {
    /// Ours.
    Ours(Box<socket::Listener>),
    /// The kernel's.
    Unix(UnixListener),
    /// The kernel's.
    Tcp(TcpListener),
    /// The kernel's, until it has a client.
    Udp(UdpSocket),
}

impl Listener {
    /// The next client's end, which has sent something if it sends datagrams.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn accept(&mut self) -> io::Result<End> {
        Ok(match self {
            Self::Ours(listener) => Box::new(listener.accept()?),
            Self::Unix(listener) => kernels(listener.accept()?.0, false),
            Self::Tcp(listener) => kernels(listener.accept()?.0, false),
            Self::Udp(socket) => {
                let (_, client) = socket.peek_from(&mut [0])?;
                socket.connect(client)?;
                kernels(socket.try_clone()?, true)
            }
        })
    }
}

impl Kind {
    /// One of each kind: local ones below `path`, where nothing is yet, the others on this machine.
    ///
    /// # Panics
    /// If `path` is none of a directory that can be made.
    #[must_use]
    pub fn all(path: &Path) -> [Self; 6] {
        fs::create_dir(path).expect("a new path");
        let place = || "127.0.0.1:0".to_owned();
        [
            (true, Address::Local(path.join("unix"))),
            (false, Address::Local(path.join("local"))),
            (true, Address::Tcp(place())),
            (false, Address::Tcp(place())),
            (true, Address::Udp(place())),
            (false, Address::Udp(place())),
        ]
        .map(|(kernels, address)| Self { kernels, address })
    }

    /// One of ours.
    #[must_use]
    pub fn ours(address: Address) -> Self {
        Self { kernels: false, address }
    }

    /// Where.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The path of a local one.
    ///
    /// # Panics
    /// If it is another.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.address {
            Address::Local(path) => path,
            other => panic!("{other} has no path"),
        }
    }

    /// Does it carry datagrams?
    #[must_use]
    pub fn is_datagrams(&self) -> bool {
        matches!(self.address, Address::Udp(_))
    }

    /// Is it of this machine, and a file?
    #[must_use]
    pub fn is_local(&self) -> bool {
        matches!(self.address, Address::Local(_))
    }

    /// Removes the file of a kernel's listener that has gone.
    ///
    /// # Panics
    /// If there is none.
    pub fn forget(&self) {
        if let (true, Address::Local(path)) = (self.kernels, &self.address) {
            fs::remove_file(path).expect("it left one");
        }
    }

    /// The program at `path`, which is told where to connect, or to listen, and what to do then.
    #[must_use]
    pub fn hand_to(&self, path: &str, deed: &str) -> Command {
        let mut command = Command::new(path);
        let owner = if self.kernels { "kernels" } else { "ours" };
        command.args([owner, &self.address.to_string(), deed]);
        command
    }

    /// The place that a child was [told](Self::hand_to) of.
    ///
    /// # Panics
    /// If it was told nonsense.
    #[must_use]
    pub fn handed(owner: &str, address: &str) -> Self {
        Self { kernels: owner == "kernels", address: address.parse().expect("an address") }
    }

    /// Listens; remembers the port that the kernel has chosen.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn listen(&mut self) -> io::Result<Listener> {
        if !self.kernels {
            let listener = socket::listen(&self.address)?;
            self.address = listener.address()?;
            return Ok(Listener::Ours(listener.into()));
        }
        Ok(match &mut self.address {
            Address::Local(path) => Listener::Unix(UnixListener::bind(path)?),
            Address::Tcp(place) => {
                let listener = TcpListener::bind(&*place)?;
                *place = listener.local_addr()?.to_string();
                Listener::Tcp(listener)
            }
            Address::Udp(place) => {
                let socket = UdpSocket::bind(&*place)?;
                *place = socket.local_addr()?.to_string();
                Listener::Udp(socket)
            }
            other => unreachable!("{other}"),
        })
    }

    /// Connects.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn connect(&self) -> io::Result<End> {
        if !self.kernels {
            return Ok(Box::new(socket::connect(&self.address)?));
        }
        Ok(match &self.address {
            Address::Local(path) => kernels(UnixStream::connect(path)?, false),
            Address::Tcp(place) => kernels(TcpStream::connect(place)?, false),
            Address::Udp(place) => {
                let socket = UdpSocket::bind("127.0.0.1:0")?;
                socket.connect(place)?;
                kernels(socket, true)
            }
            other => unreachable!("{other}"),
        })
    }

    /// Connects, and sends a first datagram if the other end is to hear of it.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn meet(&self) -> io::Result<End> {
        let mut end = self.connect()?;
        if self.is_datagrams() {
            end.write_within(GREETING, None)?;
        }
        Ok(end)
    }

    /// Accepts somebody who [meets](Self::meet) it.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn accept(&self, listener: &mut Listener) -> io::Result<End> {
        let mut end = listener.accept()?;
        if self.is_datagrams() {
            end.read_within(&mut [0; GREETING.len()], None)?;
        }
        Ok(end)
    }

    /// Both ends: the client's and the server's.
    ///
    /// # Panics
    /// If they are not to be had.
    #[must_use]
    pub fn ends(&mut self) -> [End; 2] {
        let mut listener = self.listen().expect("a listener");
        let kind = &*self;
        thread::scope(|scope| {
            let server = scope.spawn(move || kind.accept(&mut listener));
            let client = kind.meet().expect("somebody listens");
            [client, server.join().expect("no panic").expect("it connects")]
        })
    }
}

const GREETING: &[u8] = b"here";
