//! What can go wrong with a segment, each with what to do about it.

use std::{io, path::PathBuf};

use super::{HEADER_SIZE, ProtocolId, RecordId};
use crate::protocol::{Corrupt, mpmc, registry::MAX_OWNERS, semaphore, spsc};

/// Why a text does not name a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// It is empty.
    #[error("a segment's name must not be empty")]
    Empty,
    /// It is longer than 200 bytes.
    #[error("a segment's name is at most {max} bytes long, not {0}", max = super::Directory::MAX_NAME)]
    TooLong(usize),
    /// It contains a slash.
    #[error("a segment's name must not contain '/': choose the place with `Directory::at`")]
    Slash,
    /// It contains a zero byte.
    #[error("a segment's name must not contain a zero byte")]
    Nul,
    /// It is "." or "..".
    #[error("a segment must not be named \".\" or \"..\"")]
    Dots,
}

/// Why no object has this number of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CapacityError {
    /// A ring of nothing.
    #[error("a capacity of 0: a ring holds at least one record")]
    Zero,
    /// A ring whose capacity does not divide 2^64.
    #[error("a capacity of {0}: a ring's capacity must be a power of two")]
    NotPowerOfTwo(u64),
    /// More bytes than this machine can address.
    #[error("a capacity of {0}: more bytes than this machine can address")]
    TooLarge(u64),
    /// An object that has no trailing array claims to have one.
    #[error("{0} elements, in an object that has none")]
    NotZero(u64),
    /// An object of one element claims to have another number of them.
    #[error("{0} elements, in an object that has one")]
    NotOne(u64),
}

/// Why an object cannot be configured like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The number of elements.
    #[error(transparent)]
    Capacity(#[from] CapacityError),
    /// A semaphore's permits.
    #[error(transparent)]
    Semaphore(#[from] semaphore::InitError),
    /// No owner, or more than a word has room for.
    #[error("{0} owners: a segment has from 1 to {MAX_OWNERS}")]
    Owners(u32),
    /// A mode that forbids its creator something, or allows more than to read and write.
    #[error(
        "a mode of {0:04o}: a segment is its creator's to read and write, and nobody's to execute"
    )]
    Mode(u32),
}

/// Why no segment was created. Nothing is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// The name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The name is taken, perhaps by a program that died.
    #[error("{path} exists already: attach to it, or take it over if no program uses it any more")]
    AlreadyExists {
        /// The file.
        path: PathBuf,
    },
    /// The name is not to be taken over.
    #[error("{path} is in use: attach to it, or wait until its last user has gone")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// What has the name could not be removed, to be taken over.
    #[error(transparent)]
    Clean(#[from] CleanError),
    /// The file system is full.
    #[error(
        "no room for a segment of {size} bytes: remove files nobody uses, or enlarge the file system"
    )]
    NoSpace {
        /// Bytes asked for.
        size: u64,
    },
    /// The directory may not be written to.
    #[error("no permission to create a file in {path}")]
    PermissionDenied {
        /// The directory.
        path: PathBuf,
    },
    /// The directory is not there, or is none.
    #[error("{path} is not a directory: create it, or choose another")]
    NotADirectory {
        /// The directory.
        path: PathBuf,
    },
    /// The file system cannot hold a file that has no name yet.
    #[error("the file system of {path} does not support O_TMPFILE: use a tmpfs such as /dev/shm")]
    NoTmpfile {
        /// The directory.
        path: PathBuf,
    },
    /// The file system cannot say who uses a file.
    #[error("the file system of {path} keeps no locks: use a tmpfs such as /dev/shm")]
    NoLocks {
        /// The directory.
        path: PathBuf,
    },
    /// A finished file is given its name through /proc.
    #[error("/proc/self/fd is missing, and without it a file cannot be named: mount /proc")]
    NoProc,
    /// Any other failure of a system call.
    #[error("{call} failed: {source}")]
    Io {
        /// The system call.
        call: &'static str,
        /// Its error.
        source: io::Error,
    },
}

