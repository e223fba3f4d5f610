//! The server's side: who is let in, and what they may ask for.

use core::time::Duration;
use std::{
    collections::VecDeque,
    ffi::CString,
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
    path::Path,
    process,
    sync::{Arc, Weak},
    time::Instant,
};

use nix::{
    errno::Errno,
    poll::PollFlags,
    sys::{
        epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout},
        socket::{MsgFlags, SockFlag, accept4, recv},
    },
    unistd::geteuid,
};

use super::{
    CLIENT, Connection, Credentials, LABEL, Ring, SERVER,
    handshake::{At, Hello, Refusal, refuse, welcome},
    place::Place,
};
use crate::{
    pipe::Pipe,
    platform::native::{
        Lifeline, NativeCtx,
        ready::{deadline, is_ready},
        stop::is_cancelled,
    },
    protocol::spsc::{Consumer, Producer},
    segment::{RingConfig, sealed},
};

/// Whom a listener lets in, and what they may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct ListenerConfig {
    mode: u32,
    users: Vec<u32>,
    capacity: u32,
    most_capacity: u32,
    connections: usize,
    half_open: usize,
    patience: Duration,
}

impl Default for ListenerConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl ListenerConfig {
    /// This user's processes alone; each way of a connection holds 64 KiB, or up to 1 MiB if the client asks for it.
    pub fn new() -> Self {
        Self {
            mode: 0o600,
            users: vec![geteuid().as_raw()],
            capacity: Pipe::CAPACITY as u32,
            most_capacity: 1 << 20,
            connections: 1024,
            half_open: 64,
            patience: Duration::from_secs(1),
        }
    }

    /// The mode of the socket's file, whatever the umask is: whoever may write to it may connect, and is then looked
    /// up in the list of [`users`](Self::users). It is 0600 unless this says otherwise, and 0666 at most.
    pub fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
    }

    /// The users that are let in, instead of this process's own. Root is none of them unless it is listed.
    pub fn users(self, users: impl IntoIterator<Item = u32>) -> Self {
        Self { users: users.into_iter().collect(), ..self }
    }

    /// The bytes that each way of a connection holds, and the most that a client is granted if it asks: powers of two.
    pub fn capacity(self, capacity: u32, most: u32) -> Self {
        Self { capacity, most_capacity: most, ..self }
    }

    /// The most connections at a time: further clients are told to try again later.
    pub fn connections(self, most: usize) -> Self {
        Self { connections: most, ..self }
    }

    /// The most clients at a time that have connected and said nothing yet: of more, the first has to go.
    pub fn half_open(self, most: usize) -> Self {
        Self { half_open: most, ..self }
    }

    /// How long a client may say nothing.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }
}

/// How many clients were not let in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refused {
    /// Their user is not on the list.
    pub not_allowed: u64,
    /// What they said made no sense, or was not to be granted.
    pub malformed: u64,
    /// They said nothing for too long, or were too many who did, or went away.
    pub silent: u64,
    /// There was no room for one more connection.
    pub busy: u64,
}

/// A client that has said nothing yet.
#[derive(Debug)]
struct HalfOpen {
    socket: OwnedFd,
    key: u64,
    until: Instant,
}

/// A Unix socket where clients connect.
///
/// Beside its file, `PATH`, there is another, `PATH.lock`, by whose lock one listener knows that there is no other.
/// Dropping it removes both; connections stay.
#[derive(Debug)]
pub struct Listener {
    place: Place,
    config: ListenerConfig,
    socket: OwnedFd,
    /// Waits for `socket`, and for clients that have said nothing yet.
    epoll: Epoll,
    half_open: VecDeque<HalfOpen>,
    /// How many keys of `epoll` were given out.
    keys: u64,
    lines: Vec<Weak<Lifeline>>,
    /// How many clients were let in.
    let_in: u64,
    refused: Refused,
}

/// The key of the listening socket.
const LISTENING: u64 = 0;

/// How many clients are looked at, at most, before the time is.
const BATCH: usize = 64;

