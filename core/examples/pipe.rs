//! Lines through a named pipe, from one terminal to another. Start the two in any order:
//!
//! ```sh
//! cargo run --example pipe -- write log < some.txt
//! cargo run --example pipe -- read log
//! ```
//!
//! The writer commits whole lines, so that nobody ever sees a part of one. The reader consumes a line once it has
//! printed it: one that is killed and started again begins with the line that may not have been printed, so that
//! each is printed at least once.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{
    io::{self, BufRead, ErrorKind},
    process::ExitCode,
    slice::from_ref,
    time::Duration,
};

use clap::Parser;
use common::Done;
use selvedge::{
    pipe::{Ended, Pipe, PipeWriter},
    protocol::spsc::Claim,
    segment::Directory,
};

/// The longest line, in bytes.
const LONGEST: usize = 4096;

/// How long to leave a peer that is slow, or that may be started again.
const PAUSE: Duration = Duration::from_millis(1);

/// Lines through a named pipe.
#[derive(Debug, Parser)]
enum Role {
    /// Write the lines of standard input into the pipe.
    Write { name: String },
    /// Print the lines that come out of the pipe; at the end, remove its name.
    Read {
        name: String,
        /// Die by SIGKILL when the N-th line is printed, and not yet consumed.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..))]
        crash_after: Option<u64>,
    },
}

fn main() -> ExitCode {
    let role = Role::parse();
    let (Role::Write { name } | Role::Read { name, .. }) = &role;
    common::run("pipe", from_ref(name), |directory| match role {
        Role::Write { .. } => write(directory, name),
        Role::Read { crash_after, .. } => read(directory, name, crash_after),
    })
}

fn write(directory: &Directory, name: &str) -> Done {
    let pipe = Pipe::named(directory, name, Pipe::CAPACITY)?;
    let written = write_lines(&pipe);
    let is_read = pipe.ends()[1] != Claim::Closed;
    drop(pipe);
    if written.is_err() && !is_read {
        // Another stream may have begun under the name, which is in use then.
        let _ = directory.clean(name)?;
    }
    written
}

fn write_lines(pipe: &Pipe) -> Done {
    let mut writer = pipe.writer()?;
    for line in common::input()?.lines() {
        let line = line? + "\n";
        if line.len() > LONGEST {
            return Err(format!("a line of {} bytes: split it, {LONGEST} fit", line.len()).into());
        }
        while !write_whole(pipe, &mut writer, line.as_bytes())? {
            common::pause(PAUSE)?;
        }
    }
    Ok(())
}

/// Writes the line if there is room for all of it, and says whether it did.
fn write_whole(pipe: &Pipe, writer: &mut PipeWriter, line: &[u8]) -> io::Result<bool> {
    match writer.reserve(line.len(), None) {
        Ok(mut room) if room.count() == line.len() => {
            room.fill(0, line);
            room.commit(line.len());
            Ok(true)
        }
        Ok(_) => Ok(false),
        // It is full, and its reader was killed: another will make room.
        Err(error) if error.kind() == ErrorKind::BrokenPipe && pipe.ends()[1] != Claim::Closed => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn read(directory: &Directory, name: &str, crash_after: Option<u64>) -> Done {
    let mut reader = Pipe::named(directory, name, Pipe::CAPACITY)?.reader()?;
    let mut printed = 0;
    loop {
        common::go_on()?;
        let Some(there) = reader.peek(LONGEST, None)? else {
            if reader.ended() == Some(Ended::Closed) {
                break;
            }
            // Its writer was killed: another goes on behind the last whole line.
            common::pause(PAUSE)?;
            continue;
        };
        let mut bytes = vec![0; there.count()];
        there.copy(0, &mut bytes);
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            return Err(format!("{name}: no line that `write` wrote: choose another name").into());
        };
        println!("{}", String::from_utf8_lossy(&bytes[..end]));
        printed += 1;
        if crash_after == Some(printed) {
            common::crash();
        }
        there.consume(end + 1);
    }
    // As long as this end is open, no other stream begins under the name.
    directory.unlink(name)?;
    Ok(())
}
