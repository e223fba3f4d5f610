//! A licence that one process at a time may use: a pool of one permit. Start as many as you like:
//!
//! ```sh
//! cargo run --example permits -- work licence --crash
//! cargo run --example permits -- work licence
//! ```
//!
//! The permit belongs to who holds it: when that is killed, it comes back.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{process::ExitCode, slice::from_ref};

use clap::Parser;
use common::Done;
use selvedge::{
    permits::{PermitPool, PermitsConfig},
    segment::Directory,
};

/// A pool of one permit.
#[derive(Debug, Parser)]
enum Role {
    /// Wait for the permit, and give it back.
    Work {
        name: String,
        /// Die by SIGKILL with the permit.
        #[arg(long)]
        crash: bool,
        /// Then remove the name.
        #[arg(long)]
        rm: bool,
    },
}

fn main() -> ExitCode {
    let Role::Work { name, crash, rm } = Role::parse();
    common::run("permits", from_ref(&name), |directory| work(directory, &name, crash, rm))
}

fn work(directory: &Directory, name: &str, crash: bool, rm: bool) -> Done {
    let (pool, _) = directory.create_or_attach::<PermitPool>(name, PermitsConfig::new(1))?;
    let worker = pool.handle()?;
    let permit = worker.acquire()?;
    println!("acquired 1 of {}", worker.max());
    if crash {
        common::crash();
    }
    drop(permit);
    if rm {
        directory.unlink(name)?;
    }
    Ok(())
}
