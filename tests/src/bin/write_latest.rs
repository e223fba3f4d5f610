//! `write_latest FD`: is the writer of the cell in the inherited memfd FD, and writes on and on: it is there to be
//! killed.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use selvedge::{segment::sealed, shared_memory::LatestCell};
use selvedge_tests::{Wide, child, inherited};

fn main() -> Result<(), Box<dyn Error>> {
    let [descriptor] = child();
    let cell = sealed::attach::<LatestCell<Wide>>(inherited(descriptor.parse()?))?;
    let first = cell.reader().read().0[0];
    let mut writer = cell.writer()?;
    println!("here");
    for n in first + 1.. {
        writer.write(Wide([n; 32]));
    }
    Ok(())
}
