//! What named and sealed segments have in common: a fresh file is filled, a finished one checked.

use std::{io::ErrorKind, os::fd::BorrowedFd};

use nix::{
    errno::Errno,
    fcntl::posix_fallocate,
    sys::stat::{Mode, SFlag, fchmod, fstat},
    unistd::ftruncate,
};

use super::{
    AttachError, CapacityError, ConfigError, CreateError, HEADER_SIZE, Object, Shared,
    header::Contents,
    mapping::{Access, Mapping},
};
use crate::protocol::registry::MAX_OWNERS;

/// Only the creator's user may open a segment.
pub(super) const MODE: Mode = Mode::S_IRUSR.union(Mode::S_IWUSR);

/// To read and write is all that anybody may do with one.
const ALL: Mode =
    MODE.union(Mode::S_IRGRP.union(Mode::S_IWGRP)).union(Mode::S_IROTH.union(Mode::S_IWOTH));

/// Makes a segment of an empty `file` that nobody else can see.
pub(super) fn fill<O: ?Sized + Object>(
    file: BorrowedFd<'_>,
    mode: u32,
    config: &O::Config,
) -> Result<Shared<O>, CreateError> {
    let owners = O::owners(config);
    if owners.is_some_and(|owners| !(1..=MAX_OWNERS).contains(&owners)) {
        return Err(ConfigError::Owners(owners.unwrap_or_default()).into());
    }
    let contents = Contents::of::<O>(O::elements(config), owners.unwrap_or_default().into())?;
    let possible = |possible: &Mode| ALL.contains(*possible) && possible.contains(MODE);
    let permissions = Mode::from_bits(mode).filter(possible).ok_or(ConfigError::Mode(mode))?;
    // Whatever the umask, or a memfd's default, says.
    fchmod(file, permissions).map_err(|errno| create_io("fchmod", errno))?;
    let size = allocate(file, &contents)?;
    let mapping = Mapping::new(file, size, Access::Write)
        .map_err(|source| CreateError::Io { call: "mmap", source })?;
    let object = Shared::<O>::new(mapping, &contents);
    O::init(&object, config)?;
    object.mapping().header().publish(&contents);
    Ok(object)
}

/// Gives `file` its size, and pages to go with it: a page missing later would be a SIGBUS.
fn allocate(file: BorrowedFd<'_>, contents: &Contents) -> Result<usize, CreateError> {
    let size = contents.segment_size;
    let too_large = |_| CreateError::from(CapacityError::TooLarge(contents.elements));
    let bytes = i64::try_from(size).map_err(too_large)?;
    let no_space = |call| {
        move |errno| match errno {
            Errno::ENOSPC | Errno::EDQUOT => CreateError::NoSpace { size },
            errno => create_io(call, errno),
        }
    };
    ftruncate(file, bytes).map_err(no_space("ftruncate"))?;
    loop {
        match posix_fallocate(file, 0, bytes) {
            // A signal handler ran.
            Err(Errno::EINTR) => {}
            outcome => break outcome.map_err(no_space("posix_fallocate"))?,
        }
    }
    usize::try_from(size).map_err(too_large)
}

/// The object in a finished `file`, after every check. With [`Access::Read`] it is for the caller to see that nobody
/// writes to the object.
pub(super) fn open<O: ?Sized + Object>(
    file: BorrowedFd<'_>,
    access: Access,
) -> Result<Shared<O>, AttachError> {
    let stat = fstat(file).map_err(|errno| attach_io("fstat", errno))?;
    if SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
        return Err(AttachError::NotAFile);
    }
    let file_size = stat.st_size.cast_unsigned();
    let size = match usize::try_from(file_size) {
        Ok(size) if size >= HEADER_SIZE => size,
        Ok(_) => return Err(AttachError::TooSmall { found: file_size }),
        Err(_) => return Err(attach_io("mmap", Errno::ENOMEM)),
    };
    let mapping = Mapping::new(file, size, access).map_err(|source| match source.kind() {
        // The descriptor, or the seal of what is for readers.
        ErrorKind::PermissionDenied if access == Access::Write => AttachError::ReadOnly,
        _ => AttachError::Io { call: "mmap", source },
    })?;
    let contents = mapping.header().read::<O>(file_size)?;
    Ok(Shared::new(mapping, &contents))
}

pub(super) fn create_io(call: &'static str, errno: Errno) -> CreateError {
    CreateError::Io { call, source: errno.into() }
}

pub(crate) fn attach_io(call: &'static str, errno: Errno) -> AttachError {
    AttachError::Io { call, source: errno.into() }
}
