//! Each attack on each mechanism. What comes of it stands in one table: an error, and nothing else. Only pages that turn
//! zero while they are used are no error everywhere, but what the cards say of a fresh page.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::{
        fd::OwnedFd,
        unix::{
            fs::{PermissionsExt, symlink},
            process::ExitStatusExt,
        },
    },
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use nix::{
    fcntl::{F_ADD_SEALS, FallocateFlags, SealFlag, fallocate, fcntl},
    sys::{
        memfd::{MFdFlags, memfd_create},
        signal::Signal,
    },
    unistd::geteuid,
};
use selvedge::segment::{Directory, LAYOUT_VERSION};
use selvedge_tests::{
    Children, LIMIT,
    mechanisms::{Had, Mechanism},
    write_header,
};
use tempfile::TempDir;

/// A directory of segments, in shared memory.
struct Place {
    temporary: TempDir,
    directory: Directory,
}

/// What an attempt must leave as it is: files and their bytes, descriptors, mapped files.
type State = (BTreeMap<PathBuf, Option<Vec<u8>>>, usize, usize);

impl Place {
    fn new() -> Self {
        let temporary = tempfile::Builder::new().prefix("tests.").tempdir_in("/dev/shm").unwrap();
        Self { directory: Directory::at(temporary.path()), temporary }
    }

    fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// The file of a segment that is there now, without a user.
    fn segment(&self, mechanism: &Mechanism) -> File {
        drop((mechanism.named)(&self.directory, "segment").unwrap());
        let path = self.directory.path("segment").unwrap();
        OpenOptions::new().read(true).write(true).open(path).unwrap()
    }

    fn state(&self) -> State {
        let files = fs::read_dir(self.path()).unwrap().map(|file| file.unwrap().path());
        let contents = files.map(|path| (path.clone(), fs::read(path).ok())).collect();
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let mapped = maps.lines().filter(|map| map.contains("/memfd:") || map.contains("/tests."));
        (contents, fs::read_dir("/proc/self/fd").unwrap().count(), mapped.count())
    }

    /// Why the attempt failed, which has left everything as it was.
    fn refused(&self, attempt: impl FnOnce() -> Had) -> String {
        let before = self.state();
        let error = attempt().err().expect("it is refused");
        assert!(self.state() == before, "something changed, or is left behind: {error}");
        error.to_string().replace(self.path().to_str().unwrap(), "DIRECTORY")
    }

    fn refused_name(&self, mechanism: &Mechanism, name: &str) -> String {
        self.refused(|| (mechanism.named)(&self.directory, name))
    }

    fn refused_descriptor(&self, mechanism: &Mechanism, file: &File) -> String {
        self.refused(|| (mechanism.inherit)(file))
    }

    /// Why a segment is refused that was good before it was spoiled, whether it has a name or is sealed.
    fn refused_spoiled(&self, mechanism: &Mechanism, spoil: impl Fn(&File)) -> String {
        spoil(&self.segment(mechanism));
        let sealed = (mechanism.sealed)(4);
        drop((mechanism.inherit)(&sealed).unwrap());
        spoil(&sealed);
        let said = self.refused_name(mechanism, "segment");
        assert_eq!(self.refused_descriptor(mechanism, &sealed), said);
        said
    }

    /// Why a child program was refused, which was told the mechanism and more.
    fn refused_child(&self, program: &str, mechanism: &Mechanism, more: [&str; 2]) -> String {
        self.refused(|| {
            let mut children = Children::new();
            let name = mechanism.name;
            children.start(program, Command::new(program).arg(name).args(more));
            Err(children.finish().remove(0).into())
        })
    }

    fn refused_in(&self, mechanism: &Mechanism, how: &str, path: &Path) -> String {
        let program = env!("CARGO_BIN_EXE_strange_directory");
        self.refused_child(program, mechanism, [how, path.to_str().unwrap()])
    }
}

/// Lets every page turn zero.
fn punch(file: &File) {
    let size = file.metadata().unwrap().len().cast_signed();
    let hole = FallocateFlags::FALLOC_FL_PUNCH_HOLE | FallocateFlags::FALLOC_FL_KEEP_SIZE;
    fallocate(file, hole, 0, size).unwrap();
}

