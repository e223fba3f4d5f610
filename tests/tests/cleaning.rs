//! Cleaning and taking over: what is in use keeps its name, what its users left behind does not.

use std::{
    fs::{self, File},
    os::unix::fs::symlink,
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

use nix::{
    fcntl::{FcntlArg, fcntl},
    libc,
};
use selvedge::{
    protocol::spsc::Claim,
    segment::{
        CleanError, Cleaned, CreateError, Directory, Origin, RingConfig, Shared, SpscRing,
        UnlinkError,
    },
};
use selvedge_tests::{Children, Name, Tick};
use tempfile::TempDir;

type Ring = SpscRing<Tick>;

/// One test at a time: a program that is just being started has its parent's files open, too, and so
/// keeps in use what another test has left.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    // Another test's failure is no reason not to run.
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn place() -> (Directory, TempDir) {
    let temporary = tempfile::Builder::new().prefix("tests.").tempdir_in("/dev/shm").unwrap();
    (Directory::at(temporary.path()), temporary)
}

fn create(directory: &Directory, name: &str) -> Shared<Ring> {
    directory.create(name, RingConfig::new(16)).unwrap()
}

fn is_in_use(result: Result<Shared<Ring>, CreateError>) -> bool {
    matches!(result, Err(CreateError::InUse { .. }))
}

#[test]
fn a_name_is_in_use_until_its_last_user_has_detached() {
    let _alone = alone();
    let (directory, _temporary) = place();
    let creator = create(&directory, "ring");
    let clone = creator.clone();
    let attached: Shared<Ring> = directory.attach("ring").unwrap();
    let producer = attached.producer().unwrap();
    drop(creator);
    assert_eq!(directory.clean("ring").unwrap(), Cleaned::InUse, "by a clone");
    drop(clone);
    assert_eq!(directory.clean("ring").unwrap(), Cleaned::InUse, "by an attacher");
    drop(attached);
    assert_eq!(directory.clean("ring").unwrap(), Cleaned::InUse, "by a handle");
    drop(producer);
    assert_eq!(directory.clean("ring").unwrap(), Cleaned::Removed);
    assert_eq!(directory.clean("ring").unwrap(), Cleaned::Absent);
}

/// Every second process is killed while it uses the ring, the others end by themselves.
#[test]
fn what_a_process_uses_is_not_cleaned_and_what_it_left_is() {
    let _alone = alone();
    let shm = Directory::shm();
    for number in 0..20 {
        let name = Name::of(&format!("left.{number}"));
        let ring = create(&shm, &name);
        let mut children = Children::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_consume"));
        let child = children.start("consume", command.arg(&*name));
        while ring.ends()[1] == Claim::Vacant {
            std::thread::yield_now();
        }
        let producer = ring.producer().unwrap();
        drop(ring);
        if number % 2 == 0 {
            drop(producer);
            assert_eq!(shm.clean(&name).unwrap(), Cleaned::InUse);
            assert!(is_in_use(shm.take_over(&name, RingConfig::new(16))));
            child.kill().unwrap();
            child.wait().unwrap();
        } else {
            assert_eq!(shm.clean(&name).unwrap(), Cleaned::InUse);
            producer.close();
            children.finish();
        }
        assert_eq!(shm.clean(&name).unwrap(), Cleaned::Removed);
    }
}

#[test]
fn a_stale_name_is_taken_over_and_attached_to_as_asked() {
    let _alone = alone();
    let (directory, temporary) = place();
    let mut producer = create(&directory, "ring").producer().unwrap();
    producer.try_push(Tick::nth(0)).unwrap();
    assert!(is_in_use(directory.take_over("ring", RingConfig::new(32))));
    drop(producer);

    let config = RingConfig::new(32);
    let (old, origin) = directory.create_or_attach::<Ring>("ring", config).unwrap();
    assert_eq!(origin, Origin::Attached);
    assert_eq!(old.consumer().unwrap().try_pop(), Ok(Tick::nth(0)), "it keeps its contents");
    drop(old);

    let new = directory.take_over::<Ring>("ring", config).unwrap();
    assert_eq!(new.producer().unwrap().capacity(), 32);
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 1);
}

#[test]
fn who_is_attached_keeps_an_unlinked_segment_and_its_name_is_free() {
    let _alone = alone();
    let (directory, _temporary) = place();
    let old = create(&directory, "ring");
    directory.unlink("ring").unwrap();
    let (new, origin) = directory.create_or_attach::<Ring>("ring", RingConfig::new(16)).unwrap();
    assert_eq!(origin, Origin::Created);
    drop(new);
    assert_eq!(directory.clean("ring").unwrap(), Cleaned::Removed, "the old one is no hindrance");
    old.producer().unwrap().try_push(Tick::nth(0)).unwrap();
    assert_eq!(old.consumer().unwrap().try_pop(), Ok(Tick::nth(0)));
}

/// Descriptors are close-on-exec: starting a program does not make it a user.
#[test]
fn a_started_program_does_not_keep_a_name_in_use() {
    let _alone = alone();
    let (directory, _temporary) = place();
    let ring = create(&directory, "ring");
    let other = Name::of("started");
    let theirs = create(&Directory::shm(), &other);
    let mut children = Children::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_consume"));
    children.start("consume", command.arg(&*other));
    while theirs.ends()[1] == Claim::Vacant {
        std::thread::yield_now();
    }
    drop(ring);
    assert_eq!(directory.clean("ring").unwrap(), Cleaned::Removed);
}

#[test]
fn what_is_no_segment_is_not_cleaned_but_can_be_unlinked() {
    let _alone = alone();
    let (directory, temporary) = place();
    let ring = create(&directory, "ring");
    let path = |name| directory.path(name).unwrap();
    fs::write(path("short"), "SELV").unwrap();
    fs::write(path("other"), [7; 4096]).unwrap();
    symlink(path("ring"), path("link")).unwrap();
    for name in ["short", "other", "link"] {
        let cleaned = directory.clean(name);
        assert!(matches!(cleaned, Err(CleanError::NotASegment { .. })), "{name}: {cleaned:?}");
        let taken = directory.take_over::<Ring>(name, RingConfig::new(16));
        let refused = matches!(taken, Err(CreateError::Clean(CleanError::NotASegment { .. })));
        assert!(refused, "{name}: {taken:?}");
        directory.unlink(name).unwrap();
        assert!(matches!(directory.unlink(name), Err(UnlinkError::NotFound { .. })), "{name}");
    }
    fs::create_dir(path("directory")).unwrap();
    let cleaned = directory.clean("directory");
    assert!(matches!(cleaned, Err(CleanError::NotASegment { .. })), "{cleaned:?}");
    assert!(matches!(directory.unlink("directory"), Err(UnlinkError::Io { .. })));
    assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 2, "the ring and the directory");
    drop(ring);
}

/// What is no segment may be locked from end to end by a program that knows nothing of us.
#[test]
fn a_foreign_file_that_is_locked_is_not_waited_for() {
    let _alone = alone();
    let (directory, _temporary) = place();
    let file = File::create(directory.path("other").unwrap()).unwrap();
    let everything = libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    };
    fcntl(&file, FcntlArg::F_OFD_SETLK(&everything)).unwrap();
    let cleaned = directory.clean("other");
    assert!(matches!(cleaned, Err(CleanError::NotASegment { .. })), "{cleaned:?}");
    directory.unlink("other").unwrap();
}
