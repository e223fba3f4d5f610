//! How the examples find their segments, wait, die and end.
#![allow(dead_code, reason = "not every example uses all of it")]

pub(crate) mod ticks;

use std::{env, error::Error, process::ExitCode, thread, time::Duration};

use nix::sys::signal::{Signal, raise};
use selvedge::segment::{AttachError, Directory};

pub(crate) type Done = Result<(), Box<dyn Error>>;

/// Where the segments are: in `SELVEDGE_DIRECTORY`, if not in `/dev/shm`.
pub(crate) fn directory() -> Directory {
    env::var_os("SELVEDGE_DIRECTORY").map_or_else(Directory::shm, Directory::at)
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
