//! `attach_as_nobody NAME`: gives up root for the user "nobody", attaches to the semaphore NAME and
//! prints what happens.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::error::Error;

use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};
use selvedge::segment::{Directory, SharedSemaphore};
use selvedge_tests::child;

const NOBODY: u32 = 65534;

fn main() -> Result<(), Box<dyn Error>> {
    let [name] = child();
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    setgroups(&[])?;
    setresgid(group, group, group)?;
    setresuid(user, user, user)?;
    println!("{:?}", Directory::shm().attach::<SharedSemaphore>(&name));
    Ok(())
}
