//! Segments with a name, in a directory.

use std::{
    fs, io,
    os::fd::{AsFd, AsRawFd, OwnedFd},
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, AtFlags, OFlag, open},
    sys::stat::Mode,
    unistd::linkat,
};

use super::{
    AttachError, CreateError, NameError, Object, Shared, UnlinkError,
    file::{self, attach_io, create_io},
};

/// A directory of named segments. The segment `NAME` is the file `selvedge.NAME`, of mode 0600.
///
/// Whoever may open a file for writing is trusted: not to truncate it (any later access to a missing
/// page is a SIGBUS), and not to write to it except through this library. Files in a tmpfs cannot be
/// sealed; where a peer is not trusted, use [`sealed`](super::sealed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// The longest name, in bytes.
    pub const MAX_NAME: usize = 200;

    /// What the names of the files begin with.
    pub const PREFIX: &'static str = "selvedge.";

    /// `/dev/shm`, the machine's shared memory, where every user may create files.
    #[must_use]
    pub fn shm() -> Self {
        Self::at("/dev/shm")
    }

    /// The directory `path`, which must be there when a segment is created, on a file system that
    /// supports `O_TMPFILE`. Use a tmpfs: elsewhere the kernel writes the pages to a disk.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file of the segment `name`.
    ///
    /// # Errors
    /// [`NameError`] if no segment can have that name.
    pub fn path(&self, name: &str) -> Result<PathBuf, NameError> {
        match name {
            "" => return Err(NameError::Empty),
            "." | ".." => return Err(NameError::Dots),
            _ if name.len() > Self::MAX_NAME => return Err(NameError::TooLong(name.len())),
            _ if name.contains('/') => return Err(NameError::Slash),
            _ if name.contains('\0') => return Err(NameError::Nul),
            _ => {}
        }
        Ok(self.path.join(format!("{}{name}", Self::PREFIX)))
    }

    /// Creates a segment and gives it the name `name`. All of its memory is allocated.
    ///
    /// The name appears with the finished segment, in one step; of two processes that create the
    /// same name, one gets [`CreateError::AlreadyExists`].
    ///
    /// # Errors
    /// [`CreateError`]; no file is left behind.
    ///
    /// # If a process dies
    /// In the middle of this call: either the name is there with a finished segment, or the kernel
    /// frees everything. Later: the segment stays until somebody unlinks it.
    pub fn create<O: ?Sized + Object>(
        &self,
        name: &str,
        config: O::Config,
    ) -> Result<Shared<O>, CreateError> {
        let path = self.path(name)?;
        let file = self.unnamed_file()?;
        let object = file::fill(&file, &config)?;
        publish(&file, path)?;
        Ok(object)
    }

    /// Attaches to the segment `name`.
    ///
    /// # Errors
    /// [`AttachError`]; nothing of the segment was used but its header.
    pub fn attach<O: ?Sized + Object>(&self, name: &str) -> Result<Shared<O>, AttachError> {
        let path = self.path(name)?;
        // Without O_NONBLOCK and O_NOCTTY, opening something that is no file could do more than that.
        let flags = OFlag::O_RDWR
            | OFlag::O_CLOEXEC
            | OFlag::O_NOFOLLOW
            | OFlag::O_NONBLOCK
            | OFlag::O_NOCTTY;
        let file = open(&path, flags, Mode::empty()).map_err(|errno| match errno {
            Errno::ENOENT | Errno::ENOTDIR => AttachError::NotFound { path },
            Errno::EACCES | Errno::EPERM | Errno::EROFS => AttachError::PermissionDenied { path },
            Errno::ELOOP => AttachError::SymbolicLink { path },
            // A directory; a socket, or a device without a driver.
            Errno::EISDIR | Errno::ENXIO | Errno::ENODEV => AttachError::NotAFile,
            errno => attach_io("open", errno),
        })?;
        file::open(file.as_fd())
    }

    /// Removes the name. Whoever is attached stays attached; nobody attaches any more.
    ///
    /// Look before you unlink: if somebody has removed the name and given it to another segment, it
    /// is that one which loses it.
    ///
    /// # Errors
    /// [`UnlinkError`]; the name is as it was.
    pub fn unlink(&self, name: &str) -> Result<(), UnlinkError> {
        let path = self.path(name)?;
        fs::remove_file(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                UnlinkError::NotFound { path }
            }
            io::ErrorKind::PermissionDenied => UnlinkError::PermissionDenied { path },
            _ => UnlinkError::Io { source },
        })
    }

    /// A file that vanishes with its last descriptor unless it is given a name.
    fn unnamed_file(&self) -> Result<OwnedFd, CreateError> {
        let flags = OFlag::O_TMPFILE | OFlag::O_RDWR | OFlag::O_CLOEXEC;
        open(&self.path, flags, file::MODE).map_err(|errno| {
            let path = self.path.clone();
            match errno {
                Errno::ENOENT | Errno::ENOTDIR => CreateError::NotADirectory { path },
                Errno::EACCES | Errno::EPERM | Errno::EROFS => {
                    CreateError::PermissionDenied { path }
                }
                // EISDIR: a kernel that does not know the flag.
                Errno::EOPNOTSUPP | Errno::EISDIR => CreateError::NoTmpfile { path },
                errno => create_io("open", errno),
            }
        })
    }
}

/// Gives a finished file its name, in one step.
fn publish(file: &OwnedFd, path: PathBuf) -> Result<(), CreateError> {
    let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
    let linked = linkat(AT_FDCWD, &*unnamed, AT_FDCWD, &path, AtFlags::AT_SYMLINK_FOLLOW);
    linked.map_err(|errno| match errno {
        Errno::EEXIST => CreateError::AlreadyExists { path },
        Errno::ENOENT if !Path::new(&unnamed).exists() => CreateError::NoProc,
        Errno::ENOENT => CreateError::NotADirectory { path: parent(path) },
        Errno::EACCES | Errno::EPERM => CreateError::PermissionDenied { path: parent(path) },
        errno => create_io("linkat", errno),
    })
}

/// The directory of a segment's file.
fn parent(mut path: PathBuf) -> PathBuf {
    path.pop();
    path
}
