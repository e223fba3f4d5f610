//! What processes hold that has no name: sealed segments, found by their descriptors in `/proc`.
//!
//! Anything can have such a segment's name there. It is therefore reached by a path first (`O_PATH`), which does
//! nothing to it, and opened only if it is a file of a tmpfs, as memfds are: no device, and of no file system that
//! somebody else serves.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind},
    os::{
        fd::AsRawFd,
        unix::{
            ffi::OsStrExt,
            fs::{MetadataExt, OpenOptionsExt},
        },
    },
    path::Path,
};

use nix::{
    errno::Errno,
    libc::O_PATH,
    sys::statfs::{TMPFS_MAGIC, fstatfs},
};
use selvedge::{inspect::Inspection, platform::native::FIRST_SLOT, segment::AttachError};

/// Device and inode of a file.
type Id = (u64, u64);

/// A process that holds a segment.
#[derive(Debug)]
pub(super) struct Holder {
    /// What the process is called, without anything that a terminal would obey.
    pub(super) command: String,
    /// Its slots of the segment's registry.
    pub(super) owners: BTreeSet<u32>,
}

/// A segment without a name.
#[derive(Debug)]
pub(super) struct Held {
    /// What its memfd is called.
    pub(super) name: String,
    pub(super) inode: u64,
    pub(super) found: Result<Inspection, AttachError>,
    /// By their pids.
    pub(super) holders: BTreeMap<u32, Holder>,
}

/// What was found, stale at once: processes are looked at one after the other.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) held: BTreeMap<Id, Held>,
    /// How many processes may not be looked at.
    pub(super) hidden: usize,
}

impl Survey {
    /// Looks at every process. One that ends meanwhile holds nothing.
    pub(super) fn make() -> io::Result<Self> {
        let mut survey = Self::default();
        let this = id(&fs::metadata("/proc/self/exe")?);
        for entry in fs::read_dir("/proc")? {
            let process = entry?.path();
            let number = process.file_name().and_then(OsStr::to_str);
            let Some(pid) = number.and_then(|number| number.parse().ok()) else { continue };
            match if_there(survey.look_at(pid, &process, this)) {
                Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                    survey.hidden += usize::from(has_memory(&process));
                }
                looked => drop(looked?),
            }
        }
        Ok(survey)
    }

    /// Adds what a process holds, unless it runs `this` program, which only looks.
    fn look_at(&mut self, pid: u32, process: &Path, this: Id) -> io::Result<()> {
        if id(&process.join("exe").metadata()?) == this {
            return Ok(());
        }
        for descriptor in process.join("fd").read_dir()? {
            if_there(self.add(pid, process, &descriptor?.file_name()))?;
        }
        Ok(())
    }

    /// Adds what a descriptor is of, if that has the name of a segment.
    fn add(&mut self, pid: u32, process: &Path, descriptor: &OsStr) -> io::Result<()> {
        let place = process.join("fd").join(descriptor);
        let Some(name) = name_in(place.read_link()?.as_os_str().as_bytes()) else { return Ok(()) };
        let file = OpenOptions::new().read(true).custom_flags(O_PATH).open(place)?;
        let is = file.metadata()?;
        if !is.is_file() || fstatfs(&file)?.filesystem_type() != TMPFS_MAGIC {
            return Ok(());
        }
        let locks = fs::read_to_string(process.join("fdinfo").join(descriptor))?;
        let command = fs::read(process.join("comm"))?.trim_ascii_end().escape_ascii().to_string();
        let held = self.held.entry(id(&is)).or_insert_with(|| Held {
            name,
            inode: is.ino(),
            found: inspect(&file),
            holders: BTreeMap::new(),
        });
        let holder = held.holders.entry(pid);
        holder.or_insert(Holder { command, owners: BTreeSet::new() }).owners.extend(owners(&locks));
        Ok(())
    }
}

/// `None` of a process or a descriptor that is gone.
fn if_there<T>(looked: io::Result<T>) -> io::Result<Option<T>> {
    match looked {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) if error.raw_os_error() == Some(Errno::ESRCH as i32) => Ok(None),
        looked => looked.map(Some),
    }
}

/// The kernel's own threads have none, nor have the dead.
fn has_memory(process: &Path) -> bool {
    fs::read_to_string(process.join("statm")).is_ok_and(|pages| !pages.starts_with("0 "))
}

fn id(file: &Metadata) -> Id {
    (file.dev(), file.ino())
}

/// What a memfd is called that has the name of a segment, by what its descriptor is a link to.
fn name_in(link: &[u8]) -> Option<String> {
    let name = link.strip_prefix(b"/memfd:")?.strip_suffix(b" (deleted)")?;
    let is_ours = name == b"selvedge" || name.starts_with(b"selvedge.");
    is_ours.then(|| name.escape_ascii().to_string())
}

/// The slots of the registry that are a descriptor's, by its locks in `/proc/PID/fdinfo`.
fn owners(fdinfo: &str) -> impl Iterator<Item = u32> {
    fdinfo.lines().filter_map(|line| {
        let words: Vec<_> = line.strip_prefix("lock:")?.split_whitespace().collect();
        let [_, "OFDLCK", _, "WRITE", _, _, byte, _] = words[..] else { return None };
        byte.parse::<u64>().ok()?.checked_sub(FIRST_SLOT)?.try_into().ok()
    })
}

/// Inspects what a path is of.
fn inspect(path: &File) -> Result<Inspection, AttachError> {
    let file = File::open(format!("/proc/self/fd/{}", path.as_raw_fd()));
    Inspection::of(&file.map_err(|source| AttachError::Io { call: "open", source })?)
}
