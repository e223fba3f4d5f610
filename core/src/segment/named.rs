//! Segments with a name, in a directory: [`naming`] on the file system.

use std::{
    fs::File,
    os::fd::AsFd,
    path::{Path, PathBuf},
};

use nix::fcntl::OFlag;

use super::{
    AttachError, CleanError, CreateError, NameError, Object, OpenError, Shared, UnlinkError, file,
    kernel::Kernel, mapping::Access,
};
use crate::{
    platform::Directory as _,
    protocol::naming::{self, Opened, TakenOver, Unlinked},
};

/// How [`Directory::create_or_attach`] came by a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is new, and configured as asked.
    Created,
    /// It had the name already, and keeps its configuration.
    Attached,
}

/// What [`Directory::clean`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Cleaned {
    /// Nobody used the segment; its name is removed.
    Removed,
    /// Somebody is attached to it, or attaching; it is as it was.
    InUse,
    /// Nothing had the name.
    Absent,
}

/// A directory of named segments. The segment `NAME` is the file `selvedge.NAME`, of mode 0600 unless its creator
/// wants [another](Self::mode).
///
/// Whoever may open a file for writing is trusted: not to truncate it (any later access to a missing
/// page is a SIGBUS), and not to write to it except through this library. Files in a tmpfs cannot be
/// sealed; where a peer is not trusted, use [`sealed`](super::sealed).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    path: PathBuf,
    mode: u32,
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
        Self { path: path.into(), mode: file::MODE.bits() }
    }

    /// Segments that are created from here on have this mode, instead of 0600: from that, where only the creator's user
    /// may open them, to 0666. Whatever the umask says, it is exactly this, and is so before the file has a name.
    /// Those that are there keep theirs.
    ///
    /// Whoever may write is trusted with all that the segment is: see [`Directory`]. Who may only read can attach as a
    /// [`LatestReader`](crate::shared_memory::LatestReader) does.
    ///
    /// With any other mode, creating is [`ConfigError::Mode`](super::ConfigError::Mode).
    ///
    /// # Examples
    /// ```
    /// # use selvedge::{segment::Directory, signal::Signals};
    /// # let name = &format!("doc.mode.{}", std::process::id());
    /// let for_my_group = Directory::shm().mode(0o660);
    /// let (signals, _) = Signals::named(&for_my_group, name)?;
    /// # for_my_group.unlink(name)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn mode(self, mode: u32) -> Self {
        Self { mode, ..self }
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
    /// same name, one gets [`CreateError::AlreadyExists`]. Waits for nobody.
    ///
    /// # Errors
    /// [`CreateError`]; no file is left behind.
    ///
    /// # If a process dies
    /// In the middle of this call: either the name is there with a finished segment, or the kernel
    /// frees everything. Later: the segment stays, unused, until somebody attaches, takes the name
    /// over, cleans it or unlinks it.
    pub fn create<O: ?Sized + Object>(
        &self,
        name: &str,
        config: O::Config,
    ) -> Result<Shared<O>, CreateError> {
        let path = self.path(name)?;
        let fill = |file: &File| file::fill::<O>(file.as_fd(), self.mode, &config);
        match naming::create(&self.kernel(), &path, fill)? {
            Some((_, object)) => Ok(object),
            None => Err(CreateError::AlreadyExists { path }),
        }
    }

    /// Attaches to the segment `name`, whether somebody uses it or not.
    ///
    /// Waits for a process that is cleaning the name until it has made two steps; for ever if that is
    /// stopped between them.
    ///
    /// # Errors
    /// [`AttachError`]; nothing of the segment was used but its header.
    ///
    /// # If a process dies
    /// The kernel detaches it. A process that died while it was cleaning is waited for no longer.
    pub fn attach<O: ?Sized + Object>(&self, name: &str) -> Result<Shared<O>, AttachError> {
        let path = self.path(name)?;
        match naming::attach(&self.kernel(), &path)? {
            Some(file) => file::open(file.as_fd(), Access::Write),
            None => Err(AttachError::NotFound { path }),
        }
    }

    /// Attaches to the segment `name`, whose memory is mapped to read alone: nothing may write to the object.
    pub(crate) fn attach_to_read<O: ?Sized + Object>(
        &self,
        name: &str,
    ) -> Result<Shared<O>, AttachError> {
        let path = self.path(name)?;
        let kernel = Kernel { access: OFlag::O_RDONLY, ..self.kernel() };
        match naming::attach(&kernel, &path)? {
            Some(file) => file::open(file.as_fd(), Access::Read),
            None => Err(AttachError::NotFound { path }),
        }
    }

    /// Attaches to the segment `name`, whether somebody uses it or not, or creates it if nothing has
    /// the name. Of many that do so at once, one creates and the others attach to its segment.
    ///
    /// An old segment keeps its configuration and contents: a ring whose producer has left may well
    /// hold records. Where nothing old is wanted, [`take_over`](Self::take_over).
    ///
    /// Waits as [`attach`](Self::attach) does.
    ///
    /// # Errors
    /// [`OpenError`]: what has the name cannot be attached to, or nothing has it and nothing can be
    /// created. No file is left behind.
    ///
    /// # If a process dies
    /// As with [`create`](Self::create) and [`attach`](Self::attach): if the creator dies, the others
    /// go on with its segment, or one of them creates another.
    ///
    /// # Examples
    /// ```
    /// # use selvedge::{segment::{Directory, Origin}, semaphore::{SemaphoreConfig, SharedSemaphore}};
    /// # fn main() -> Result<(), selvedge::segment::OpenError> {
    /// # let name = &format!("doc.create_or_attach.{}", std::process::id());
    /// let shm = Directory::shm();
    /// let one = SemaphoreConfig::binary();
    /// let (semaphore, origin) = shm.create_or_attach::<SharedSemaphore>(name, one)?;
    /// assert_eq!(origin, Origin::Created);
    /// let (_, origin) = shm.create_or_attach::<SharedSemaphore>(name, one)?;
    /// assert_eq!(origin, Origin::Attached);
    /// # shm.unlink(name).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_or_attach<O: ?Sized + Object>(
        &self,
        name: &str,
        config: O::Config,
    ) -> Result<(Shared<O>, Origin), OpenError> {
        let path = self.path(name)?;
        let fill =
            |file: &File| Ok::<_, OpenError>(file::fill::<O>(file.as_fd(), self.mode, &config)?);
        match naming::create_or_attach(&self.kernel(), &path, fill)? {
            Opened::Created(_, object) => Ok((object, Origin::Created)),
            Opened::Attached(file) => {
                Ok((file::open(file.as_fd(), Access::Write)?, Origin::Attached))
            }
        }
    }

    /// Creates a segment named `name`, in place of one with that name that nobody uses. Of many that
    /// do so at once, one succeeds.
    ///
    /// Waits for others that remove the same name until each has made a few steps; for ever if one is
    /// stopped between them.
    ///
    /// # Errors
    /// [`CreateError::InUse`] if somebody is attached, or attaching, to what has the name;
    /// [`CreateError::Clean`] if that cannot be removed; any other [`CreateError`] as
    /// [`create`](Self::create). No file is left behind.
    ///
    /// # If a process dies
    /// As with [`create`](Self::create); in the middle of this call the old segment may be gone already.
    ///
    /// # Examples
    /// ```
    /// # use selvedge::segment::{CreateError, Directory, RingConfig, SpscRing};
    /// # fn main() -> Result<(), CreateError> {
    /// # let name = &format!("doc.take_over.{}", std::process::id());
    /// let shm = Directory::shm();
    /// drop(shm.create::<SpscRing<u64>>(name, RingConfig::new(64))?); // As if it had died.
    /// let ring = shm.take_over::<SpscRing<u64>>(name, RingConfig::new(64))?;
    /// let again = shm.take_over::<SpscRing<u64>>(name, RingConfig::new(64));
    /// assert!(matches!(again, Err(CreateError::InUse { .. })));
    /// # shm.unlink(name).unwrap();
    /// # Ok(())
    /// # }
    /// ```
    pub fn take_over<O: ?Sized + Object>(
        &self,
        name: &str,
        config: O::Config,
    ) -> Result<Shared<O>, CreateError> {
        let path = self.path(name)?;
        let kernel = self.kernel();
        let fill = |file: &File| file::fill::<O>(file.as_fd(), self.mode, &config);
        match naming::take_over(&kernel, &path, fill, |file| kernel.is_segment(file))? {
            TakenOver::Created(_, object) => Ok(object),
            TakenOver::InUse => Err(CreateError::InUse { path }),
            TakenOver::Foreign => Err(CleanError::NotASegment { path }.into()),
        }
    }

    /// Removes the name if nobody uses its segment, and says whether it did. A segment of any type is
    /// cleaned, and nothing that is no segment.
    ///
    /// Waits as [`take_over`](Self::take_over) does. While a program is being started, it has its
    /// parent's files open for a moment, and so keeps in use what its parent used.
    ///
    /// # Errors
    /// [`CleanError`]; the name is as it was.
    ///
    /// # If a process dies
    /// What it used is not in use any more once the kernel has closed its files, which may be some
    /// milliseconds after the signal that killed it; a process that is waited for has closed them.
    pub fn clean(&self, name: &str) -> Result<Cleaned, CleanError> {
        let path = self.path(name)?;
        let kernel = self.kernel();
        match naming::clean(&kernel, &path, |file| kernel.is_segment(file))? {
            naming::Cleaned::Removed => Ok(Cleaned::Removed),
            naming::Cleaned::InUse => Ok(Cleaned::InUse),
            naming::Cleaned::Absent => Ok(Cleaned::Absent),
            naming::Cleaned::Foreign => Err(CleanError::NotASegment { path }),
        }
    }

    /// Removes the name, whether its segment is in use or not. Whoever is attached stays attached;
    /// nobody attaches any more. What is no segment, or may not be opened, is removed too.
    ///
    /// Waits as [`take_over`](Self::take_over) does. A cleaner never removes the wrong segment because
    /// of this, except where the file may not be opened: it is then removed as `rm` does, and what
    /// gets the name next may lose it to a cleaner that had looked before.
    ///
    /// # Errors
    /// [`UnlinkError`]; the name is as it was.
    ///
    /// # If a process dies
    /// The name is removed, or as it was.
    pub fn unlink(&self, name: &str) -> Result<(), UnlinkError> {
        let path = self.path(name)?;
        let kernel = self.kernel();
        match naming::unlink(&kernel, &path, |file| kernel.is_segment(file)) {
            Ok(Unlinked::Removed) => Ok(()),
            Ok(Unlinked::Absent) => Err(UnlinkError::NotFound { path }),
            Ok(Unlinked::Foreign) => Ok(kernel.unlink(&path)?),
            Err(failure) if failure.is_foreign() => Ok(kernel.unlink(&path)?),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Opens the segment's file to read it, which is no use of the segment.
    pub(crate) fn open_to_look(&self, name: &str) -> Result<File, AttachError> {
        let path = self.path(name)?;
        let file = self.kernel().open_for(&path, OFlag::O_RDONLY)?;
        file.ok_or(AttachError::NotFound { path })
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.path
    }

    fn kernel(&self) -> Kernel<'_> {
        Kernel { directory: &self.path, access: OFlag::O_RDWR }
    }
}