impl Listener {
    /// Listens at `path`, within the limits of [`ListenerConfig::new`].
    ///
    /// # Errors
    /// [`AddrInUse`](io::ErrorKind::AddrInUse) if somebody listens there, or the path is another file's; what the kernel
    /// says.
    pub fn at(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::with(path, ListenerConfig::new())
    }

    /// Listens at `path`, in place of a listener that was killed.
    ///
    /// # Errors
    /// As [`at`](Self::at); [`InvalidInput`](io::ErrorKind::InvalidInput) if a capacity is not a power of two, or the mode
    /// says more than who may read and write.
    ///
    /// # If a process dies
    /// Both files stay, and the next listener takes them over.
    pub fn with(path: impl AsRef<Path>, config: ListenerConfig) -> io::Result<Self> {
        let path = path.as_ref();
        Self::new(path, config).map_err(|error| At::wrap(path, error))
    }

    fn new(path: &Path, config: ListenerConfig) -> io::Result<Self> {
        if !config.capacity.is_power_of_two() || config.most_capacity < config.capacity {
            return Err(invalid(
                "a connection's capacity is a power of two, and no more than what is granted",
            ));
        }
        if config.mode & !0o666 != 0 {
            return Err(invalid("a mode says who may read and write, and nothing else"));
        }
        let (place, socket) = Place::listen(path, config.mode)?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, LISTENING))?;
        Ok(Self {
            place,
            config,
            socket,
            epoll,
            half_open: VecDeque::new(),
            keys: 0,
            lines: Vec::new(),
            let_in: 0,
            refused: Refused::default(),
        })
    }

    /// Where it listens.
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// How many clients were not let in so far.
    pub fn refused(&self) -> Refused {
        self.refused
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.lines.iter().filter(|line| line.strong_count() > 0).count()
    }

    /// The next client that is let in, waiting for at most `timeout`, or as long as it takes. Others are refused
    /// meanwhile, and hold up nobody.
    ///
    /// # Errors
    /// [`TimedOut`](io::ErrorKind::TimedOut) if none came; what the kernel says.
    pub fn accept_within(&mut self, timeout: Option<Duration>) -> io::Result<Connection> {
        let until = deadline(timeout);
        loop {
            self.drop_late();
            if let Some(connection) = self.look()? {
                return Ok(connection);
            }
            if until.is_some_and(|until| until <= Instant::now()) || is_cancelled() {
                return Err(io::ErrorKind::TimedOut.into());
            }
            let late = self.half_open.front().map(|first| first.until);
            is_ready(&self.epoll.0, PollFlags::POLLIN, [until, late].into_iter().flatten().min())?;
        }
    }

    /// Looks at who has come, and at what has come from whom; the first that is let in ends that.
    fn look(&mut self) -> io::Result<Option<Connection>> {
        let mut events = [EpollEvent::empty(); BATCH];
        let count = match self.epoll.wait(&mut events, EpollTimeout::ZERO) {
            Err(Errno::EINTR) => 0,
            count => count?,
        };
        for event in &events[..count] {
            let connection = match event.data() {
                LISTENING => self.take_in()?,
                key => {
                    let at = self.half_open.iter().position(|client| client.key == key);
                    match at.and_then(|at| self.half_open.remove(at)) {
                        Some(client) => {
                            // From here on, what it does is nothing to wake a listener for.
                            self.epoll.delete(&client.socket)?;
                            self.hear(client.socket)?
                        }
                        None => None,
                    }
                }
            };
            if connection.is_some() {
                return Ok(connection);
            }
        }
        Ok(None)
    }

    /// Takes in some of those who have come.
    fn take_in(&mut self) -> io::Result<Option<Connection>> {
        for _ in 0..BATCH {
            let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
            let number = match accept4(self.socket.as_raw_fd(), flags) {
                Ok(number) => number,
                Err(Errno::EAGAIN) => break,
                Err(Errno::EINTR | Errno::ECONNABORTED) => continue,
                Err(errno) => return Err(errno.into()),
            };
            // SAFETY: the kernel has just made it for this process, and nobody else knows of it.
            let client = unsafe { OwnedFd::from_raw_fd(number) };
            if !self.config.users.contains(&Credentials::of_peer(&client)?.uid) {
                self.refused.not_allowed += 1;
                refuse(&client, Refusal::NotAllowed);
                continue;
            }
            if let Some(connection) = self.hear(client)? {
                return Ok(Some(connection));
            }
        }
        Ok(None)
    }

    /// Hears what an allowed client says; who says nothing yet is waited for.
    fn hear(&mut self, client: OwnedFd) -> io::Result<Option<Connection>> {
        // One byte more, so that a longer packet is not taken for a whole one.
        let mut packet = [0; size_of::<Hello>() + 1];
        let length = match recv(client.as_raw_fd(), &mut packet, MsgFlags::MSG_DONTWAIT) {
            Ok(0) | Err(Errno::ECONNRESET) => {
                self.refused.silent += 1;
                return Ok(None);
            }
            Err(Errno::EAGAIN | Errno::EINTR) => return self.wait_for(client).map(|()| None),
            length => length?,
        };
        let granted = Hello::from(&packet[..length]).and_then(|hello| self.grant(hello.capacity));
        match granted {
            Ok(capacity) => self.let_in(client, capacity),
            Err(refusal) => {
                match refusal {
                    Refusal::Busy => self.refused.busy += 1,
                    _ => self.refused.malformed += 1,
                }
                refuse(&client, refusal);
                Ok(None)
            }
        }
    }

    fn wait_for(&mut self, client: OwnedFd) -> io::Result<()> {
        self.keys += 1;
        let key = self.keys;
        self.epoll.add(&client, EpollEvent::new(EpollFlags::EPOLLIN, key))?;
        let until = Instant::now() + self.config.patience;
        self.half_open.push_back(HalfOpen { socket: client, key, until });
        if self.half_open.len() > self.config.half_open {
            self.half_open.pop_front();
            self.refused.silent += 1;
        }
        Ok(())
    }

    /// Drops those who have said nothing for too long.
    fn drop_late(&mut self) {
        let now = Instant::now();
        let late = self.half_open.iter().take_while(|client| client.until <= now).count();
        self.half_open.drain(..late);
        self.refused.silent += late as u64;
    }

    /// The capacity that a client is granted which wants this one.
    fn grant(&mut self, wanted: u32) -> Result<u32, Refusal> {
        self.lines.retain(|line| line.strong_count() > 0);
        match wanted {
            _ if self.lines.len() >= self.config.connections => Err(Refusal::Busy),
            0 => Ok(self.config.capacity),
            _ if !wanted.is_power_of_two() || wanted > self.config.most_capacity => {
                Err(Refusal::Capacity)
            }
            _ => Ok(wanted),
        }
    }

    /// A connection to a client, who may have gone already.
    fn let_in(&mut self, client: OwnedFd, capacity: u32) -> io::Result<Option<Connection>> {
        // By which `selvedge ps` sees what belongs together, and who is the server.
        self.let_in += 1;
        let label = format!("{LABEL}{}.{}", process::id(), self.let_in);
        let label = CString::new(label)?;
        let pipe = || {
            let config = RingConfig::new(capacity.into()).owners(2);
            sealed::create_labelled::<Ring>(&label, config).map_err(io::Error::other)
        };
        let made = pipe().and_then(|to| Ok((to, pipe()?)));
        let ((to, to_file), (from, from_file)) = made.inspect_err(|_| {
            self.refused.busy += 1;
            refuse(&client, Refusal::Busy);
        })?;
        // The client's ends are the client's from the start, so that it can die at any moment.
        let nobody = NativeCtx::default();
        Producer::claim(from.clone(), nobody.clone(), CLIENT).map_err(io::Error::other)?;
        Consumer::claim(to.clone(), nobody, CLIENT).map_err(io::Error::other)?;
        let connection =
            Connection::over(client, [SERVER, CLIENT], [to, from]).map_err(io::Error::other)?;
        if welcome(&connection, [from_file.as_fd(), to_file.as_fd()]).is_err() {
            self.refused.silent += 1;
            return Ok(None);
        }
        self.lines.push(Arc::downgrade(&connection.line));
        Ok(Some(connection))
    }
}

impl AsFd for Listener {
    /// Can be read when a client has come, or has said something; then accept, with a timeout of zero for instance.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}

impl AsRawFd for Listener {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
