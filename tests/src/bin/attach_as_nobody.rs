//! `attach_as_nobody MECHANISM DIRECTORY NAME`: gives up root for the user "nobody", opens the segment NAME, and prints
//! what comes of using it, or why it may not.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use nix::sys::prctl::set_dumpable;
use selvedge::segment::Directory;
use selvedge_tests::{child, confined, mechanisms::Mechanism};

fn main() -> Result<(), Box<dyn Error>> {
    let [mechanism, directory, name] = child();
    confined::become_nobody()?;
    // As if it had been started so: otherwise its own /proc is root's.
    set_dumpable(true)?;
    let had = (Mechanism::called(&mechanism).named)(&Directory::at(directory), &name);
    println!("{}", had.map_or_else(|why| why.to_string(), |mut had| had.use_around(&mut || ())));
    Ok(())
}
