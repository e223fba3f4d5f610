//! `hand_off MINE THEIRS COUNT CORES`: COUNT times, waits for the semaphore MINE and releases THEIRS;
//! on the first core that it may use if CORES is "one", on any otherwise.

use std::error::Error;

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};
use selvedge::{segment::Directory, semaphore::SharedSemaphore};
use selvedge_tests::child;

fn main() -> Result<(), Box<dyn Error>> {
    let [mine, theirs, count, cores] = child();
    if cores == "one" {
        let this = Pid::from_raw(0);
        let allowed = sched_getaffinity(this)?;
        let first = (0..CpuSet::count()).find(|core| allowed.is_set(*core) == Ok(true));
        let mut one = CpuSet::new();
        one.set(first.ok_or("no core")?)?;
        sched_setaffinity(this, &one)?;
    }
    let mine = Directory::shm().attach::<SharedSemaphore>(&mine)?.handle()?;
    let theirs = Directory::shm().attach::<SharedSemaphore>(&theirs)?.handle()?;
    for _ in 0..count.parse::<u64>()? {
        mine.acquire()?;
        theirs.release(1)?;
    }
    Ok(())
}