/// What a user of a sealed segment tells, in the middle of whose work something happens to it.
fn told(mechanism: &Mechanism, happens: impl Fn(&File)) -> String {
    let file = (mechanism.sealed)(4);
    (mechanism.inherit)(&file).unwrap().use_around(&mut || happens(&file))
}

/// An attack on a mechanism, in a place where there is a bystander's segment already; it says what comes of it.
type Attack = fn(&Mechanism, &Place) -> String;

const ATTACKS: &[(&str, Attack)] = &[
    ("no attack", |mechanism, _| told(mechanism, |_| ())),
    ("a segment of another user", |mechanism, place| {
        let file = place.segment(mechanism);
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        if geteuid().is_root() {
            fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
            let program = env!("CARGO_BIN_EXE_attach_as_nobody");
            let path = place.path().to_str().unwrap();
            place.refused_child(program, mechanism, [path, "segment"])
        } else {
            file.set_permissions(Permissions::from_mode(0o000)).unwrap();
            place.refused_name(mechanism, "segment")
        }
    }),
    ("another magic word", |mechanism, place| {
        place.refused_spoiled(mechanism, |file| write_header(file, "magic", b"SELVAGES"))
    }),
    ("another version", |mechanism, place| {
        let next = LAYOUT_VERSION + 1;
        place.refused_spoiled(mechanism, |file| write_header(file, "version", &next.to_le_bytes()))
    }),
    ("records of another size", |mechanism, place| {
        let size = 3_u64.to_le_bytes();
        place.refused_spoiled(mechanism, |file| write_header(file, "record_size", &size))
    }),
    ("the segment of any other mechanism", |mechanism, place| {
        let others = Mechanism::ALL.into_iter().filter(|other| other.name != mechanism.name);
        let refused = others.map(|other| {
            drop((other.named)(&place.directory, other.name).unwrap());
            let said = place.refused_name(mechanism, other.name);
            assert_eq!(place.refused_descriptor(mechanism, &(other.sealed)(4)), said);
            let said = said.replace(&other.protocol.to_string(), "THEIRS");
            said.replace(&mechanism.protocol.to_string(), "OURS")
        });
        the_same(refused)
    }),
    ("the name \"..\"", |mechanism, place| place.refused_name(mechanism, "..")),
    ("a name with a slash", |mechanism, place| {
        let above = format!("../{}/bystander", place.path().file_name().unwrap().display());
        place.refused_name(mechanism, &above)
    }),
    ("a name of 300 bytes", |mechanism, place| place.refused_name(mechanism, &"x".repeat(300))),
    ("a symbolic link to a good segment", |mechanism, place| {
        let [segment, link] = ["segment", "link"].map(|name| place.directory.path(name).unwrap());
        place.segment(mechanism);
        symlink(segment, link).unwrap();
        place.refused_name(mechanism, "link")
    }),
    ("a file that lacks its last byte", |mechanism, place| {
        let file = place.segment(mechanism);
        file.set_len(file.metadata().unwrap().len() - 1).unwrap();
        place.refused_name(mechanism, "segment")
    }),
    ("the descriptor of /dev/null", |mechanism, place| {
        place.refused_descriptor(mechanism, &File::open("/dev/null").unwrap())
    }),
    ("the descriptor of a pipe", |mechanism, place| {
        let (reader, _writer) = io::pipe().unwrap();
        place.refused_descriptor(mechanism, &File::from(OwnedFd::from(reader)))
    }),
    ("the descriptor of a named segment", |mechanism, place| {
        let file = place.segment(mechanism);
        place.refused_descriptor(mechanism, &file)
    }),
    ("a memfd that is not sealed, or against shrinking or growing alone", |mechanism, place| {
        let seals = [SealFlag::empty(), SealFlag::F_SEAL_SHRINK, SealFlag::F_SEAL_GROW];
        the_same(seals.map(|seals| {
            let copy = File::from(memfd_create(c"copy", MFdFlags::MFD_ALLOW_SEALING).unwrap());
            io::copy(&mut (mechanism.sealed)(4), &mut &copy).unwrap();
            fcntl(&copy, F_ADD_SEALS(seals)).unwrap();
            let said = place.refused_descriptor(mechanism, &copy);
            fcntl(&copy, F_ADD_SEALS(SealFlag::F_SEAL_SHRINK | SealFlag::F_SEAL_GROW)).unwrap();
            drop((mechanism.inherit)(&copy).unwrap());
            said
        }))
    }),
    ("pages that were punched before", |mechanism, place| place.refused_spoiled(mechanism, punch)),
    ("pages that are punched while in use", |mechanism, _| told(mechanism, punch)),
    ("a file that is truncated while in use", |mechanism, place| {
        truncated(mechanism, place, "plainly")
    }),
    ("a file that is truncated while in use, under the guard", |mechanism, place| {
        truncated(mechanism, place, "guarded")
    }),
    ("a registry of one, for another handle", |mechanism, place| {
        let file = (mechanism.sealed)(1);
        let another = || {
            let _first = (mechanism.inherit)(&file)?;
            (mechanism.inherit)(&file)
        };
        match mechanism.name {
            "semaphore" | "cells" | "signals" => {
                another().map(|_| "does not apply: it has none").unwrap().into()
            }
            _ => place.refused(another),
        }
    }),
    ("a file system that lacks one page", |mechanism, place| {
        place.refused_in(mechanism, "full", place.path())
    }),
    ("a file system without unnamed files", |mechanism, place| {
        place.refused_in(mechanism, "without unnamed files", Path::new("/proc/self/task"))
    }),
    ("no /proc", |mechanism, place| place.refused_in(mechanism, "without /proc", place.path())),
];

