//! Which users may open a named segment.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::Command,
};

use nix::{
    sched::{CloneFlags, unshare},
    sys::stat::{Mode, umask},
    unistd::geteuid,
};
use selvedge::{
    segment::{ConfigError, CreateError, Directory, OpenError, RingConfig, SpscRing},
    signal::Signals,
};
use selvedge_tests::{Children, begin, mechanisms::Mechanism};
use tempfile::TempDir;

/// A place that every user may enter.
fn place() -> TempDir {
    let place = tempfile::Builder::new().prefix("tests.").tempdir_in("/dev/shm").unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    place
}

fn mode(directory: &Directory, name: &str) -> u32 {
    fs::metadata(directory.path(name).unwrap()).unwrap().permissions().mode() & 0o7777
}

#[test]
fn the_mode_is_what_was_asked_for_and_0600_by_default_whatever_the_umask() {
    for mask in [0, 0o022, 0o777] {
        let place = place();
        let private = Directory::at(place.path());
        let created = [("private", private.clone()), ("asked", private.clone().mode(0o664))];
        let modes = begin(move || {
            // The umask of this thread alone.
            unshare(CloneFlags::CLONE_FS).unwrap();
            umask(Mode::from_bits(mask).unwrap());
            created.map(|(name, directory)| {
                drop(directory.create::<SpscRing<u8>>(name, RingConfig::new(4)).unwrap());
                let created = mode(&directory, name);
                drop(directory.take_over::<SpscRing<u8>>(name, RingConfig::new(4)).unwrap());
                [created, mode(&directory, name)]
            })
        });
        assert_eq!(modes.recv().unwrap(), [[0o600; 2], [0o664; 2]], "with the umask {mask:04o}");
    }
}

#[test]
fn who_attaches_leaves_the_mode_as_it_is() {
    let place = place();
    let directory = Directory::at(place.path());
    drop(Signals::named(&directory.clone().mode(0o640), "signals").unwrap());
    drop(Signals::named(&directory.clone().mode(0o666), "signals").unwrap());
    assert_eq!(mode(&directory, "signals"), 0o640);
}

#[test]
fn a_mode_that_is_no_segments_is_refused_and_leaves_nothing() {
    let place = place();
    for mode in [0, 0o060, 0o400, 0o700, 0o601, 0o1600, 0o2660, 0o4600, 0o100_600, u32::MAX] {
        let directory = Directory::at(place.path()).mode(mode);
        let refused = Signals::named(&directory, "signals").unwrap_err();
        let OpenError::Create(CreateError::Config(refused)) = refused else { panic!("{refused}") };
        assert_eq!(refused, ConfigError::Mode(mode));
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}

/// What the user "nobody" says of the segment.
fn nobody_says(mechanism: &Mechanism, place: &Path) -> String {
    let mut children = Children::new();
    let mut command = Command::new(env!("CARGO_BIN_EXE_attach_as_nobody"));
    command.arg(mechanism.name).arg(place).arg("segment");
    children.start("attach_as_nobody", &mut command);
    children.finish().remove(0)
}

#[test]
fn another_user_may_open_it_if_the_mode_says_so_and_use_it_then() {
    const NOBODY: u32 = 65534;
    if !geteuid().is_root() {
        return;
    }
    for mechanism in Mechanism::ALL {
        let mut user = {
            let place = place();
            (mechanism.named)(&Directory::at(place.path()), "segment").unwrap()
        };
        let used = user.use_around(&mut || ());
        for (mode, group, may) in [
            (0o600, NOBODY, false),
            (0o660, 0, false),
            (0o606, 0, true),
            (0o660, NOBODY, true),
            (0o640, NOBODY, false),
        ] {
            let place = place();
            let directory = Directory::at(place.path()).mode(mode);
            if mechanism.name == "pipe" {
                // Not one that is over, because its ends were closed.
                drop(directory.create::<SpscRing<u8>>("segment", RingConfig::new(4)).unwrap());
            } else {
                drop((mechanism.named)(&directory, "segment").unwrap());
            }
            chown(directory.path("segment").unwrap(), None, Some(group)).unwrap();
            let said = nobody_says(&mechanism, place.path());
            let row = format!("{} of mode {mode:o} and group {group}: {said}", mechanism.name);
            assert_eq!(said == used, may, "{row}");
            assert_eq!(said.starts_with("no permission to open"), !may, "{row}");
        }
    }
}
