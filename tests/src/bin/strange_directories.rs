//! `strange_directories DIR`: in a mount namespace of its own, creates segments in places where that
//! must fail, and prints what happens:
//!
//! - in DIR, made a file system of 64 KiB: a segment of 128 KiB, then one that fits;
//! - in /proc, which has no unnamed files;
//! - in DIR again, with /proc hidden.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{error::Error, fs};

use selvedge::{
    segment::{Directory, RingConfig, SpscRing},
    semaphore::SharedSemaphore,
};
use selvedge_tests::{child, confined};

fn main() -> Result<(), Box<dyn Error>> {
    let [path] = child();
    confined::private_mounts()?;
    confined::hide(&path, Some("size=64k"))?;
    let small = Directory::at(&path);
    println!("{:?}", small.create::<SpscRing<u64>>("large", RingConfig::new(16 * 1024)));
    println!("{} files", fs::read_dir(&path)?.count());
    small.create::<SpscRing<u64>>("small", RingConfig::new(1024))?;
    println!("{} file", fs::read_dir(&path)?.count());

    let one = selvedge::semaphore::SemaphoreConfig::binary();
    println!("{:?}", Directory::at("/proc/self/task").create::<SharedSemaphore>("x", one));
    confined::hide("/proc", None)?;
    println!("{:?}", small.create::<SharedSemaphore>("no-proc", one));
    println!("{} file", fs::read_dir(&path)?.count());
    Ok(())
}
