//! What racers for a name and their referee agree on.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// The name that is raced for.
pub const PRIZE: &str = "prize";

/// How many race.
pub const RACERS: u32 = 100;

/// The mark of the racer `slot` in the round `round`, which it leaves in what it creates. No two are
/// alike, and none is [`STALE`].
#[must_use]
pub fn mark(round: u32, slot: u32) -> u32 {
    STALE + 1 + round * RACERS + slot
}

/// The mark of what was there before a round.
pub const STALE: u32 = 1;

/// A barrier that outlives the death of any of those who wait at it: a file that the referee locks to
/// close it, and on which each racer takes a shared lock to pass.
#[derive(Debug)]
pub struct Gate(File);

impl Gate {
    /// The gate in the file `path`.
    ///
    /// # Errors
    /// That of opening the file.
    pub fn at(path: &Path) -> io::Result<Self> {
        Ok(Self(File::options().create(true).truncate(false).write(true).open(path)?))
    }

    /// The two gates of a race, in `directory`: where a round starts, and where everybody detaches.
    ///
    /// # Errors
    /// As [`at`](Self::at).
    pub fn pair(directory: impl Into<PathBuf>) -> io::Result<[Self; 2]> {
        let directory = directory.into();
        Ok([Self::at(&directory.join("start"))?, Self::at(&directory.join("detach"))?])
    }

    /// Waits until all who are passing have passed; nobody passes from here on.
    ///
    /// # Errors
    /// That of locking.
    pub fn close(&self) -> io::Result<()> {
        self.0.lock()
    }

    /// Lets everybody pass.
    ///
    /// # Errors
    /// That of unlocking.
    pub fn open(&self) -> io::Result<()> {
        self.0.unlock()
    }

    /// Waits until the gate is open.
    ///
    /// # Errors
    /// That of locking.
    pub fn pass(&self) -> io::Result<()> {
        self.0.lock_shared()?;
        self.0.unlock()
    }
}
