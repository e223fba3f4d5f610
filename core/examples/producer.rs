//! The writing half of a ring between two terminals. Start it and `consumer`, in any order:
//!
//! ```sh
//! cargo run --example producer [-- --count 100] [--name ticks]
//! cargo run --example consumer
//! ```
//!
//! Stop either with Ctrl-C, or kill it with `kill -9`, see what the other says, and start it again.
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{process::ExitCode, slice::from_ref, time::Duration};

use clap::Parser;
use common::{
    Done,
    ticks::{self, Arguments, GLANCE, SILENCE, Tick, TickRing},
};
use selvedge::{
    cancel,
    platform::native::Native,
    protocol::spsc::{self, PushTimeoutError},
    segment::{Directory, Origin, RingConfig, Shared},
};

/// Between two ticks.
const PACE: Duration = Duration::from_millis(200);

type Producer = spsc::Producer<Native, Tick, Shared<TickRing>>;

fn main() -> ExitCode {
    let Arguments { count, name } = Arguments::parse();
    common::run("producer", from_ref(&name), |directory| run(directory, count, &name))
}

fn run(directory: &Directory, count: u64, name: &str) -> Done {
    let (ring, origin) = directory.create_or_attach::<TickRing>(name, RingConfig::new(16))?;
    let mut producer = ring.producer()?;
    match origin {
        Origin::Created => println!("created the ring \"{name}\": start its consumer"),
        Origin::Attached => println!("going on with the ring \"{name}\", where another left off"),
    }
    let mut pushed = 0;
    let why = loop {
        if pushed == count {
            break "all done";
        }
        let tick = Tick { seq: pushed, price: 10_000 + pushed * 7919 % 100 };
        if let Err(why) = push(&mut producer, tick) {
            break why;
        }
        println!("pushed tick {} at {}", tick.seq, tick.price);
        pushed += 1;
        if common::pause(PACE).is_err() {
            break "stopped";
        }
    };
    producer.close();
    println!("{why}: pushed {pushed} ticks, closed the ring");
    ticks::leave(directory, name, ring)?;
    Ok(())
}

/// Pushes one tick, however long the ring is full, unless there is a reason to end.
fn push(producer: &mut Producer, tick: Tick) -> Result<(), &'static str> {
    let mut remarked = false;
    loop {
        match producer.push_timeout(tick, SILENCE) {
            Ok(()) => return Ok(()),
            Err(PushTimeoutError::Closed(_)) => return Err("the consumer has closed the ring"),
            Err(PushTimeoutError::Corrupt(_)) => return Err("the ring is corrupt"),
            Err(PushTimeoutError::PeerDead(_)) => {
                if !remarked {
                    println!(
                        "the ring is full and its consumer was killed: start another, or Ctrl-C"
                    );
                    remarked = true;
                }
                common::pause(GLANCE).map_err(|_| "stopped")?;
            }
            Err(PushTimeoutError::TimedOut(_)) if cancel::is_cancelled() => return Err("stopped"),
            Err(PushTimeoutError::TimedOut(_)) if !remarked => {
                println!("the ring is full: no consumer has come, or it is stopped");
                remarked = true;
            }
            Err(PushTimeoutError::TimedOut(_)) => {}
        }
    }
}