impl From<CapacityError> for CreateError {
    fn from(error: CapacityError) -> Self {
        Self::Config(error.into())
    }
}

/// Why there is no handle on an object. The object was not changed, but for what was left by the dead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// Each slot has an owner who lives, as far as is known.
    #[error(
        "the segment's registry is full, with {owners} owned: drop a handle, end a process, or create the \
         segment with room for more owners"
    )]
    RegistryFull {
        /// Slots of the registry.
        owners: u32,
    },
    /// This end of the ring has an owner who lives, as far as is known.
    #[error("this end of the ring has an owner already")]
    Taken,
    /// This end of the ring was closed.
    #[error("this end of the ring was closed: create a new ring")]
    Closed,
    /// The object holds a value that the protocol never writes.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// A handle opens the segment's file anew, through /proc.
    #[error(
        "/proc/self/fd is missing, and without it no handle can have a lock of its own: mount /proc"
    )]
    NoProc,
    /// The file may not be opened anew.
    #[error("no permission to open the segment's file: it belongs to another user")]
    PermissionDenied,
    /// Any other failure of the system.
    #[error("cannot take a slot of the segment's registry: {0}")]
    Io(#[from] io::Error),
}

impl From<spsc::ClaimError> for JoinError {
    fn from(error: spsc::ClaimError) -> Self {
        match error {
            spsc::ClaimError::Taken => Self::Taken,
            spsc::ClaimError::Closed => Self::Closed,
            spsc::ClaimError::Capacity(_) => Self::Corrupt(Corrupt),
        }
    }
}

impl From<mpmc::AttachError> for JoinError {
    fn from(_: mpmc::AttachError) -> Self {
        Self::Corrupt(Corrupt)
    }
}

