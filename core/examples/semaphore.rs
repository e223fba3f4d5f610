//! A counting semaphore that lets at most two of five processes work at a time.
//!
//! ```sh
//! cargo run --example semaphore [-- --workers 5] [--permits 2]
//! ```
//!
//! The program starts itself once for each worker. Try Ctrl-C, and `kill -9` of a worker that holds
//! a permit: the permit is lost, as with a POSIX semaphore, and the others share what is left.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

use std::{
    env,
    error::Error,
    process::{Child, Command, ExitCode, id},
    thread,
    time::{Duration, Instant},
};

use selvedge::{
    protocol::semaphore::AcquireTimeoutError,
    segment::Directory,
    semaphore::{SemaphoreConfig, SharedSemaphore},
};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

/// How often each worker works.
const SHIFTS: u32 = 3;

/// How long it holds its permit.
const SHIFT: Duration = Duration::from_millis(700);

/// How often somebody who waits looks for Ctrl-C.
const GLANCE: Duration = Duration::from_millis(100);

/// No permit for so long is worth a remark.
const LONG: Duration = Duration::from_secs(10);

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let outcome = match args[..] {
        ["--worker", number, name] => work(number, name),
        [] => supervise("5", "2"),
        ["--workers", workers] => supervise(workers, "2"),
        ["--permits", permits] => supervise("5", permits),
        ["--workers", workers, "--permits", permits] => supervise(workers, permits),
        _ => Err("usage: semaphore [--workers N] [--permits N]".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("semaphore: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Creates the semaphore, starts the workers, and removes its name when they are done.
fn supervise(workers: &str, permits: &str) -> Outcome<()> {
    let (workers, permits): (u32, u32) = (workers.parse()?, permits.parse()?);
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let shm = Directory::shm();
    let name = format!("workers.{}", id());
    shm.create::<SharedSemaphore>(&name, SemaphoreConfig::counting(permits))?;
    println!("{workers} workers, {permits} may work at a time");

    let outcome = start(workers, &name).and_then(|mut children| {
        let mut running = children.len();
        while running > 0 {
            thread::sleep(GLANCE);
            if signals.pending().next().is_some() {
                // Ctrl-C reaches the workers too; a signal to this process alone does not.
                println!("stopping: the workers finish their shift");
            }
            running = 0;
            for child in &mut children {
                running += usize::from(child.try_wait()?.is_none());
            }
        }
        Ok(())
    });
    shm.unlink(&name)?;
    println!("removed the semaphore's name");
    outcome
}

fn start(workers: u32, name: &str) -> Outcome<Vec<Child>> {
    let program = env::current_exe()?;
    let start =
        |number: u32| Command::new(&program).args(["--worker", &number.to_string(), name]).spawn();
    Ok((1..=workers).map(start).collect::<Result<_, _>>()?)
}

/// Works a few shifts, each under a permit.
fn work(number: &str, name: &str) -> Outcome<()> {
    let mut signals = Signals::new([SIGINT, SIGTERM])?;
    let mut stopped = move || signals.pending().next().is_some();
    let semaphore = Directory::shm().attach::<SharedSemaphore>(name)?.handle()?;
    for shift in 1..=SHIFTS {
        let since = Instant::now();
        let mut remarked = false;
        loop {
            if stopped() {
                return Ok(());
            }
            match semaphore.acquire_timeout(GLANCE) {
                Ok(()) => break,
                Err(AcquireTimeoutError::TimedOut) if !remarked && since.elapsed() > LONG => {
                    println!(
                        "worker {number}: still no permit; one that a killed worker held is lost"
                    );
                    remarked = true;
                }
                Err(AcquireTimeoutError::TimedOut) => {}
                Err(error) => return Err(error.into()),
            }
        }
        println!("worker {number} (pid {}): shift {shift} begins", id());
        thread::sleep(SHIFT);
        println!("worker {number} (pid {}): shift {shift} ends", id());
        semaphore.release(1)?;
    }
    Ok(())
}
