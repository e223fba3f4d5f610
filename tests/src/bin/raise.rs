//! `raise FD TIMES`: raises signal 0, 1 … 63, 0 … so often in the set in the inherited memfd FD, without a pause; 0 times
//! for ever: it is there to be killed. Then says "done".
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use selvedge::signal::{Set, Signals};
use selvedge_tests::{child, inherited};

fn main() -> Result<(), Box<dyn Error>> {
    let [descriptor, times] = child();
    let signals = Signals::inherit(inherited(descriptor.parse()?))?;
    let times = match times.parse()? {
        0 => u64::MAX,
        times => times,
    };
    println!("here");
    for number in 0..times {
        signals.raise(Set::of((number % 64) as u32));
    }
    println!("done");
    Ok(())
}
