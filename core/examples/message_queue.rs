//! Jobs through one message queue, answers through another. Start the two in any order:
//!
//! ```sh
//! cargo run --example message_queue -- dispatch squares --jobs 5
//! cargo run --example message_queue -- work squares
//! ```
//!
//! A message is gone from the queue once it is received, so a worker that is killed takes a job with it. The
//! dispatcher sends again what is not answered: each job is done at least once, and its answers are all the same.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    iter,
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use common::Done;
use selvedge::{
    message_queue::{MessageQueue, Plain, Receiver, RecvError, SendError, Sender},
    segment::{Directory, Record, RecordId, RingConfig},
};
use zerocopy::{FromBytes, Immutable, IntoBytes};

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Job {
    number: u64,
}

impl Record for Job {
    const ID: RecordId = RecordId::new("example.job/1");
}

#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
struct Answer {
    number: u64,
    square: u64,
}

impl Record for Answer {
    const ID: RecordId = RecordId::new("example.answer/1");
}

/// The job to stop, one for each worker. It is answered too, so that the dispatcher knows.
const STOP: u64 = 0;

const CONFIG: RingConfig = RingConfig::new(64);

/// Whoever has not answered for so long may have died.
const PATIENCE: Duration = Duration::from_millis(300);

/// Jobs through one message queue, answers through another.
#[derive(Debug, Parser)]
enum Role {
    /// Have jobs done, print their answers, and stop the workers.
    Dispatch {
        name: String,
        #[arg(long, value_name = "N")]
        jobs: u32,
        #[arg(long, value_name = "N", default_value_t = 1)]
        workers: u32,
    },
    /// Do jobs, until told to stop.
    Work {
        name: String,
        /// Die by SIGKILL when the N-th job is received, and not yet answered.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..))]
        crash_after: Option<u64>,
    },
}

fn main() -> ExitCode {
    let role = Role::parse();
    let (Role::Dispatch { name, .. } | Role::Work { name, .. }) = &role;
    let queues = queues(name);
    common::run("message_queue", &queues, |directory| match role {
        Role::Dispatch { jobs, workers, .. } => dispatch(directory, &queues, jobs.into(), workers),
        Role::Work { crash_after, .. } => work(directory, &queues, crash_after),
    })
}

fn queues(name: &str) -> [String; 2] {
    ["jobs", "done"].map(|queue| format!("{name}.{queue}"))
}

fn dispatch(directory: &Directory, [jobs, done]: &[String; 2], count: u64, workers: u32) -> Done {
    let mut sender = MessageQueue::named(directory, jobs, CONFIG)?.0.sender()?;
    let mut receiver = MessageQueue::named(directory, done, CONFIG)?.0.receiver()?;
    let squares = have_done(&mut sender, &mut receiver, 1..=count)?;
    let squares: Vec<_> = squares.values().map(u64::to_string).collect();
    println!("{count} jobs are answered: {}", squares.join(" "));
    for _ in 0..workers {
        have_done(&mut sender, &mut receiver, iter::once(STOP))?;
    }
    directory.unlink(jobs)?;
    directory.unlink(done)?;
    Ok(())
}

/// Sends the jobs, and again those that are not answered, until all are.
fn have_done(
    jobs: &mut Sender<Plain<Job>>,
    done: &mut Receiver<Plain<Answer>>,
    numbers: impl Iterator<Item = u64>,
) -> Result<BTreeMap<u64, u64>, Box<dyn Error>> {
    let mut open: BTreeSet<u64> = numbers.collect();
    let mut squares = BTreeMap::new();
    while !open.is_empty() {
        common::go_on()?;
        for &number in &open {
            match jobs.try_send(&Job { number }) {
                Ok(()) => {}
                // That is enough for now.
                Err(SendError::Full) => break,
                Err(error) => return Err(error.into()),
            }
        }
        while !open.is_empty() {
            match done.recv_timeout(PATIENCE) {
                Ok(Answer { number, square }) => {
                    if open.remove(&number) {
                        squares.insert(number, square);
                    }
                }
                Err(RecvError::Empty) => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(squares)
}

fn work(directory: &Directory, [jobs, done]: &[String; 2], crash_after: Option<u64>) -> Done {
    let attached = common::wait_for(|| MessageQueue::<Plain<Job>>::attach(directory, jobs));
    let mut jobs = attached?.receiver()?;
    let attached = common::wait_for(|| MessageQueue::<Plain<Answer>>::attach(directory, done));
    let mut done = attached?.sender()?;
    for received in 1.. {
        common::go_on()?;
        let Job { number } = jobs.recv()?;
        if number != STOP && crash_after == Some(received) {
            common::crash();
        }
        match done.send_timeout(&Answer { number, square: number * number }, PATIENCE) {
            // Full, nobody wants it now; who does later asks again.
            Ok(()) | Err(SendError::Full) => {}
            Err(error) => return Err(error.into()),
        }
        if number == STOP {
            break;
        }
    }
    println!("told to stop");
    Ok(())
}
