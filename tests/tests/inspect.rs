//! Whoever looks at a segment survives what is in it, and finds what is true.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
};

use proptest::{collection::vec, prelude::*};
use selvedge::{
    inspect::State,
    mutex::{MutexConfig, SharedMutex},
    permits::{PermitPool, PermitsConfig},
    protocol::mutex::Condition,
    segment::{Directory, MpmcQueue, RingConfig, SpscRing},
    semaphore::{SemaphoreConfig, SharedSemaphore},
    shared_memory::{AtomicCells, CellsConfig, LatestCell, LatestConfig},
    signal::SharedSignals,
};

/// A segment of each kind.
fn all(directory: &Directory) -> [&'static str; 8] {
    let config = RingConfig::new(8);
    drop(directory.create::<SpscRing<u64>>("ring", config).unwrap());
    drop(directory.create::<MpmcQueue<u64>>("queue", config).unwrap());
    drop(directory.create::<SharedSemaphore>("semaphore", SemaphoreConfig::counting(3)).unwrap());
    drop(directory.create::<SharedMutex<u64>>("mutex", MutexConfig::of(7)).unwrap());
    drop(directory.create::<PermitPool>("permits", PermitsConfig::new(3)).unwrap());
    drop(directory.create::<LatestCell<u64>>("latest", LatestConfig::of(7)).unwrap());
    drop(directory.create::<AtomicCells>("cells", CellsConfig::new(3)).unwrap());
    drop(directory.create::<SharedSignals>("signals", ()).unwrap());
    ["ring", "queue", "semaphore", "mutex", "permits", "latest", "cells", "signals"]
}

#[test]
fn who_holds_a_mutex_is_seen_alive_and_then_dead_and_looking_uses_nothing() {
    let place = tempfile::tempdir_in("/dev/shm").unwrap();
    let directory = Directory::at(place.path());
    all(&directory);
    let shared = directory.attach::<SharedMutex<u64>>("mutex").unwrap();
    let mutex = shared.handle().unwrap();
    core::mem::forget(mutex.lock().unwrap());
    let seen = directory.inspect("mutex").unwrap();
    let State::Mutex { holder: Some(holder), condition: Condition::Consistent, waiters: 0 } =
        seen.state
    else {
        panic!("{seen:?}")
    };
    assert!(seen.lives(holder) && seen.in_use);
    drop((mutex, shared));
    let seen = directory.inspect("mutex").unwrap();
    assert!(!seen.lives(holder) && !seen.in_use && seen.living.is_empty(), "{seen:?}");
}

proptest! {
    /// Any words, with the file's size as it was or any other.
    #[test]
    fn any_words_are_looked_at_without_harm(
        words in vec((0..64_u64, prop_oneof![any::<u64>(), 0..9_u64, Just(u64::MAX)]), 0..6),
        size in prop_oneof![4 => Just(None), 1 => (0..2_000_u64).prop_map(Some)],
    ) {
        let place = tempfile::tempdir_in("/dev/shm").unwrap();
        let directory = Directory::at(place.path());
        for name in all(&directory) {
            let path = directory.path(name).unwrap();
            let file = OpenOptions::new().write(true).open(&path).unwrap();
            for (place, word) in &words {
                // The magic word and the version stay, or nothing else would be looked at.
                file.write_all_at(&word.to_le_bytes(), 16 + 8 * place).unwrap();
            }
            if let Some(size) = size {
                file.set_len(size).unwrap();
            }
            let before = fs::read(&path).unwrap();
            let _ = directory.inspect(name);
            prop_assert_eq!(fs::read(&path).unwrap(), before, "{} was changed", name);
        }
    }
}
