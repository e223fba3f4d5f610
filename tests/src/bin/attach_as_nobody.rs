//! `attach_as_nobody MECHANISM DIRECTORY NAME`: gives up root for the user "nobody", opens the segment NAME and
//! prints why it may not.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use selvedge::segment::Directory;
use selvedge_tests::{child, confined, mechanisms::Mechanism};

fn main() -> Result<(), Box<dyn Error>> {
    let [mechanism, directory, name] = child();
    confined::become_nobody()?;
    let had = (Mechanism::called(&mechanism).named)(&Directory::at(directory), &name);
    println!("{}", had.err().ok_or("it may")?);
    Ok(())
}
