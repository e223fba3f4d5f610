//! `attach_as_nobody NAME`: gives up root for the user "nobody", attaches to the semaphore NAME and
//! prints what happens.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use selvedge::{segment::Directory, semaphore::SharedSemaphore};
use selvedge_tests::{child, confined};

fn main() -> Result<(), Box<dyn Error>> {
    let [name] = child();
    confined::become_nobody()?;
    println!("{:?}", Directory::shm().attach::<SharedSemaphore>(&name));
    Ok(())
}
