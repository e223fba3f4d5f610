//! The reading half of a ring between two terminals: see `producer`.
//!
//! ```sh
//! cargo run --example consumer [-- --count 100] [--name ticks]
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{process::ExitCode, slice::from_ref};

use clap::Parser;
use common::{
    Done,
    ticks::{self, Arguments, GLANCE, SILENCE, Tick, TickRing},
};
use selvedge::{
    cancel,
    platform::native::Native,
    protocol::spsc::{self, PopTimeoutError},
    segment::{Directory, Shared},
};

type Consumer = spsc::Consumer<Native, Tick, Shared<TickRing>>;

fn main() -> ExitCode {
    let Arguments { count, name } = Arguments::parse();
    common::run("consumer", from_ref(&name), |directory| run(directory, count, &name))
}

fn run(directory: &Directory, count: u64, name: &str) -> Done {
    println!("waiting for the ring \"{name}\": start its producer in another terminal");
    let ring = common::wait_for(|| directory.attach::<TickRing>(name))?;
    let mut consumer = ring.consumer()?;
    println!("attached to it");

    let mut received = 0;
    let why = loop {
        if received == count {
            break "all done";
        }
        match pop(&mut consumer) {
            Ok(tick) => println!("received tick {} at {}", tick.seq, tick.price),
            Err(why) => break why,
        }
        received += 1;
    };
    consumer.close();
    println!("{why}: received {received} ticks, closed the ring");
    ticks::leave(directory, name, ring)?;
    Ok(())
}

/// Pops one tick, however long the ring is empty, unless there is a reason to end.
fn pop(consumer: &mut Consumer) -> Result<Tick, &'static str> {
    let mut remarked = false;
    loop {
        match consumer.pop_timeout(SILENCE) {
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
                common::pause(GLANCE).map_err(|_| "stopped")?;
            }
            Err(PopTimeoutError::TimedOut) if cancel::is_cancelled() => return Err("stopped"),
            Err(PopTimeoutError::TimedOut) if !remarked => {
                println!("nothing comes: the producer is stopped");
                remarked = true;
            }
            Err(PopTimeoutError::TimedOut) => {}
        }
    }
}
