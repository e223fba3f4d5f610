//! A counter that two processes count up at the same time: broken, and cured in three ways. Start it in two terminals:
//!
//! ```sh
//! cargo run --example counter -- broken hits
//! cargo run --example counter -- broken hits
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{process::ExitCode, thread};

use clap::{Parser, ValueEnum};
use common::Done;
use selvedge::{
    mutex::{MutexConfig, SharedMutex},
    segment::Directory,
    semaphore::{Semaphore, SemaphoreConfig},
    shared_memory::{AtomicCells, CellsConfig},
};

/// How often each of the two counts.
const TIMES: u64 = 5_000_000;

/// How often it counts between two looks whether it was interrupted.
const BETWEEN: u64 = 1000;

// The cells: the count, and how many are ready to count, have counted, have read the count, and need
// no name any more.
const COUNT: usize = 0;
const READY: usize = 1;
const COUNTED: usize = 2;
const READ: usize = 3;
const GONE: usize = 4;

/// A counter that two processes count up at the same time, each five million times.
#[derive(Debug, Parser)]
struct Arguments {
    how: How,
    name: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum How {
    /// Read, add 1, write: the other may write in between.
    Broken,
    /// The same under a lock.
    Mutex,
    /// The same with the permit of a binary semaphore.
    Semaphore,
    /// In one step.
    Atomic,
}

fn main() -> ExitCode {
    let Arguments { how, name } = Arguments::parse();
    let names = [name.clone(), guard_of(&name)];
    common::run("counter", &names, |directory| count(directory, how, &name))
}

/// The name of what guards the count.
fn guard_of(name: &str) -> String {
    format!("{name}.guard")
}

fn count(directory: &Directory, how: How, name: &str) -> Done {
    let guard = guard_of(name);
    let (cells, _) = directory.create_or_attach::<AtomicCells>(name, CellsConfig::new(5))?;
    let in_two_steps = || cells.store(COUNT, cells.load(COUNT) + 1);
    let together = |how: &dyn Fn() -> Done| {
        meet(&cells, READY)?;
        for _ in 0..TIMES / BETWEEN {
            common::go_on()?;
            (0..BETWEEN).try_for_each(|_| how())?;
        }
        meet(&cells, COUNTED)
    };
    match how {
        How::Broken => together(&|| {
            in_two_steps();
            Ok(())
        })?,
        How::Mutex => {
            let none = MutexConfig::of(0);
            let mutex = directory.create_or_attach::<SharedMutex<u64>>(&guard, none)?.0.handle()?;
            let lock = || mutex.lock().map_err(|error| error.to_string());
            together(&|| {
                lock()?.update(|count| *count += 1);
                Ok(())
            })?;
            cells.store(COUNT, lock()?.get());
        }
        How::Semaphore => {
            let (permit, _) = Semaphore::named(directory, &guard, SemaphoreConfig::binary())?;
            together(&|| {
                permit.acquire()?;
                in_two_steps();
                Ok(permit.release(1)?)
            })?;
        }
        How::Atomic => together(&|| {
            cells.add(COUNT, 1);
            Ok(())
        })?,
    }
    match 2 * TIMES - cells.load(COUNT) {
        0 => println!("all {} were counted", 2 * TIMES),
        lost => println!("{lost} of {} were lost", 2 * TIMES),
    }
    // Neither ends before the names are gone: who is started next finds none of them.
    if cells.add(READ, 1) == 1 {
        directory.unlink(name)?;
        if let How::Mutex | How::Semaphore = how {
            directory.unlink(&guard)?;
        }
        cells.add(GONE, 2);
    }
    await_two(&cells, GONE)
}

/// Waits until both are here.
fn meet(cells: &AtomicCells, place: usize) -> Done {
    cells.add(place, 1);
    await_two(cells, place)
}

fn await_two(cells: &AtomicCells, place: usize) -> Done {
    while cells.load(place) < 2 {
        common::go_on()?;
        thread::yield_now();
    }
    Ok(())
}
