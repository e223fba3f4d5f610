//! `strange_directories DIR`: in a mount namespace of its own, creates segments in places where that
//! must fail, and prints what happens:
//!
//! - in DIR, made a file system of 64 KiB: a segment of 128 KiB, then one that fits;
//! - in /proc, which has no unnamed files;
//! - in DIR again, with /proc hidden.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{error::Error, fs};

use nix::{
    errno::Errno,
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    unistd::{getgid, getuid},
};
use selvedge::segment::{Directory, RingConfig, SharedSemaphore, SpscRing};
use selvedge_tests::child;

fn main() -> Result<(), Box<dyn Error>> {
    let [path] = child();
    private_mounts().map_err(|e| format!("neither root nor allowed a user namespace: {e}"))?;
    // Nothing that is mounted from here on reaches another namespace.
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?;
    mount(Some("tmpfs"), &*path, Some("tmpfs"), MsFlags::empty(), Some("size=64k"))?;
    let small = Directory::at(&path);
    println!("{:?}", small.create::<SpscRing<u64>>("large", RingConfig::new(16 * 1024)));
    println!("{} files", fs::read_dir(&path)?.count());
    small.create::<SpscRing<u64>>("small", RingConfig::new(1024))?;
    println!("{} file", fs::read_dir(&path)?.count());

    let one = selvedge::segment::SemaphoreConfig::binary();
    println!("{:?}", Directory::at("/proc/self/task").create::<SharedSemaphore>("x", one));
    mount(Some("tmpfs"), "/proc", Some("tmpfs"), MsFlags::empty(), none)?;
    println!("{:?}", small.create::<SharedSemaphore>("no-proc", one));
    println!("{} file", fs::read_dir(&path)?.count());
    Ok(())
}

/// Leaves the mount namespace, as root or as root of a new user namespace.
fn private_mounts() -> Result<(), Box<dyn Error>> {
    match unshare(CloneFlags::CLONE_NEWNS) {
        Err(Errno::EPERM) => {}
        outcome => return Ok(outcome?),
    }
    let (user, group) = (getuid(), getgid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    Ok(())
}
