//! Likewise of a local connection: each call that waits, of the server's end and of the client's.

use std::{
    error::Error,
    fs::File,
    io::ErrorKind,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use selvedge::{
    pipe::Ended,
    poll::Pollable,
    socket::{
        Socket,
        frame::{FrameError, Framed},
        local::{Connection, Listener},
    },
};

use super::Wait;
use crate::{FOR_EVER, begin};

/// A call on one end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketCall {
    /// Nothing is there.
    Read,
    /// Nobody reads.
    Write,
    /// Of a frame, of which nothing has come.
    Recv,
    /// Of a frame, of which half has come.
    RecvHalf,
    /// `poll(2)`, until there is something to be read.
    PollRead,
    /// `poll(2)`, until there is room.
    PollWrite,
}

impl SocketCall {
    /// Does the call end as it should, once the peer is dead?
    fn ends(self, mut connection: Connection) -> bool {
        let broken = |written: std::io::Result<usize>| {
            written.is_err_and(|error| error.kind() == ErrorKind::BrokenPipe)
        };
        match self {
            Self::Read => {
                let read = connection.read_within(&mut [0], Some(FOR_EVER));
                matches!(read, Ok(0)) && connection.split().0.ended() == Some(Ended::WriterDied)
            }
            Self::Write => {
                while connection.write_within(&[0; 4096], Some(Duration::ZERO)).is_ok() {}
                broken(connection.write_within(&[0], Some(FOR_EVER)))
            }
            Self::Recv => matches!(Framed::new(connection).recv(Some(FOR_EVER)), Ok(None)),
            Self::RecvHalf => {
                matches!(Framed::new(connection).recv(Some(FOR_EVER)), Err(FrameError::Cut))
            }
            Self::PollRead => {
                let (reader, _writer) = connection.split();
                let mut reader = Pollable::new(reader).expect("a descriptor is free");
                assert!(reader.try_read(&mut [0]).is_err(), "nothing is there");
                rings(&reader) && matches!(reader.try_read(&mut [0]), Ok(0))
            }
            Self::PollWrite => {
                let (_reader, writer) = connection.split();
                let writer = writer.expect("it is not finished");
                let mut writer = Pollable::new(writer).expect("a descriptor is free");
                while writer.try_write(&[0; 4096]).is_ok() {}
                rings(&writer) && broken(writer.try_write(&[0]))
            }
        }
    }
}

fn rings(descriptor: impl AsFd) -> bool {
    let timeout = PollTimeout::try_from(FOR_EVER).expect("some seconds");
    poll(&mut [PollFd::new(descriptor.as_fd(), PollFlags::POLLIN)], timeout) == Ok(1)
}

/// A directory, and where to listen in it.
fn place() -> Result<(tempfile::TempDir, OwnedFd, PathBuf), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let descriptor = File::open(directory.path())?.into();
    let path = directory.path().join("socket");
    Ok((directory, descriptor, path))
}

/// The victim's way to the same place.
fn path_in(directory: &OwnedFd) -> PathBuf {
    format!("/proc/self/fd/{}/socket", directory.as_raw_fd()).into()
}

/// Connects to somebody who may not listen yet.
fn connect(path: PathBuf) -> std::io::Result<Connection> {
    let end = Instant::now() + FOR_EVER;
    loop {
        match Connection::to(&path, Some(FOR_EVER)) {
            Err(_) if Instant::now() < end => thread::sleep(Duration::from_millis(1)),
            connected => return connected,
        }
    }
}

/// A place for a victim, and the call of the survivor, who is the server or the client.
pub(super) fn survivor(call: SocketCall, serves: bool) -> Result<(OwnedFd, Wait), Box<dyn Error>> {
    let (directory, descriptor, path) = place()?;
    let meeting = if serves {
        let mut listener = Listener::at(path)?;
        begin(move || listener.accept_within(Some(FOR_EVER)))
    } else {
        begin(move || connect(path))
    };
    let wait = move || {
        let met = meeting.recv_timeout(FOR_EVER).expect("they meet").expect("both live");
        drop(directory);
        call.ends(met)
    };
    Ok((descriptor, Box::new(wait)))
}

/// The other end of the [survivor's](survivor) connection.
pub(super) fn victim(
    call: SocketCall,
    serves: bool,
    directory: &OwnedFd,
) -> Result<Connection, Box<dyn Error>> {
    let path = path_in(directory);
    let mut connection = if serves {
        Listener::at(path)?.accept_within(Some(FOR_EVER))?
    } else {
        Connection::to(path, Some(FOR_EVER))?
    };
    if call == SocketCall::RecvHalf {
        connection.write_within(&[9, 0, 0, 0, 1, 2, 3], None)?;
    }
    Ok(connection)
}

/// A place for a victim that is to listen, and to accept nobody; and the call of a survivor who connects.
pub(super) fn unanswered() -> Result<(OwnedFd, Wait), Box<dyn Error>> {
    let (directory, descriptor, path) = place()?;
    let wait = move || {
        let connected = Connection::to(path, Some(FOR_EVER));
        drop(directory);
        connected.is_err_and(|error| error.kind() == ErrorKind::ConnectionRefused)
    };
    Ok((descriptor, Box::new(wait)))
}

/// Who listens, and accepts nobody.
pub(super) fn deaf(directory: &OwnedFd) -> Result<Listener, Box<dyn Error>> {
    Ok(Listener::at(path_in(directory))?)
}
