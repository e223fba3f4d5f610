//! `hand_off MINE THEIRS COUNT CORES`: COUNT times, waits for the semaphore MINE and releases THEIRS;
//! on the first core that it may use if CORES is "one", on any otherwise.

use std::error::Error;

use nix::unistd::Pid;
use selvedge::{segment::Directory, semaphore::SharedSemaphore};
use selvedge_tests::{allowed_cores, child, stay_on};

fn main() -> Result<(), Box<dyn Error>> {
    let [mine, theirs, count, cores] = child();
    if cores == "one" {
        stay_on(allowed_cores()[0], Pid::this());
    }
    let mine = Directory::shm().attach::<SharedSemaphore>(&mine)?.handle()?;
    let theirs = Directory::shm().attach::<SharedSemaphore>(&theirs)?.handle()?;
    for _ in 0..count.parse::<u64>()? {
        mine.acquire()?;
        theirs.release(1)?;
    }
    Ok(())
}
