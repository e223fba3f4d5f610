//! What the kernel refuses, and which error each operation makes of it.

use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::{AttachError, CleanError, CreateError, OpenError, UnlinkError};

/// What was asked of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// A file without a name.
    OpenUnnamed,
    /// A name for a file.
    Link,
    /// The directory through which a file gets its name.
    FindProc,
    Open,
    Lock,
    /// What a name refers to, or how a file begins.
    Look,
    Unlink,
}

impl Call {
    fn name(self) -> &'static str {
        match self {
            Self::OpenUnnamed | Self::Open => "open",
            Self::Link | Self::FindProc => "linkat",
            Self::Lock => "fcntl(F_OFD_SETLK)",
            Self::Look => "stat",
            Self::Unlink => "unlink",
        }
    }
}

/// A step that the kernel refused.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) call: Call,
    errno: Errno,
    /// The file, or the directory if the step was not about a file's name.
    path: PathBuf,
}

impl Failure {
    pub(super) fn of(call: Call, path: &Path) -> impl FnOnce(Errno) -> Self {
        move |errno| Self { call, errno, path: path.to_owned() }
    }

    fn is_permission(&self) -> bool {
        matches!(self.errno, Errno::EACCES | Errno::EPERM | Errno::EROFS)
    }

    /// The name is that of a directory, a pipe, a socket, or a device, perhaps without a driver.
    fn is_no_file(&self) -> bool {
        self.call == Call::Open
            && matches!(self.errno, Errno::EISDIR | Errno::ENXIO | Errno::ENODEV)
    }

    fn is_symbolic_link(&self) -> bool {
        self.call == Call::Open && self.errno == Errno::ELOOP
    }

    /// The file system keeps no locks of open files.
    fn is_no_lock(&self) -> bool {
        self.call == Call::Lock
            && matches!(self.errno, Errno::ENOLCK | Errno::EINVAL | Errno::EOPNOTSUPP)
    }

    /// The name is not that of a segment which this process could attach to.
    pub(super) fn is_foreign(&self) -> bool {
        self.is_no_file()
            || self.is_symbolic_link()
            || self.is_no_lock()
            || (self.call == Call::Open && self.is_permission())
    }
}

impl From<Failure> for CreateError {
    fn from(failure: Failure) -> Self {
        let Failure { call, errno, ref path } = failure;
        let directory = || match call {
            Call::Link => path.parent().unwrap_or(path).to_owned(),
            _ => path.clone(),
        };
        match (call, errno) {
            (Call::OpenUnnamed, Errno::EOPNOTSUPP | Errno::EISDIR) => {
                Self::NoTmpfile { path: directory() } // EISDIR: a kernel that does not know the flag.
            }
            (Call::OpenUnnamed | Call::Link, Errno::ENOENT | Errno::ENOTDIR) => {
                Self::NotADirectory { path: directory() }
            }
            (Call::OpenUnnamed | Call::Link, _) if failure.is_permission() => {
                Self::PermissionDenied { path: directory() }
            }
            (Call::FindProc, _) => Self::NoProc,
            (Call::OpenUnnamed | Call::Link, errno) => {
                Self::Io { call: call.name(), source: errno.into() }
            }
            (Call::Lock, _) if failure.is_no_lock() => Self::NoLocks { path: directory() },
            (Call::Lock | Call::Open | Call::Look | Call::Unlink, _) => Self::Clean(failure.into()),
        }
    }
}

impl From<Failure> for AttachError {
    fn from(failure: Failure) -> Self {
        match failure {
            _ if failure.is_no_file() => Self::NotAFile,
            _ if failure.is_symbolic_link() => Self::SymbolicLink { path: failure.path },
            _ if failure.is_permission() => Self::PermissionDenied { path: failure.path },
            _ if failure.is_no_lock() => Self::NoLocks { path: failure.path },
            Failure { call, errno, .. } => Self::Io { call: call.name(), source: errno.into() },
        }
    }
}

impl From<Failure> for OpenError {
    fn from(failure: Failure) -> Self {
        match failure.call {
            Call::OpenUnnamed | Call::Link | Call::FindProc => Self::Create(failure.into()),
            Call::Open | Call::Lock | Call::Look | Call::Unlink => Self::Attach(failure.into()),
        }
    }
}

impl From<Failure> for CleanError {
    fn from(failure: Failure) -> Self {
        match failure {
            _ if failure.is_no_file() || failure.is_symbolic_link() => {
                Self::NotASegment { path: failure.path }
            }
            _ if failure.is_permission() => Self::PermissionDenied { path: failure.path },
            _ if failure.is_no_lock() => Self::NoLocks { path: failure.path },
            Failure { call, errno, .. } => Self::Io { call: call.name(), source: errno.into() },
        }
    }
}

impl From<Failure> for UnlinkError {
    fn from(failure: Failure) -> Self {
        match failure {
            _ if failure.is_permission() => Self::PermissionDenied { path: failure.path },
            Failure { call, errno, .. } => Self::Io { call: call.name(), source: errno.into() },
        }
    }
}
