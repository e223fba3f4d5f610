//! A named pipe between shells.

use std::{
    error::Error,
    io::{self, ErrorKind, Read, Write},
    thread,
    time::{Duration, Instant},
};

use clap::Subcommand;
use selvedge::{
    cancel,
    pipe::{Ended, Pipe},
    segment::{Cleaned, Directory},
};

use crate::{Done, input};

/// How long one side waits for the other to be gone.
const PATIENCE: Duration = Duration::from_millis(100);

#[derive(Debug, Subcommand)]
pub(super) enum Direction {
    /// Write standard input into the pipe, until it ends.
    Out {
        /// The pipe's name; it is created if it is not there.
        name: String,
        /// Bytes that the pipe has room for, if it is created: a power of two.
        #[arg(long, value_name = "BYTES", default_value_t = Pipe::CAPACITY)]
        capacity: usize,
    },
    /// Print what comes out of the pipe, until it ends; then remove its name, if nobody uses it.
    In {
        /// The pipe's name; it is created if it is not there.
        name: String,
        /// Bytes that the pipe has room for, if it is created: a power of two.
        #[arg(long, value_name = "BYTES", default_value_t = Pipe::CAPACITY)]
        capacity: usize,
    },
}

impl Direction {
    pub(super) fn name(&self) -> &str {
        let (Self::Out { name, .. } | Self::In { name, .. }) = self;
        name
    }
}

pub(super) fn run(directory: &Directory, direction: &Direction) -> Done {
    match direction {
        Direction::Out { name, capacity } => write(directory, name, *capacity),
        Direction::In { name, capacity } => read(directory, name, *capacity),
    }
}

fn write(directory: &Directory, name: &str, capacity: usize) -> Done {
    let mut pipe = Pipe::named(directory, name, capacity)?.writer()?;
    let mut bytes = vec![0; 1 << 16];
    let mut input = input()?;
    loop {
        let count = match input.read(&mut bytes) {
            Ok(0) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            read => read.map_err(|error| format!("standard input: {error}"))?,
        };
        match pipe.write_all(&bytes[..count]) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                drop(pipe);
                clean(directory, name)?;
                return Err(format!("{name}: nobody reads it any more").into());
            }
            Err(error) => return Err(format!("{name}: {error}").into()),
        }
    }
}

fn read(directory: &Directory, name: &str, capacity: usize) -> Done {
    let mut pipe = Pipe::named(directory, name, capacity)?.reader()?;
    let mut output = io::stdout().lock();
    let mut bytes = vec![0; 1 << 16];
    while !cancel::is_cancelled() {
        let count = pipe.read(&mut bytes).map_err(|error| format!("{name}: {error}"))?;
        if count == 0 {
            break;
        }
        match output.write_all(&bytes[..count]).and_then(|()| output.flush()) {
            // As `head` does, who has seen enough: the writer is told.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            written => written.map_err(|error| format!("standard output: {error}"))?,
        }
    }
    let ended = pipe.ended();
    drop(pipe);
    if ended == Some(Ended::WriterDied) {
        return Err(died(name));
    }
    clean(directory, name)
}

/// Removes the name of a stream that is over. The other side may not be gone yet; or another stream has begun, which is
/// not ours to end.
fn clean(directory: &Directory, name: &str) -> Done {
    let start = Instant::now();
    while directory.clean(name)? == Cleaned::InUse && start.elapsed() < PATIENCE {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn died(name: &str) -> Box<dyn Error> {
    format!("{name}: its writer died: what was read may be only a part").into()
}
