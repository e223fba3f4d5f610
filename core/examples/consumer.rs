//! The reading half of a ring between two terminals: see `producer`.
//!
//! ```sh
//! cargo run --example consumer [-- --count 100] [--name ticks]
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{error::Error, process::ExitCode, thread, time::Instant};

use common::{Args, GLANCE, NAME, SILENCE, Stop, Tick, TickRing};
use selvedge::{
    platform::native::Native,
    protocol::spsc::{self, PopTimeoutError},
    segment::{AttachError, Directory, Shared},
};

type Consumer = spsc::Consumer<Native, Tick, Shared<TickRing>>;

fn main() -> ExitCode {
    common::exit("consumer", run())
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut args = Args::parse();
    let count = args.option("--count")?.map_or(Ok(u64::MAX), |count| count.parse())?;
    let name = args.option("--name")?.unwrap_or(NAME.to_owned());
    args.end("consumer [--count N] [--name NAME]")?;

    let mut stop = Stop::listen()?;
    let Some(ring) = attach(&name, &mut stop)? else {
        println!("stopped: nothing was received");
        return Ok(());
    };
    let mut consumer = ring.consumer()?;
    println!("attached to the ring \"{name}\"");

    let mut received = 0;
    let why = loop {
        if received == count {
            break "all done";
        }
        match pop(&mut consumer, &mut stop) {
            Ok(tick) => println!("received tick {} at {}", tick.seq, tick.price),
            Err(why) => break why,
        }
        received += 1;
    };
    consumer.close();
    println!("{why}: received {received} ticks, closed the ring");
    Ok(())
}

/// Attaches to the ring as soon as there is one; `None` if stopped meanwhile.
fn attach(name: &str, stop: &mut Stop) -> Result<Option<Shared<TickRing>>, AttachError> {
    let shm = Directory::shm();
    let mut remarked = false;
    while !stop.asked() {
        match shm.attach::<TickRing>(name) {
            Err(AttachError::NotFound { path }) if !remarked => {
                println!("waiting for {}: start the producer in another terminal", path.display());
                remarked = true;
            }
            Err(AttachError::NotFound { .. }) => thread::sleep(GLANCE),
            outcome => return outcome.map(Some),
        }
    }
    Ok(None)
}

/// Pops one tick, however long the ring is empty, unless there is a reason to end.
fn pop(consumer: &mut Consumer, stop: &mut Stop) -> Result<Tick, &'static str> {
    let since = Instant::now();
    let mut remarked = false;
    loop {
        if stop.asked() {
            return Err("stopped");
        }
        match consumer.pop_timeout(GLANCE) {
            Ok(tick) => return Ok(tick),
            Err(PopTimeoutError::Closed) => return Err("the producer has closed the ring"),
            Err(PopTimeoutError::Corrupt) => return Err("the ring is corrupt"),
            Err(PopTimeoutError::PeerDead) => {
                if !remarked {
                    println!(
                        "the producer was killed, and all that it pushed is here: start another"
                    );
                    remarked = true;
                }
                thread::sleep(GLANCE);
            }
            Err(PopTimeoutError::TimedOut) if !remarked && since.elapsed() > SILENCE => {
                println!("nothing comes: the producer is stopped");
                remarked = true;
            }
            Err(PopTimeoutError::TimedOut) => {}
        }
    }
}
