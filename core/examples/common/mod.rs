//! How the examples find their segments and servers, wait, die and end.
#![allow(dead_code, reason = "not every example uses all of it")]

pub(crate) mod http;
pub(crate) mod ticks;

use std::{
    env,
    error::Error,
    io::{self, ErrorKind},
    process::ExitCode,
    thread,
    time::Duration,
};

use nix::sys::signal::{Signal, raise};
use selvedge::{
    segment::{AttachError, Directory},
    socket::{self, Address, Connection},
};

pub(crate) type Done = Result<(), Box<dyn Error>>;

/// Where the segments are: in `SELVEDGE_DIRECTORY`, if not in `/dev/shm`.
pub(crate) fn directory() -> Directory {
    env::var_os("SELVEDGE_DIRECTORY").map_or_else(Directory::shm, Directory::at)
}

/// Goes to where the segments are: a socket is there too, unless its path begins at the root.
pub(crate) fn go_to_directory() -> io::Result<()> {
    env::set_current_dir(directory().root())
}

/// Attaches as soon as there is something to attach to.
pub(crate) fn wait_for<T>(attach: impl Fn() -> Result<T, AttachError>) -> Result<T, AttachError> {
    loop {
        match attach() {
            Err(AttachError::NotFound { .. }) => thread::sleep(Duration::from_millis(1)),
            outcome => return outcome,
        }
    }
}

/// Connects as soon as somebody listens, and has room.
pub(crate) fn connect(address: &Address) -> io::Result<Connection> {
    loop {
        match socket::connect(address) {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) =>
            {
                thread::sleep(Duration::from_millis(1));
            }
            outcome => return outcome,
        }
    }
}

/// Dies as by `kill -9`: nothing is dropped, closed or released.
pub(crate) fn crash() -> ! {
    raise(Signal::SIGKILL).expect("a process may kill itself");
    unreachable!("SIGKILL is not survived")
}

/// Ends `program` with an exit code, and with its error if it had one.
pub(crate) fn exit(program: &str, outcome: Done) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}
