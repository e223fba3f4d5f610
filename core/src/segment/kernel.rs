//! The steps of [`naming`](crate::protocol::naming), made by Linux.

use std::{
    fs::File,
    io,
    os::{fd::AsRawFd, unix::fs::FileExt},
    path::Path,
    thread,
    time::Duration,
};

use nix::{
    errno::Errno,
    fcntl::{AT_FDCWD, AtFlags, FcntlArg, OFlag, fcntl, open},
    libc,
    sys::stat::{FileStat, Mode, SFlag, fstat, lstat},
    unistd::{linkat, unlink},
};

use super::{
    failure::{Call, Failure},
    file::MODE,
    header::{LOCKS, MAGIC},
};
use crate::platform::{
    Directory, LockByte, LockMode,
    native::{byte_lock, stop::Stop},
};

/// Between two looks at a lock.
const PAUSE: Duration = Duration::from_millis(1);

/// A directory of the file system. Names are the paths of files in it.
#[derive(Debug)]
pub(super) struct Kernel<'a> {
    pub(super) directory: &'a Path,
    /// For what files are opened by their names.
    pub(super) access: OFlag,
}

/// How a lock is asked for.
type Ask = for<'a> fn(&'a libc::flock) -> FcntlArg<'a>;

impl Kernel<'_> {
    /// Opens a regular file, to read or also to write it; nothing if nothing has the name.
    pub(super) fn open_for(&self, name: &Path, access: OFlag) -> Result<Option<File>, Failure> {
        // Without O_NONBLOCK and O_NOCTTY, opening something that is no file could do more than that.
        let flags =
            OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | access;
        let file = match open(name, flags, Mode::empty()) {
            Ok(file) => File::from(file),
            Err(Errno::ENOENT | Errno::ENOTDIR) => return Ok(None),
            Err(errno) => return Err(Failure::of(Call::Open, name)(errno)),
        };
        let stat = fstat(&file).map_err(Failure::of(Call::Look, name))?;
        match SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT {
            SFlag::S_IFREG => Ok(Some(file)),
            // As the kernel says of a socket.
            _ => Err(Failure::of(Call::Open, name)(Errno::ENXIO)),
        }
    }

    /// Does a file begin as every segment does? Anything else is not ours to remove.
    pub(super) fn is_segment(&self, file: &File) -> Result<bool, Failure> {
        let mut word = [0; size_of_val(&MAGIC)];
        match file.read_exact_at(&mut word, 0) {
            Ok(()) => Ok(u64::from_le_bytes(word) == MAGIC),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => {
                let errno = Errno::from_raw(error.raw_os_error().unwrap_or_default());
                Err(Failure::of(Call::Look, self.directory)(errno))
            }
        }
    }

    /// Takes a lock, or says that others hold what conflicts.
    fn ask(&self, file: &File, byte: LockByte, mode: LockMode, ask: Ask) -> Result<bool, Failure> {
        let kind = match mode {
            LockMode::Shared => libc::F_RDLCK,
            LockMode::Exclusive => libc::F_WRLCK,
        };
        let [in_use, name] = LOCKS;
        let place = match byte {
            LockByte::Use => in_use,
            LockByte::Name => name,
        };
        let lock = byte_lock(place.offset as u64, kind);
        loop {
            match fcntl(file, ask(&lock)) {
                Ok(_) => return Ok(true),
                Err(Errno::EAGAIN | Errno::EACCES) => return Ok(false),
                // A signal handler ran.
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(Failure::of(Call::Lock, self.directory)(errno)),
            }
        }
    }
}

/// Is it the same file? Its number is not given to another one while somebody has it open.
fn same(one: &FileStat, other: &FileStat) -> bool {
    (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)
}

impl Directory for Kernel<'_> {
    type Name = Path;
    type File = File;
    type Error = Failure;

    fn unnamed(&self) -> Result<File, Failure> {
        let flags = OFlag::O_TMPFILE | OFlag::O_RDWR | OFlag::O_CLOEXEC;
        let file = open(self.directory, flags, MODE)
            .map_err(Failure::of(Call::OpenUnnamed, self.directory))?;
        Ok(file.into())
    }

    fn link(&self, file: &File, name: &Path) -> Result<bool, Failure> {
        let unnamed = format!("/proc/self/fd/{}", file.as_raw_fd());
        match linkat(AT_FDCWD, &*unnamed, AT_FDCWD, name, AtFlags::AT_SYMLINK_FOLLOW) {
            Ok(()) => Ok(true),
            Err(Errno::EEXIST) => Ok(false),
            Err(Errno::ENOENT) if !Path::new(&unnamed).exists() => {
                Err(Failure::of(Call::FindProc, name)(Errno::ENOENT))
            }
            Err(errno) => Err(Failure::of(Call::Link, name)(errno)),
        }
    }

    fn open(&self, name: &Path) -> Result<Option<File>, Failure> {
        self.open_for(name, self.access)
    }

    fn refers(&self, name: &Path, file: &File) -> Result<bool, Failure> {
        let mine = fstat(file).map_err(Failure::of(Call::Look, name))?;
        match lstat(name) {
            Ok(found) => Ok(same(&found, &mine)),
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(false),
            Err(errno) => Err(Failure::of(Call::Look, name)(errno)),
        }
    }

    fn lock(&self, file: &File, byte: LockByte, mode: LockMode) -> Result<(), Failure> {
        let stop = Stop::current();
        let ask: Ask = match &stop {
            None => |lock| FcntlArg::F_OFD_SETLKW(lock),
            // Nothing wakes from that who may be cancelled, and so looks every so often.
            Some(_) => |lock| FcntlArg::F_OFD_SETLK(lock),
        };
        while !self.ask(file, byte, mode, ask)? {
            if stop.as_ref().is_some_and(|stop| stop.is_set()) {
                return Err(Failure::of(Call::Lock, self.directory)(Errno::ETIMEDOUT));
            }
            thread::sleep(PAUSE);
        }
        Ok(())
    }

    fn try_lock(&self, file: &File, byte: LockByte, mode: LockMode) -> Result<bool, Failure> {
        self.ask(file, byte, mode, |lock| FcntlArg::F_OFD_SETLK(lock))
    }

    fn unlink(&self, name: &Path) -> Result<(), Failure> {
        match unlink(name) {
            // Somebody has removed it without asking.
            Ok(()) | Err(Errno::ENOENT) => Ok(()),
            Err(errno) => Err(Failure::of(Call::Unlink, name)(errno)),
        }
    }
}
