//! `hand_off MINE THEIRS COUNT CORE`: COUNT times, waits for the semaphore MINE and releases THEIRS;
//! on one core if CORE is a number, anywhere if it is "any".

use std::error::Error;

use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};
use selvedge::segment::{Directory, SharedSemaphore};
use selvedge_tests::child;

fn main() -> Result<(), Box<dyn Error>> {
    let [mine, theirs, count, core] = child();
    if core != "any" {
        let mut cores = CpuSet::new();
        cores.set(core.parse()?)?;
        sched_setaffinity(Pid::from_raw(0), &cores)?;
    }
    let mine = Directory::shm().attach::<SharedSemaphore>(&mine)?.handle()?;
    let theirs = Directory::shm().attach::<SharedSemaphore>(&theirs)?.handle()?;
    for _ in 0..count.parse::<u64>()? {
        mine.acquire()?;
        theirs.release(1)?;
    }
    Ok(())
}
