//! How the examples find their segments and servers, wait, die and end.
#![allow(dead_code, reason = "not every example uses all of it")]

pub(crate) mod http;
pub(crate) mod ticks;

use std::{
    env,
    error::Error,
    fs::File,
    io::{self, BufRead, BufReader, ErrorKind},
    os::fd::AsFd,
    process::ExitCode,
    time::Duration,
};

use nix::sys::signal::raise;
use selvedge::{
    cancel::{self, Cancellable},
    segment::{AttachError, Directory},
    signal::{Signal, interruptible},
    socket::{self, Address, Connection},
    timer::Timer,
};

pub(crate) type Done = Result<(), Box<dyn Error>>;

/// What does not end so long after Ctrl-C is ended: a `println!` to a terminal that has been stopped.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the segments are: in `SELVEDGE_DIRECTORY`, if not in `/dev/shm`.
fn directory() -> Directory {
    env::var_os("SELVEDGE_DIRECTORY").map_or_else(Directory::shm, Directory::at)
}

/// Goes to where the segments are: a socket is there too, unless its path begins at the root.
pub(crate) fn go_to_directory() -> io::Result<()> {
    env::set_current_dir(directory().root())
}

/// Runs `body`, and ends `program` with an exit code, and with its error if it had one.
///
/// Ctrl-C and `SIGTERM` end whatever it waits for; then it drops what it has, those of `names` are removed that nobody
/// else uses, and it dies by that signal, as shells expect of it.
pub(crate) fn run(
    program: &str,
    names: &[String],
    body: impl FnOnce(&Directory) -> Done,
) -> ExitCode {
    let directory = directory();
    let signals = [Signal::SIGINT, Signal::SIGTERM];
    let outcome = match interruptible(signals, PATIENCE, || body(&directory)) {
        Ok((_, Some(interrupt))) => {
            for name in names {
                // It may be that it is not there, or not ours.
                let _ = directory.clean(name);
            }
            interrupt.act()
        }
        Ok((outcome, None)) => outcome,
        Err(error) => Err(error.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Goes on, unless it was interrupted: for loops that wait for nothing.
pub(crate) fn go_on() -> Done {
    if cancel::is_cancelled() { Err("interrupted".into()) } else { Ok(()) }
}

/// Sleeps, unless it is interrupted.
pub(crate) fn pause(duration: Duration) -> Done {
    go_on()?;
    Timer::once(duration)?.wait(None)?;
    Ok(())
}

/// Attaches as soon as there is something to attach to.
pub(crate) fn wait_for<T>(
    attach: impl Fn() -> Result<T, AttachError>,
) -> Result<T, Box<dyn Error>> {
    loop {
        match attach() {
            Err(AttachError::NotFound { .. }) => pause(Duration::from_millis(1))?,
            outcome => return Ok(outcome?),
        }
    }
}

/// Connects as soon as somebody listens, and has room.
pub(crate) fn connect(address: &Address) -> Result<Connection, Box<dyn Error>> {
    loop {
        match socket::connect(address) {
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) =>
            {
                pause(Duration::from_millis(1))?;
            }
            outcome => return Ok(outcome?),
        }
    }
}

/// Standard input, of which a read ends if it is interrupted.
pub(crate) fn input() -> io::Result<impl BufRead> {
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    Ok(BufReader::new(Cancellable(input)))
}

/// Dies as by `kill -9`: nothing is dropped, closed or released.
pub(crate) fn crash() -> ! {
    raise(Signal::SIGKILL).expect("a process may kill itself");
    unreachable!("SIGKILL is not survived")
}
