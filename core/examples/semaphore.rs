//! A binary semaphore by which one terminal lets another go on. Start the two in any order:
//!
//! ```sh
//! cargo run --example semaphore -- acquire go
//! cargo run --example semaphore -- release go
//! ```
//!
//! Its permit belongs to nobody: any process may release it, and one that a killed process held is lost.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{process::ExitCode, slice::from_ref, time::Duration};

use clap::Parser;
use common::Done;
use selvedge::{
    segment::Directory,
    semaphore::{Semaphore, SemaphoreConfig},
};

/// Nobody goes on before somebody releases.
const CLOSED: SemaphoreConfig = SemaphoreConfig::binary().initially(0);

/// A binary semaphore, whose permit is not there until somebody releases it.
#[derive(Debug, Parser)]
enum Role {
    /// Wait for the permit, and keep it.
    Acquire {
        name: String,
        /// Wait no longer.
        #[arg(long, value_name = "SECONDS")]
        within: Option<u64>,
        /// Then die by SIGKILL.
        #[arg(long)]
        crash: bool,
        /// Then remove the name.
        #[arg(long)]
        rm: bool,
    },
    /// Hand the permit out.
    Release { name: String },
}

fn main() -> ExitCode {
    let role = Role::parse();
    let (Role::Acquire { name, .. } | Role::Release { name }) = &role;
    common::run("semaphore", from_ref(name), |directory| match role {
        Role::Acquire { within, crash, rm, .. } => acquire(directory, name, within, crash, rm),
        Role::Release { .. } => release(directory, name),
    })
}

fn acquire(directory: &Directory, name: &str, within: Option<u64>, crash: bool, rm: bool) -> Done {
    let (semaphore, _) = Semaphore::named(directory, name, CLOSED)?;
    match within {
        None => semaphore.acquire()?,
        Some(seconds) => {
            semaphore.acquire_timeout(Duration::from_secs(seconds)).map_err(|error| {
                format!("{name}: {error}: release it; if its holder was killed, nobody else does")
            })?
        }
    }
    println!("acquired");
    if crash {
        common::crash();
    }
    if rm {
        directory.unlink(name)?;
    }
    Ok(())
}

fn release(directory: &Directory, name: &str) -> Done {
    let (semaphore, _) = Semaphore::named(directory, name, CLOSED)?;
    semaphore.release(1).map_err(|error| format!("{name}: {error}: acquire it first"))?;
    Ok(())
}
