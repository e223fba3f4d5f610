//! A name is there with a finished segment, or not at all; and it has one creator.

use std::{sync::Barrier, thread};

use selvedge::segment::{AttachError, CreateError, Directory, RingConfig, Shared, SpscRing};
use tempfile::TempDir;

/// Threads that create or attach at once.
const THREADS: usize = 4;

fn directory() -> (Directory, TempDir) {
    let temporary = tempfile::Builder::new().prefix("tests.").tempdir_in("/dev/shm").unwrap();
    (Directory::at(temporary.path()), temporary)
}

fn create(directory: &Directory, name: &str) -> Result<Shared<SpscRing<u64>>, CreateError> {
    directory.create(name, RingConfig::new(16))
}

#[test]
fn of_many_creators_one_succeeds() {
    let (directory, _temporary) = directory();
    for round in 0..200 {
        let name = format!("round.{round}");
        let barrier = Barrier::new(THREADS);
        let create = || {
            barrier.wait();
            match create(&directory, &name) {
                Ok(_) => 1,
                Err(CreateError::AlreadyExists { .. }) => 0,
                Err(error) => panic!("{error}"),
            }
        };
        let created: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(create)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(created, 1);
    }
}

#[test]
fn no_half_made_segment_has_a_name() {
    let (directory, _temporary) = directory();
    let attach_until_the_end = || {
        let mut attached = 0;
        while matches!(directory.attach::<SpscRing<u64>>("end"), Err(AttachError::NotFound { .. }))
        {
            match directory.attach::<SpscRing<u64>>("ring") {
                Ok(_) => attached += 1,
                Err(AttachError::NotFound { .. }) => {}
                Err(error) => panic!("half-made: {error}"),
            }
        }
        attached
    };
    thread::scope(|scope| {
        let attacher = scope.spawn(attach_until_the_end);
        for _ in 0..5000 {
            create(&directory, "ring").unwrap();
            directory.unlink("ring").unwrap();
        }
        create(&directory, "end").unwrap();
        assert_ne!(attacher.join().unwrap(), 0, "the attacher was never in time");
    });
}