/// Why a segment was not attached to. It was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// The name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nothing has the name.
    #[error("{path} does not exist: is its creator running?")]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The file may not be opened to be read and written, or by a reader to be read.
    #[error(
        "no permission to open {path}: only the user who created it may, unless its mode says otherwise"
    )]
    PermissionDenied {
        /// The file.
        path: PathBuf,
    },
    /// The name is that of a symbolic link, which is not followed.
    #[error("{path} is a symbolic link, not a segment")]
    SymbolicLink {
        /// The link.
        path: PathBuf,
    },
    /// The file system cannot say who uses a file.
    #[error("the file system of {path} keeps no locks: use a tmpfs such as /dev/shm")]
    NoLocks {
        /// The directory.
        path: PathBuf,
    },
    /// A directory, a device, a pipe or a socket.
    #[error("not a regular file, so not a segment")]
    NotAFile,
    /// The descriptor cannot have been sealed.
    #[error("the descriptor is not a memfd, so not a sealed segment")]
    NotAMemfd,
    /// The peer could still shorten or lengthen the file.
    #[error("the memfd is not sealed against shrinking and growing")]
    NotSealed,
    /// The descriptor is for readers alone.
    #[error("the segment may only be read: attach a reader to it")]
    ReadOnly,
    /// No room for a header.
    #[error("the file has {found} bytes, less than a header of {HEADER_SIZE}: not a segment")]
    TooSmall {
        /// Bytes in the file.
        found: u64,
    },
    /// The magic word is zero.
    #[error("the segment was never initialised: its first word is zero")]
    NotInitialised,
    /// The magic word is another.
    #[error("not a segment: the first word is {found:#018x}, not {expected:#018x}")]
    Magic {
        /// The first word.
        found: u64,
        /// What every segment begins with.
        expected: u64,
    },
    /// Made by another version of this library.
    #[error("the segment has layout version {found}, this program {expected}: rebuild the older")]
    Version {
        /// The segment's.
        found: u32,
        /// This library's.
        expected: u32,
    },
    /// Another kind of object.
    #[error("the segment speaks the protocol {found}, not {expected}")]
    Protocol {
        /// The segment's.
        found: ProtocolId,
        /// The one asked for.
        expected: ProtocolId,
    },
    /// Records of another name.
    #[error("the segment holds records named \"{found}\", not \"{expected}\"")]
    RecordId {
        /// The segment's.
        found: RecordId,
        /// The one asked for.
        expected: RecordId,
    },
    /// Records of the right name and another size.
    #[error("the segment's records have {found} bytes, not {expected}: do the programs agree?")]
    RecordSize {
        /// The segment's.
        found: u64,
        /// The one asked for.
        expected: u64,
    },
    /// Records of the right name and size and another alignment.
    #[error("the segment's records are aligned to {found}, not {expected}: do the programs agree?")]
    RecordAlignment {
        /// The segment's.
        found: u64,
        /// The one asked for.
        expected: u64,
    },
    /// No object has this number of elements.
    #[error("the segment's header is damaged: {0}")]
    Capacity(#[from] CapacityError),
    /// Capacity times record size is another number.
    #[error("the segment's header is damaged: {found} bytes of records, not {expected}")]
    PayloadSize {
        /// The segment's.
        found: u64,
        /// As computed.
        expected: u64,
    },
    /// Header, object and padding are another number of bytes.
    #[error("the segment's header is damaged: {found} bytes in all, not {expected}")]
    SegmentSize {
        /// The segment's.
        found: u64,
        /// As computed.
        expected: u64,
    },
    /// The object is not behind the header.
    #[error("the segment's header is damaged: the object is at {found}, not at {expected}")]
    ObjectOffset {
        /// The segment's.
        found: u64,
        /// Where it is.
        expected: u64,
    },
    /// More owners than a word has room for.
    #[error("the segment's header is damaged: {found} owners, of {MAX_OWNERS} at most")]
    Owners {
        /// Owners in the header.
        found: u64,
    },
    /// Words without a meaning are not zero.
    #[error("the segment's header is damaged: a reserved word is not zero")]
    Reserved,
    /// A word that never changes is impossible.
    #[error(transparent)]
    Corrupt(#[from] Corrupt),
    /// Somebody changed the file's size.
    #[error("the file has {found} bytes, the segment {expected}: it was truncated or extended")]
    FileSize {
        /// Bytes in the file.
        found: u64,
        /// Bytes in the segment.
        expected: u64,
    },
    /// Any other failure of a system call.
    #[error("{call} failed: {source}")]
    Io {
        /// The system call.
        call: &'static str,
        /// Its error.
        source: io::Error,
    },
}

/// Why there is neither a new segment nor an old one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing had the name, and no segment could be created.
    #[error(transparent)]
    Create(#[from] CreateError),
    /// Something has the name that could not be attached to.
    #[error(transparent)]
    Attach(#[from] AttachError),
}

impl From<NameError> for OpenError {
    fn from(error: NameError) -> Self {
        Self::Attach(error.into())
    }
}

/// Why a name was not cleaned, whether it is in use or not. It is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CleanError {
    /// The name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Something else has the name, or a segment whose first word is spoiled.
    #[error("{path} is not a segment: unlink it if nobody needs it, or choose another name")]
    NotASegment {
        /// The file.
        path: PathBuf,
    },
    /// The file may not be opened, or the directory not be written to.
    #[error("no permission to open and remove {path}: only the user who created it may")]
    PermissionDenied {
        /// The file.
        path: PathBuf,
    },
    /// The file system cannot say who uses a file.
    #[error("the file system of {path} keeps no locks: use a tmpfs such as /dev/shm")]
    NoLocks {
        /// The directory.
        path: PathBuf,
    },
    /// Any other failure of a system call.
    #[error("{call} failed: {source}")]
    Io {
        /// The system call.
        call: &'static str,
        /// Its error.
        source: io::Error,
    },
}

/// Why a name was not removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnlinkError {
    /// The name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Nothing has the name.
    #[error("{path} does not exist")]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// The directory may not be written to, or the file belongs to somebody else.
    #[error("no permission to remove {path}")]
    PermissionDenied {
        /// The file.
        path: PathBuf,
    },
    /// Any other failure of a system call.
    #[error("{call} failed: {source}")]
    Io {
        /// The system call.
        call: &'static str,
        /// Its error.
        source: io::Error,
    },
}
