//! `selvedge ls` among the living, the dead and what is no segment: as the README shows it.
#![cfg(target_os = "linux")]

use std::{fs, mem, process::Command, thread, time::Duration};

use selvedge::{
    message_queue::{MessageQueue, Text},
    mutex::{MutexConfig, SharedMutex},
    permits::{PermitPool, PermitsConfig},
    pipe::Pipe,
    segment::{Directory, RingConfig},
    semaphore::{SemaphoreConfig, SharedSemaphore},
    shared_memory::{AtomicCells, CellsConfig, LatestCell, LatestConfig},
};

#[test]
fn the_readme_shows_what_ls_prints_of_the_living_the_dead_and_the_foreign() {
    let place = tempfile::tempdir_in("/dev/shm").unwrap();
    let directory = Directory::at(place.path());
    let config = RingConfig::new(16);
    let (jobs, _) = MessageQueue::<Text<1024>>::named(&directory, "jobs", config).unwrap();
    let mut receiver = jobs.receiver().unwrap();
    let waiting = thread::spawn(move || receiver.recv());
    // A handle that is dropped while it holds something is, to the others, as one that died.
    let counter = directory.create::<SharedMutex<u64>>("counter", MutexConfig::of(0)).unwrap();
    let dead = counter.handle().unwrap();
    mem::forget(dead.lock().unwrap());
    drop(dead);
    let licences = directory.create::<PermitPool>("licences", PermitsConfig::new(4)).unwrap();
    let (dead, alive) = (licences.handle().unwrap(), licences.handle().unwrap());
    mem::forget(dead.acquire().unwrap());
    drop(dead);
    let _licence = alive.acquire().unwrap();
    drop(directory.create::<SharedSemaphore>("door", SemaphoreConfig::binary()).unwrap());
    drop(directory.create::<AtomicCells>("hits", CellsConfig::new(3)).unwrap());
    let pipe = Pipe::named(&directory, "log", 4096).unwrap();
    let mut log = pipe.writer().unwrap();
    log.try_write(b"twelve bytes").unwrap();
    let cell = directory.create::<LatestCell<u64>>("temperature", LatestConfig::of(19)).unwrap();
    cell.writer().unwrap().write(20);
    fs::write(
        directory.path("notes").unwrap(),
        "no segment, but more than a header has bytes ".repeat(3),
    )
    .unwrap();

    let list = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge"));
        let output = command.arg("--directory").arg(place.path()).arg("ls").output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        let printed = String::from_utf8(output.stdout).unwrap();
        printed.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    };
    let is_shown = |lines: &String| include_str!("../README.md").contains(lines);
    // It takes the receiver a moment to fall asleep.
    let mut lines = list();
    for _ in 0..50 {
        if is_shown(&lines) {
            break;
        }
        thread::sleep(Duration::from_millis(20));
        lines = list();
    }
    assert!(is_shown(&lines), "the README does not show:\n{lines}");

    jobs.sender().unwrap().send("the last").unwrap();
    assert_eq!(waiting.join().unwrap().unwrap(), "the last");
}
