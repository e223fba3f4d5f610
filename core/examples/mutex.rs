//! A stock under a robust mutex, from which several sell. Start as many as you like, in any order:
//!
//! ```sh
//! cargo run --example mutex -- sell stock 300
//! cargo run --example mutex -- count stock --rm
//! ```
//!
//! A seller that is killed between the two changes of a sale leaves the stock torn. Whoever locks next is told, and
//! can repair it, because one of the two says what the other must be.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{process::ExitCode, slice::from_ref, time::Duration};

use clap::Parser;
use common::Done;
use selvedge::{
    mutex::{Guard, LockError, MutexConfig, RobustMutex, SharedMutex},
    segment::{Directory, Record, RecordId},
};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Whole if its parts are [`ALL`] together.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Stock {
    shelf: u64,
    sold: u64,
}

impl Record for Stock {
    const ID: RecordId = RecordId::new("example.stock/1");
}

/// Pieces there are.
const ALL: u64 = 1000;

/// Between two sales, so that others sell too.
const PACE: Duration = Duration::from_millis(1);

/// A stock under a robust mutex.
#[derive(Debug, Parser)]
enum Role {
    /// Sell a piece at a time, until so many are gone from the full stock, whoever sold them.
    Sell {
        name: String,
        #[arg(value_parser = clap::value_parser!(u64).range(..=ALL))]
        count: u64,
        /// Die by SIGKILL in the middle of the N-th sale, with the lock.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
        crash_after: Option<u64>,
    },
    /// Print how many are where.
    Count {
        name: String,
        /// Then remove the name.
        #[arg(long)]
        rm: bool,
    },
}

fn main() -> ExitCode {
    let role = Role::parse();
    let (Role::Sell { name, .. } | Role::Count { name, .. }) = &role;
    common::run("mutex", from_ref(name), |directory| match role {
        Role::Sell { count, crash_after, .. } => sell(directory, name, count, crash_after),
        Role::Count { rm, .. } => count(directory, name, rm),
    })
}

fn sell(directory: &Directory, name: &str, count: u64, crash_after: Option<u64>) -> Done {
    let full = MutexConfig::of(Stock { shelf: ALL, sold: 0 });
    let mutex = directory.create_or_attach::<SharedMutex<Stock>>(name, full)?.0.handle()?;
    let mut sales = 0;
    while sell_one(&mutex, ALL - count, crash_after == Some(sales + 1))? {
        sales += 1;
        common::pause(PACE)?;
    }
    Ok(())
}

/// Sells a piece unless only `rest` are left, and says whether it did.
fn sell_one(mutex: &RobustMutex<Stock>, rest: u64, crash: bool) -> Result<bool, String> {
    let mut stock = lock(mutex)?;
    if stock.get().shelf <= rest {
        return Ok(false);
    }
    stock.update(|stock| stock.shelf -= 1);
    if crash {
        common::crash();
    }
    stock.update(|stock| stock.sold += 1);
    Ok(true)
}

fn count(directory: &Directory, name: &str, rm: bool) -> Done {
    let mutex = directory.attach::<SharedMutex<Stock>>(name)?.handle()?;
    let Stock { shelf, sold } = lock(&mutex)?.get();
    println!("{shelf} on the shelf, {sold} sold, {} in all", shelf + sold);
    if rm {
        directory.unlink(name)?;
    }
    Ok(())
}

/// Locks the stock, and repairs it where a seller died in the middle of a sale.
fn lock(mutex: &RobustMutex<Stock>) -> Result<Guard<'_, Stock>, String> {
    match mutex.lock() {
        Ok(stock) => Ok(stock),
        Err(LockError::OwnerDied(mut stock)) => {
            stock.update(|stock| stock.sold = ALL - stock.shelf);
            stock.mark_consistent();
            Ok(stock)
        }
        Err(error) => Err(error.to_string()),
    }
}
