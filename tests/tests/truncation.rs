//! A named segment's file is truncated while others use it, under the guard.

use std::{fs::File, os::unix::process::ExitStatusExt, process::Command, time::Instant};

use nix::libc::SIGBUS;
use selvedge::{
    message_queue::{MessageQueue, Text},
    mutex::{MutexConfig, SharedMutex},
    pipe::Pipe,
    segment::{Directory, RingConfig, guard},
    semaphore::{Semaphore, SemaphoreConfig},
    shared_memory::{
        AtomicCells, CellsConfig, CellsReader, LatestCell, LatestConfig, LatestReader,
    },
};
use selvedge_tests::{A_WHILE, FOR_EVER, Name, begin, peer_dead::BOUND};

/// A call that waits until the file of the segment of this name is truncated, and then says what came of it.
fn truncated(name: &Name, call: impl FnOnce() -> String + Send + 'static) -> String {
    let file = File::options().write(true).open(Directory::shm().path(name).unwrap()).unwrap();
    let result = begin(call);
    assert!(result.recv_timeout(A_WHILE).is_err(), "it waits");
    let start = Instant::now();
    file.set_len(0).unwrap();
    let said = result.recv_timeout(FOR_EVER).expect("it waits for ever");
    assert!(start.elapsed() < BOUND, "it was told after {:?}", start.elapsed());
    said
}

#[test]
fn who_waits_is_told() {
    guard::install().unwrap();
    let (shm, name) = (Directory::shm(), |mechanism| Name::of(&format!("truncated.{mechanism}")));

    let pipe = name("pipe");
    let ends = Pipe::named(&shm, &pipe, 64).unwrap();
    let (_writer, mut reader) = (ends.writer().unwrap(), ends.reader().unwrap());
    let said = truncated(&pipe, move || {
        format!("{:?}", reader.read_timeout(&mut [0; 9], FOR_EVER).unwrap_err().kind())
    });
    assert_eq!(said, "InvalidData");

    let queue = name("queue");
    let (messages, _) = MessageQueue::<Text<9>>::named(&shm, &queue, RingConfig::new(4)).unwrap();
    let mut receiver = messages.receiver().unwrap();
    let said = truncated(&queue, move || format!("{:?}", receiver.recv().unwrap_err()));
    assert_eq!(said, "Corrupt");

    let mutex = name("mutex");
    let shared = shm.create::<SharedMutex<u64>>(&mutex, MutexConfig::of(0)).unwrap();
    let (holder, other) = (shared.handle().unwrap(), shared.handle().unwrap());
    core::mem::forget(holder.lock().unwrap());
    let said = truncated(&mutex, move || other.lock().unwrap_err().to_string());
    assert_eq!(said, "shared memory holds a value that the protocol never writes");

    let semaphore = name("semaphore");
    let config = SemaphoreConfig::binary().initially(0);
    let (permits, _) = Semaphore::named(&shm, &semaphore, config).unwrap();
    let said = truncated(&semaphore, move || permits.acquire().unwrap_err().to_string());
    assert_eq!(said, "shared memory holds a value that the protocol never writes");
}

#[test]
fn readers_can_tell_that_what_they_read_is_nobodys_and_others_are_not_touched() {
    guard::install().unwrap();
    let (shm, names) = (Directory::shm(), ["lost", "kept"].map(Name::of));
    let [lost, kept] = names.each_ref().map(|name| {
        // Two pages, of which the second is lost.
        drop(shm.create::<AtomicCells>(name, CellsConfig::new(1000)).unwrap());
        CellsReader::attach(&shm, name).unwrap()
    });
    let path = shm.path(&names[0]).unwrap();
    File::options().write(true).open(path).unwrap().set_len(4096).unwrap();
    assert_eq!(lost.load(0), 0, "the first page is there");
    assert!(!lost.is_lost());
    assert_eq!(lost.load(999), u64::MAX);
    assert!(lost.is_lost());
    assert_eq!(lost.load(0), u64::MAX, "nothing of it is trusted any more");
    assert_eq!((kept.load(999), kept.is_lost()), (0, false));

    // The place in the guard's list is used again.
    drop(lost);
    let another = Name::of("another");
    drop(shm.create::<LatestCell<u64>>(&another, LatestConfig::of(7)).unwrap());
    let reader = LatestReader::<u64>::attach(&shm, &another).unwrap();
    assert_eq!((reader.read(), reader.is_lost()), (7, false));
}

#[test]
fn another_fault_kills_as_ever() {
    let program = env!("CARGO_BIN_EXE_truncate");
    let directory = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut child = Command::new(program);
    let ended = child.args(["pipe", "elsewhere"]).arg(directory.path()).output().unwrap();
    assert_eq!(ended.status.signal(), Some(SIGBUS), "{ended:?}");
    assert!(String::from_utf8_lossy(&ended.stdout).contains("guarded"), "{ended:?}");
}
