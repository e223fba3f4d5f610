//! Segments without a name, handed on as a descriptor and sealed against changes of size.
//!
//! The peer need not be trusted: it may write anything at any time, and punch holes, which reads as
//! zeros; it cannot make this process fault or reach outside the segment. The descriptor goes to
//! the peer by inheritance or over a Unix socket (`SCM_RIGHTS`). Its mode is 0600, so that nobody
//! reopens it through `/proc` whom its creator's user does not admit.

use core::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::{
    errno::Errno,
    fcntl::{F_ADD_SEALS, F_GET_SEALS, SealFlag, fcntl},
    libc::F_SEAL_FUTURE_WRITE,
    sys::memfd::{MFdFlags, memfd_create},
};

use super::{
    AttachError, CreateError, Object, Shared,
    file::{self, attach_io, create_io},
    mapping::Access,
};

/// The seals without which a peer could take pages away.
const SIZE_SEALS: SealFlag = SealFlag::F_SEAL_SHRINK.union(SealFlag::F_SEAL_GROW);

/// Creates a sealed segment. The descriptor is close-on-exec, for handing on; the segment itself
/// lives as long as either.
///
/// # Errors
/// [`CreateError::Config`], [`CreateError::NoSpace`] or [`CreateError::Io`].
///
/// # If a process dies
/// The kernel frees the segment when nobody has it mapped or open.
pub fn create<O: ?Sized + Object>(config: O::Config) -> Result<(Shared<O>, OwnedFd), CreateError> {
    create_with(c"selvedge", &config, SealFlag::empty())
}

/// [`create`]s a segment that `/proc` shows under this name, which is no name to attach by.
pub(crate) fn create_labelled<O: ?Sized + Object>(
    label: &CStr,
    config: O::Config,
) -> Result<(Shared<O>, OwnedFd), CreateError> {
    create_with(label, &config, SealFlag::empty())
}

/// [`create`]s a segment that nobody else can write to: who is handed the descriptor attaches a reader, such as
/// [`LatestReader`](crate::shared_memory::LatestReader), and cannot be granted more (`F_SEAL_FUTURE_WRITE`, Linux
/// 5.1). To write takes the returned pointer, or a clone: this process's, and those that it forks.
///
/// # Errors
/// As [`create`]; on an older kernel [`CreateError::Io`].
///
/// # If a process dies
/// Once its creator is dead, nobody can write to the segment.
pub fn create_for_readers<O: ?Sized + Object>(
    config: O::Config,
) -> Result<(Shared<O>, OwnedFd), CreateError> {
    create_with(c"selvedge", &config, SealFlag::from_bits_retain(F_SEAL_FUTURE_WRITE))
}

fn create_with<O: ?Sized + Object>(
    label: &CStr,
    config: &O::Config,
    seals: SealFlag,
) -> Result<(Shared<O>, OwnedFd), CreateError> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let file = memfd_create(label, flags).map_err(|e| create_io("memfd_create", e))?;
    let object = file::fill(file.as_fd(), file::MODE.bits(), config)?;
    // The last one keeps a peer from sealing the file against writing.
    fcntl(&file, F_ADD_SEALS(SIZE_SEALS | SealFlag::F_SEAL_SEAL | seals))
        .map_err(|errno| create_io("fcntl(F_ADD_SEALS)", errno))?;
    Ok((object, file))
}

/// Attaches to the segment in `descriptor`, which is not needed any longer afterwards.
///
/// # Errors
/// [`AttachError`]; nothing of the segment was used but its header, and that not before it was
/// certain that its size is fixed.
pub fn attach<O: ?Sized + Object>(descriptor: impl AsFd) -> Result<Shared<O>, AttachError> {
    attach_for(descriptor.as_fd(), Access::Write)
}

/// Likewise, mapped to read alone: nothing may write to the object.
pub(crate) fn attach_to_read<O: ?Sized + Object>(
    descriptor: impl AsFd,
) -> Result<Shared<O>, AttachError> {
    attach_for(descriptor.as_fd(), Access::Read)
}

fn attach_for<O: ?Sized + Object>(
    file: BorrowedFd<'_>,
    access: Access,
) -> Result<Shared<O>, AttachError> {
    let seals = fcntl(file, F_GET_SEALS).map_err(|errno| match errno {
        Errno::EINVAL => AttachError::NotAMemfd,
        errno => attach_io("fcntl(F_GET_SEALS)", errno),
    })?;
    if !SealFlag::from_bits_truncate(seals).contains(SIZE_SEALS) {
        return Err(AttachError::NotSealed);
    }
    file::open(file, access)
}
