//! `refused_owner WHY`: is attached to a mutex, but has come to a place "without /proc", or has become
//! "nobody"; prints why it gets no handle.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{error::Error, fs::Permissions, os::unix::fs::PermissionsExt};

use nix::unistd::geteuid;
use selvedge::{
    mutex::{MutexConfig, SharedMutex},
    segment::sealed,
};
use selvedge_tests::{child, confined};

fn main() -> Result<(), Box<dyn Error>> {
    let [why] = child();
    let (mutex, descriptor) = sealed::create::<SharedMutex<u64>>(MutexConfig::of(0))?;
    match &*why {
        "without /proc" => {
            confined::private_mounts()?;
            confined::hide("/proc", None)?;
        }
        "nobody" if geteuid().is_root() => confined::become_nobody()?,
        // Not even the owner may open it then.
        "nobody" => {
            std::fs::File::from(descriptor).set_permissions(Permissions::from_mode(0o000))?
        }
        _ => return Err(format!("what is {why:?}?").into()),
    }
    println!("{:?}", mutex.handle().map(drop));
    Ok(())
}
