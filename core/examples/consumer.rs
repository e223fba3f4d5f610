//! The reading half of a ring between two terminals: see `producer`.
//!
//! ```sh
//! cargo run --example consumer [-- --count 100] [--name ticks]
//! ```
#![allow(clippy::print_stdout, reason = "a program for a terminal")]

mod common;

use std::{process::ExitCode, thread, time::Instant};

use clap::Parser;
use common::{
    Done,
    ticks::{self, Arguments, GLANCE, SILENCE, Stop, Tick, TickRing},
};
use selvedge::{
    platform::native::Native,
    protocol::spsc::{self, PopTimeoutError},
    segment::Shared,
};

type Consumer = spsc::Consumer<Native, Tick, Shared<TickRing>>;

fn main() -> ExitCode {
    common::exit("consumer", run(&Arguments::parse()))
}

fn run(Arguments { count, name }: &Arguments) -> Done {
    let directory = common::directory();
    println!("waiting for the ring \"{name}\": start its producer in another terminal");
    let ring = common::wait_for(|| directory.attach::<TickRing>(name))?;
    let mut stop = Stop::listen()?;
    let mut consumer = ring.consumer()?;
    println!("attached to it");

    let mut received = 0;
    let why = loop {
        if received == *count {
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
    ticks::leave(&directory, name, ring)?;
    Ok(())
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
