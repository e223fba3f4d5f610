//! The one door to names: the steps by which a file gets and loses its name, and the locks that say
//! who uses it.
//!
//! [`naming`](crate::protocol::naming) is generic over [`Directory`], as the other protocols are over
//! [`Platform`](super::Platform), so that the source which runs on a file system is the source that
//! the engines of `selvedge-models` explore. Every method is `#[track_caller]`, so a backend learns
//! which step of the card it is.

/// What of a file is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockByte {
    /// Shared by all who use the file; exclusive while it is cleaned.
    Use,
    /// Exclusive while the file's name is being taken away.
    Name,
}

/// How many may hold a lock at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// Any number, and nobody exclusively.
    Shared,
    /// One, and nobody else.
    Exclusive,
}

/// A directory of named files, and of files that have no name yet.
///
/// # What a backend promises
/// - Each step is atomic. Steps on one name, and on one file, have one order, and what happened
///   before a step is visible after each later one.
/// - A name refers to at most one file. A file gets a name only while it has had none: once its name
///   is gone it never has one again, and it is not mistaken for another as long as somebody has it
///   open.
/// - A lock belongs to the [`File`](Self::File) that it was taken through. It ends when that is
///   dropped or its process dies, and not before.
pub trait Directory {
    /// What a file is called.
    type Name: ?Sized;
    /// An opened file; dropping it closes it. Opened twice, it is two of these.
    type File;
    /// A step was impossible, and nothing has changed.
    type Error;

    /// A new file without a name, which vanishes with the last who has it open.
    ///
    /// # Errors
    /// The backend's.
    #[track_caller]
    fn unnamed(&self) -> Result<Self::File, Self::Error>;

    /// Gives a file that has never had one the name, if nothing has that; says whether it did.
    ///
    /// # Errors
    /// The backend's.
    #[track_caller]
    fn link(&self, file: &Self::File, name: &Self::Name) -> Result<bool, Self::Error>;

    /// Opens what has the name, if anything does.
    ///
    /// # Errors
    /// The backend's.
    #[track_caller]
    fn open(&self, name: &Self::Name) -> Result<Option<Self::File>, Self::Error>;

    /// Does the name refer to this very file?
    ///
    /// # Errors
    /// The backend's.
    #[track_caller]
    fn refers(&self, name: &Self::Name, file: &Self::File) -> Result<bool, Self::Error>;

    /// Locks, waiting as long as others hold what conflicts.
    ///
    /// # Errors
    /// The backend's.
    #[track_caller]
    fn lock(&self, file: &Self::File, byte: LockByte, mode: LockMode) -> Result<(), Self::Error>;

    /// Locks if nobody else holds what conflicts; says whether it did.
    ///
    /// # Errors
    /// The backend's.
    #[track_caller]
    fn try_lock(
        &self,
        file: &Self::File,
        byte: LockByte,
        mode: LockMode,
    ) -> Result<bool, Self::Error>;

    /// Takes the name from whatever has it, if anything does.
    ///
    /// # Errors
    /// The backend's.
    #[track_caller]
    fn unlink(&self, name: &Self::Name) -> Result<(), Self::Error>;
}
