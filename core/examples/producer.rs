//! The writing half of a ring between two terminals. Start it and `consumer`, in any order:
//!
//! ```sh
//! cargo run --example producer [-- --count 100] [--replace] [--name ticks]
//! cargo run --example consumer
//! ```
//!
//! Stop either with Ctrl-C, or kill it with `kill -9`, and see what the other says.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{
    error::Error,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

use common::{Args, GLANCE, NAME, SILENCE, Stop, Tick, TickRing};
use selvedge::{
    platform::native::Native,
    protocol::spsc::{self, PushTimeoutError},
    segment::{CreateError, Directory, RingConfig, Shared, UnlinkError},
};

/// Between two ticks.
const PACE: Duration = Duration::from_millis(200);

type Producer = spsc::Producer<Native, Tick, Shared<TickRing>>;

fn main() -> ExitCode {
    common::exit("producer", run())
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut args = Args::parse();
    let replace = args.take("--replace").is_some();
    let count = args.option("--count")?.map_or(Ok(u64::MAX), |count| count.parse())?;
    let name = args.option("--name")?.unwrap_or(NAME.to_owned());
    args.end("producer [--count N] [--name NAME] [--replace]")?;

    let mut stop = Stop::listen()?;
    let shm = Directory::shm();
    let ring = create(&shm, &name, replace)?;
    println!("created {}; start the consumer in another terminal", shm.path(&name)?.display());

    let mut producer = ring.producer()?;
    let mut pushed = 0;
    let why = loop {
        if pushed == count {
            break "all done";
        }
        let tick = Tick { seq: pushed, price: 10_000 + pushed * 7919 % 100 };
        if let Err(why) = push(&mut producer, tick, &mut stop) {
            break why;
        }
        println!("pushed tick {} at {}", tick.seq, tick.price);
        pushed += 1;
        thread::sleep(PACE);
    };
    producer.close();
    shm.unlink(&name)?;
    println!("{why}: pushed {pushed} ticks, closed the ring and removed its name");
    Ok(())
}

/// Creates the ring, if asked to in place of another.
fn create(shm: &Directory, name: &str, replace: bool) -> Result<Shared<TickRing>, Box<dyn Error>> {
    if replace {
        match shm.unlink(name) {
            Ok(()) => println!("removed the old ring \"{name}\""),
            Err(UnlinkError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match shm.create::<TickRing>(name, RingConfig::new(16)) {
        Err(CreateError::AlreadyExists { path }) => Err(format!(
            "{path} exists already.\nEither another producer is using it, or one was killed before \
             it could remove it.\nIf it was killed, start again with --replace, or remove the file:\
             \n\n    rm {path}\n",
            path = path.display()
        )
        .into()),
        created => Ok(created?),
    }
}

/// Pushes one tick, however long the ring is full, unless there is a reason to end.
fn push(producer: &mut Producer, tick: Tick, stop: &mut Stop) -> Result<(), &'static str> {
    let since = Instant::now();
    let mut remarked = false;
    loop {
        if stop.asked() {
            return Err("stopped");
        }
        match producer.push_timeout(tick, GLANCE) {
            Ok(()) => return Ok(()),
            Err(PushTimeoutError::Closed(_)) => return Err("the consumer has closed the ring"),
            Err(PushTimeoutError::Corrupt(_)) => return Err("the ring is corrupt"),
            Err(PushTimeoutError::TimedOut(_)) if !remarked && since.elapsed() > SILENCE => {
                println!(
                    "the ring is full: no consumer has come, or it is stopped, or it was killed.\n\
                     A killed consumer is not noticed, and its place in this ring stays taken: then \
                     stop me with Ctrl-C and start both again."
                );
                remarked = true;
            }
            Err(PushTimeoutError::TimedOut(_)) => {}
        }
    }
}
