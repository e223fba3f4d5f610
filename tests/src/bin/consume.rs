//! `consume NAME`: pops ticks from the ring NAME until it is closed, checks that they are the first
//! ones in order, and prints how many there were and their checksum.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use selvedge::segment::{Directory, SpscRing};
use selvedge_tests::{child, consume_all};

fn main() -> Result<(), Box<dyn Error>> {
    let [name] = child();
    println!("{}", consume_all(&Directory::shm().attach::<SpscRing<_>>(&name)?)?);
    Ok(())
}
