//! Signals by which one terminal tells another what has happened. Start the two in any order:
//!
//! ```sh
//! cargo run --example signals -- wait bells --until 9
//! cargo run --example signals -- raise bells 3 5 9
//! ```
//!
//! Whoever waits takes what is pending, once for any number of times. A `kill -USR1` to it is one more of them.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{process::ExitCode, slice::from_ref, time::Duration};

use clap::{Parser, value_parser};
use common::Done;
use selvedge::{
    segment::Directory,
    signal::{Set, Signal, Signals},
};

/// What SIGUSR1 stands for.
const USR1: u32 = 63;

/// A set of 64 signals.
#[derive(Debug, Parser)]
enum Role {
    /// Wait for signals, and print each that was raised, until a certain one is.
    Wait {
        name: String,
        /// The last.
        #[arg(long, value_name = "SIGNAL", value_parser = value_parser!(u32).range(..64))]
        until: u32,
        /// After any other, die by SIGKILL.
        #[arg(long)]
        crash: bool,
        /// Then remove the name.
        #[arg(long)]
        rm: bool,
    },
    /// Raise signals.
    Raise {
        name: String,
        /// Which, from 0 to 63.
        #[arg(required = true, value_parser = value_parser!(u32).range(..64))]
        signals: Vec<u32>,
        /// Each when the one before was taken; otherwise all at once.
        #[arg(long)]
        one_by_one: bool,
    },
}

fn main() -> ExitCode {
    let role = Role::parse();
    let (Role::Wait { name, .. } | Role::Raise { name, .. }) = &role;
    common::run("signals", from_ref(name), |directory| match &role {
        Role::Wait { until, crash, rm, .. } => wait(directory, name, *until, *crash, *rm),
        Role::Raise { signals, one_by_one, .. } => raise(directory, name, signals, *one_by_one),
    })
}

fn wait(directory: &Directory, name: &str, until: u32, crash: bool, rm: bool) -> Done {
    let (signals, _) = Signals::named(directory, name)?;
    let _forwarded = signals.raise_on(Signal::SIGUSR1, Set::of(USR1))?;
    loop {
        let taken = signals.wait(Set::ALL);
        common::go_on()?;
        for signal in taken.iter() {
            match signal {
                USR1 => println!("SIGUSR1"),
                _ => println!("{signal}"),
            }
        }
        if taken.contains(until) {
            break;
        }
        if crash {
            common::crash();
        }
    }
    if rm {
        directory.unlink(name)?;
    }
    Ok(())
}

fn raise(directory: &Directory, name: &str, which: &[u32], one_by_one: bool) -> Done {
    let (signals, _) = Signals::named(directory, name)?;
    if !one_by_one {
        signals.raise(which.iter().copied().map(Set::of).fold(Set::default(), Set::and));
        return Ok(());
    }
    for signal in which {
        signals.raise(Set::of(*signal));
        while signals.set().pending().contains(*signal) {
            common::pause(Duration::from_millis(1))?;
        }
    }
    Ok(())
}
