//! Where a listener is: the socket's file, and the lock by which there is one listener.

use std::{
    fs::{self, File, OpenOptions, Permissions, TryLockError},
    io,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    process,
};

use nix::{
    errno::Errno,
    libc,
    sys::{
        socket::{Backlog, UnixAddr, bind, connect, listen},
        stat::{Mode, fchmod},
    },
};

use super::handshake::packets;

/// A path where this process listens, and nobody else. Dropping it removes what it has there.
#[derive(Debug)]
pub(super) struct Place {
    /// As it was given.
    path: PathBuf,
    /// The same, to be found again wherever the process goes.
    absolute: PathBuf,
    /// The socket's file is this listener's.
    is_bound: bool,
    /// The process that it was made in.
    process: u32,
    /// Locked as long as it is open, and so long both names are this listener's.
    _lock: File,
}

impl Place {
    /// Listens at `path`, where nobody does, or a listener was killed: at a socket whose file has this mode.
    pub(super) fn listen(path: &Path, mode: u32) -> io::Result<(Self, OwnedFd)> {
        let address = UnixAddr::new(path)?;
        let absolute = std::path::absolute(path)?;
        let mut place = Self {
            path: path.to_owned(),
            _lock: lock(&lock_path(&absolute))?,
            absolute,
            is_bound: false,
            process: process::id(),
        };
        place.remove_stale(&address)?;
        let socket = packets()?;
        // From its first moment on, the file lets nobody in who is not meant to be; `chmod` adds what a umask took away.
        fchmod(&socket, Mode::from_bits_truncate(mode))?;
        bind(socket.as_raw_fd(), &address)?;
        place.is_bound = true;
        fs::set_permissions(&place.path, Permissions::from_mode(mode))?;
        listen(&socket, Backlog::MAXCONN)?;
        Ok((place, socket))
    }

    /// Removes the socket's file that a listener has left which was killed.
    fn remove_stale(&self, address: &UnixAddr) -> io::Result<()> {
        match fs::symlink_metadata(&self.path) {
            Ok(file) if file.file_type().is_socket() => {}
            Ok(_) => return Err(in_use("it is another kind of file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        }
        match connect(packets()?.as_raw_fd(), address) {
            Err(Errno::ECONNREFUSED) => fs::remove_file(&self.path),
            _ => Err(in_use("somebody listens there")),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // In a forked child it is the parent's.
        if self.process != process::id() {
            return;
        }
        if self.is_bound {
            let _ = fs::remove_file(&self.absolute);
        }
        let _ = fs::remove_file(lock_path(&self.absolute));
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Takes the lock of the listeners of a place.
fn lock(path: &Path) -> io::Result<File> {
    loop {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
        let file = options.open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(in_use("somebody listens there")),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // The listener before may have removed it, and another have locked the next.
        let is_there = fs::symlink_metadata(path).is_ok_and(|there| {
            file.metadata().is_ok_and(|ours| (ours.dev(), ours.ino()) == (there.dev(), there.ino()))
        });
        if is_there {
            return Ok(file);
        }
    }
}

fn in_use(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::AddrInUse, why)
}