/// What comes of a child that uses a segment whose file is truncated meanwhile.
fn truncated(mechanism: &Mechanism, place: &Place, how: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_truncate"));
    let ended = child.args([mechanism.name, how]).arg(place.path()).output().unwrap();
    match ended.status.signal() {
        Some(signal) => Signal::try_from(signal).unwrap().to_string(),
        None => String::from_utf8(ended.stdout).unwrap().trim().replace("guarded\n", ""),
    }
}

/// What all of them say.
fn the_same(said: impl IntoIterator<Item = String>) -> String {
    let mut said = said.into_iter();
    let first = said.next().expect("one at least");
    said.for_each(|other| assert_eq!(other, first));
    first
}

/// What comes of an attack on a mechanism, in the middle of the work of a bystander, who does not notice.
fn attacked(mechanism: &Mechanism, attack: Attack) -> String {
    let place = Place::new();
    let mut bystander = (mechanism.named)(&place.directory, "bystander").unwrap();
    let mut answer = String::new();
    let telling = bystander.use_around(&mut || answer = attack(mechanism, &place));
    assert_eq!(telling, told(mechanism, |_| ()));
    answer
}

/// Likewise, unless it hangs.
fn attacked_in_time(mechanism: &'static Mechanism, attack: Attack) -> String {
    let start = Instant::now();
    let attacking = thread::spawn(move || attacked(mechanism, attack));
    while !attacking.is_finished() {
        assert!(start.elapsed() < LIMIT, "it hangs");
        thread::sleep(Duration::from_millis(1));
    }
    attacking.join().unwrap()
}

#[test]
fn an_attack_is_an_error_and_nothing_else() {
    let mut table = String::new();
    for (name, attack) in ATTACKS {
        let mut answers: Vec<(String, Vec<&str>)> = Vec::new();
        for mechanism in &Mechanism::ALL {
            let answer = attacked_in_time(mechanism, *attack);
            match answers.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, who)) => who.push(mechanism.name),
                None => answers.push((answer, vec![mechanism.name])),
            }
        }
        writeln!(table, "{name}").unwrap();
        for (answer, who) in answers {
            let who = if who.len() == Mechanism::ALL.len() { "all".into() } else { who.join(", ") };
            writeln!(table, "    {who}: {answer}").unwrap();
        }
    }
    insta::assert_snapshot!(table);
}
