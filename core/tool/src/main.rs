//! `selvedge`: looks at segments, cleans up after the dead, and connects shells by shared memory.
#![cfg(target_os = "linux")]
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod describe;
mod held;
mod pipe;
mod ps;
mod queue;

use std::{
    error::Error,
    fs::File,
    io::{self, BufRead, BufReader},
    os::fd::AsFd,
    path::PathBuf,
    process::ExitCode,
    time::Duration,
};

use clap::{Parser, Subcommand};
use comfy_table::{Table, presets::NOTHING};
use selvedge::{
    cancel::Cancellable,
    segment::{Cleaned, Directory},
    signal::{Signal, interruptible},
};
use serde_json::Value;

/// Looks at segments, cleans up after the dead, and connects shells by shared memory.
///
/// Exit code 0: done. 1: it could not be done, and why. 2: the arguments are wrong. Ctrl-C ends it by its signal.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Where the segments are.
    #[arg(
        long,
        value_name = "PATH",
        env = "SELVEDGE_DIRECTORY",
        default_value = "/dev/shm",
        global = true
    )]
    directory: PathBuf,
    /// Say it in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Each segment in a line: what it is, how full, whose, who waits.
    Ls,
    /// All that is known of a segment: header, registry, state.
    Stat {
        /// Its name.
        name: String,
    },
    /// What processes hold that has no name, such as connections, each in a line: as `ls`, and who holds it.
    Ps {
        /// Only what one of these processes holds.
        pids: Vec<u32>,
    },
    /// Remove names, whether somebody uses the segments or not; who does keeps them.
    Rm {
        /// The names.
        #[arg(required = true)]
        names: Vec<String>,
    },
    /// Remove names that nobody uses any more; unless some are named, all in whose segments nothing waits to be
    /// received.
    Clean {
        /// The names.
        names: Vec<String>,
    },
    /// Send standard input through a named pipe, or print what comes out of it.
    #[command(subcommand)]
    Pipe(pipe::Direction),
    /// Send a message into a queue of bytes or strings.
    Send {
        #[command(flatten)]
        queue: queue::Queue,
        /// The message; without it, each line of standard input is one.
        message: Option<String>,
    },
    /// Receive messages from a queue of bytes or strings, and print each in a line.
    Recv {
        #[command(flatten)]
        queue: queue::Queue,
        /// So many, waiting for them; otherwise those that are there.
        #[arg(long, value_name = "N")]
        count: Option<u64>,
    },
}

impl What {
    /// Removes the name of a segment that it waited at, if nobody uses it: of a pipe, whose stream is over, or of a queue
    /// in which nothing is left to be received.
    fn leave(&self, directory: &Directory) {
        let name = match self {
            Self::Pipe(direction) => direction.name(),
            Self::Send { queue, .. } | Self::Recv { queue, .. } => queue.name(),
            Self::Ls
            | Self::Stat { .. }
            | Self::Ps { .. }
            | Self::Rm { .. }
            | Self::Clean { .. } => return,
        };
        let is_over = matches!(self, Self::Pipe(_))
            || directory.inspect(name).is_ok_and(|found| describe::records(&found) == 0);
        if is_over {
            // It may be that it is not there, or is no segment.
            let _ = directory.clean(name);
        }
    }
}

/// What does not end so long after Ctrl-C is ended: output that nobody takes.
const PATIENCE: Duration = Duration::from_secs(2);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let directory = Directory::at(&arguments.directory);
    let run = || match &arguments.what {
        What::Ls => list(&directory, arguments.json),
        What::Stat { name } => stat(&directory, name, arguments.json),
        What::Ps { pids } => ps::run(pids, arguments.json),
        What::Rm { names } => each(names, |name| Ok(directory.unlink(name)?)),
        What::Clean { names } => clean(&directory, names, arguments.json),
        What::Pipe(direction) => pipe::run(&directory, direction),
        What::Send { queue, message } => queue::send(&directory, queue, message.as_deref()),
        What::Recv { queue, count } => queue::recv(&directory, queue, *count),
    };
    let done = match interruptible([Signal::SIGINT, Signal::SIGTERM], PATIENCE, run) {
        Ok((_, Some(interrupt))) => {
            arguments.what.leave(&directory);
            interrupt.act()
        }
        Ok((done, None)) => done,
        Err(error) => Err(error.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("selvedge: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Standard input, of which a read is cancelled.
fn input() -> io::Result<impl BufRead> {
    let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
    Ok(BufReader::new(Cancellable(input)))
}

type Done = Result<(), Box<dyn Error>>;

/// Does it to all names, and complains of each with which it cannot be done.
fn each(names: &[String], mut what: impl FnMut(&str) -> Done) -> Done {
    let mut complaints = Vec::new();
    for name in names {
        complaints.extend(what(name).err().map(|error| error.to_string()));
    }
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\nselvedge: ").into()) }
}

fn names_in(directory: &Directory) -> Result<Vec<String>, String> {
    directory.names().map_err(|error| format!("{}: {error}", directory.root().display()))
}

fn list(directory: &Directory, json: bool) -> Done {
    let found: Vec<_> =
        (names_in(directory)?.into_iter()).map(|name| (directory.inspect(&name), name)).collect();
    if json {
        let all = found.iter().map(|(found, name)| describe::in_full(name, found));
        println!("{}", Value::Array(all.collect()));
        return Ok(());
    }
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_header(["NAME", "KIND", "BYTES", "FILL", "OWNERS", "WAITERS", "USE"]);
    for (found, name) in &found {
        table.add_row(describe::in_a_line(name, found));
    }
    println!("{table}");
    Ok(())
}

fn stat(directory: &Directory, name: &str, json: bool) -> Done {
    let all = describe::in_full(name, &Ok(directory.inspect(name)?));
    if json {
        println!("{all}");
    } else {
        describe::print(&all);
    }
    Ok(())
}

fn clean(directory: &Directory, names: &[String], json: bool) -> Done {
    let all = if names.is_empty() { names_in(directory)? } else { names.to_vec() };
    let mut cleaned = serde_json::Map::new();
    let done = each(&all, |name| {
        let what = match names.is_empty().then(|| directory.inspect(name)) {
            Some(Err(error)) => format!("left alone: {error}"),
            Some(Ok(found)) if describe::records(&found) > 0 => {
                format!("kept, {} to be received", describe::records(&found))
            }
            _ => match directory.clean(name)? {
                Cleaned::Removed => "removed".into(),
                Cleaned::InUse => "in use".into(),
                Cleaned::Absent => "absent".into(),
            },
        };
        if !json {
            println!("{name}: {what}");
        }
        cleaned.insert(name.to_owned(), what.into());
        Ok(())
    });
    if json {
        println!("{}", Value::Object(cleaned));
    }
    done
}
