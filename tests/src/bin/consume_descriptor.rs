//! `consume_descriptor FD`: what `consume` does, with the ring in a memfd that was inherited as FD.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use selvedge::segment::{SpscRing, sealed};
use selvedge_tests::{child, consume_all, inherited};

fn main() -> Result<(), Box<dyn Error>> {
    let [descriptor] = child();
    let descriptor = inherited(descriptor.parse()?);
    println!("{}", consume_all(&sealed::attach::<SpscRing<_>>(descriptor)?)?);
    Ok(())
}
