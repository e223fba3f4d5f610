//! # naming: who creates, attaches to, takes over and removes what has a name
//!
//! A file is made without a name and published finished; it is *in use* as long as somebody holds a
//! lock on it, which the kernel takes back from the dead; and a name is removed only under a lock of
//! the file that it refers to, so that cleaning never hits another file than the one it looked at.
//!
//! Source: anonymous files that are linked when finished, open(2) on `O_TMPFILE`; lock, then check
//! that the name still refers to what was locked, as lock files have been handled for long; locks of
//! open file descriptions, fcntl(2).
//!
//! Trust: whoever may open a file for writing can hold its locks for ever, so that others wait or
//! find it in use, and whoever may write to the directory can remove any name at any time, without
//! asking: a cleaner that looked just before may then hit the file that got the name next. Neither
//! reaches into memory.
//!
//! Progress: nobody spins. An operation starts again only if another has removed the name meanwhile,
//! so of all that run one gets on. A2 and N2 wait for a process that is between N2 and U1 or K2, for
//! ever if it is stopped there. Nobody waits who holds a NAME lock, or USE exclusively: there is no
//! deadlock.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | the name | at most one file | creators, unlinkers, cleaners | all | none |
//! | the contents | the caller's | the creator, before C2 | attachers, after A3 | unfinished |
//! | `USE` | lock of the file: shared by its users, exclusive for a cleaner | all | attachers, cleaners | free |
//! | `NAME` | lock of the file: exclusive | unlinkers, cleaners | unlinkers, cleaners | free |
//!
//! Nothing is counted, so there is no bit budget.
//!
//! ## States
//!
//! A name is *absent*, *used* (somebody shares USE of its file) or *stale* (nobody does). C3 makes an
//! absent one used, A2 a stale one; the last user's close or death makes it stale. U1 makes any absent,
//! K2 a stale one.
//!
//! ## Invariants
//!
//! - `I1`: a file that has a name is finished, and was in use when it got it.
//! - `I2`: a name is taken from a file only by the one who holds the file's NAME lock.
//! - `I3`: USE is held exclusively only by one who holds NAME, so a refusal at K1 means a user.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `C1` | create: make a file without a name; the caller fills it |
//! | `C2` | create: share USE of it |
//! | `C3` | create: give it the name, if that is absent |
//! | `A1` | attach: open what has the name |
//! | `A2` | attach: share USE of it, waiting for a cleaner |
//! | `A3` | attach: does the name still refer to it? |
//! | `N1` | unlink, clean: open what has the name |
//! | `N2` | unlink, clean: take its NAME, waiting for others |
//! | `N3` | unlink, clean: does the name still refer to it? |
//! | `U1` | unlink: take the name away |
//! | `K1` | clean: take USE exclusively, if nobody shares it |
//! | `K2` | clean: take the name away |
//!
//! A file that an operation has no more use for is closed, which lets its locks go. That has no label:
//! it is what death does, too.
//!
//! ## Edges
//!
//! none: the kernel's steps have one order, which is *assumed* (`Directory`).
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `C1` | nothing: the kernel frees the file | nobody | nothing | nothing was created |
//! | `C2` | as after `C1` | nobody | nothing | as after `C1` |
//! | `C3` | a finished file with a stale name | whoever creates, or cleans | attaches, takes over or cleans | the name is there, finished |
//! | `A1` | nothing | nobody | nothing | nothing |
//! | `A2` | a name that may be stale | as after `C3` | as after `C3` | nothing |
//! | `A3` | as after `A2` | as after `C3` | as after `C3` | nothing |
//! | `N1` | nothing | nobody | nothing | nothing was removed |
//! | `N2` | nothing: the kernel frees the lock | who waits for it | gets it | as after `N1` |
//! | `N3` | as after `N2` | as after `N2` | as after `N2` | as after `N1` |
//! | `U1` | a file without a name, for as long as it is used | nobody | nothing | the name is removed |
//! | `K1` | as after `N2`, of both locks | as after `N2` | as after `N2` | as after `N1` |
//! | `K2` | nothing | nobody | nothing | the name is removed |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `NAME-1` | of all that create one name, or create or attach, one creates it; the others attach to that file or are told | `naming/one_creator`, `test:naming_race/a_hundred_processes_create_or_attach`, `test:names/of_many_creators_one_succeeds` |
//! | `NAME-2` | a name refers to a finished file, which is in use from the first moment | `naming/finished`, `naming/born_in_use`, `test:naming_race/a_hundred_processes_create_or_attach`, `test:names/no_half_made_segment_has_a_name`, `naming/creators_die`, `naming/death_of_one_of_two` |
//! | `NAME-3` | cleaning, and taking over, never remove the name of a file that somebody uses | `naming/clean_spares_users`, `naming/clean_spares_newcomers`, `naming/born_in_use`, `test:naming_race/cleaners_among_a_hundred_processes`, `naming/death_of_one_of_two`, `naming/user_among_three_dies`, `naming/cleaner_among_three_dies` |
//! | `NAME-4` | who attaches has the file that the name refers to, until somebody unlinks it | `naming/clean_spares_users`, `naming/attach_or_take_over`, `test:naming_race/cleaners_among_a_hundred_processes`, `naming/death_of_one_of_two`, `naming/user_among_three_dies`, `naming/cleaner_among_three_dies` |
//! | `NAME-5` | a stale name is taken over, by one | `naming/take_over_once`, `naming/attach_or_take_over`, `test:naming_race/a_hundred_processes_take_over`, `naming/creators_die`, `naming/usurpers_die` |
//! | `NAME-6` | whoever dies between two steps keeps nobody from creating, attaching or taking over | `naming/creators_die`, `naming/usurpers_die`, `naming/death_of_one_of_two`, `naming/user_among_three_dies`, `naming/cleaner_among_three_dies`, `naming/removers_die` |

use crate::platform::{
    Directory,
    LockByte::{Name, Use},
    LockMode::{Exclusive, Shared},
};

/// How the caller came by a file, which it uses until it drops it.
#[derive(Debug)]
pub enum Opened<F, T> {
    /// It made the file, and filled it.
    Created(F, T),
    /// The file had the name already.
    Attached(F),
}

/// What became of a name that was to be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Unlinked {
    /// Nothing has the name any more.
    Removed,
    /// Nothing had it.
    Absent,
    /// What has the name is none of this protocol's files, and keeps it.
    Foreign,
}

/// What became of a name that was to be cleaned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Cleaned {
    /// Nobody used what had the name, and nothing has it any more.
    Removed,
    /// Somebody uses it, or is about to attach; it keeps its name.
    InUse,
    /// Nothing has the name.
    Absent,
    /// What has the name is none of this protocol's files, and keeps it.
    Foreign,
}

/// What became of a name that was to be taken over.
#[derive(Debug)]
pub enum TakenOver<F, T> {
    /// The caller has made a new file, with that name, and uses it.
    Created(F, T),
    /// Somebody uses what has the name.
    InUse,
    /// What has the name is none of this protocol's files, and keeps it.
    Foreign,
}

/// Makes a file, has it filled by `fill`, and uses it; it has no name yet.
fn make<D: Directory, T, E: From<D::Error>>(
    directory: &D,
    fill: impl FnOnce(&D::File) -> Result<T, E>,
) -> Result<(D::File, T), E> {
    // C1  Nobody else can see the file while it is filled.
    let file = directory.unnamed()?;
    let contents = fill(&file)?;
    // C2  Before it has a name (I1); nobody else has it open, so there is no waiting.
    directory.lock(&file, Use, Shared)?;
    Ok((file, contents))
}

/// Creates what is called `name`, filled by `fill`; `None` if the name is not absent. It does not
/// wait.
///
/// # Errors
/// The directory's, or what `fill` says. Nothing is left behind.
pub fn create<D: Directory, T, E: From<D::Error>>(
    directory: &D,
    name: &D::Name,
    fill: impl FnOnce(&D::File) -> Result<T, E>,
) -> Result<Option<(D::File, T)>, E> {
    let (file, contents) = make(directory, fill)?;
    Ok(publish(directory, name, &file)?.then_some((file, contents)))
}

fn publish<D: Directory>(directory: &D, name: &D::Name, made: &D::File) -> Result<bool, D::Error> {
    // C3  Finished and in use (I1), the file gets its name in one step, or another has it.
    directory.link(made, name)
}

/// Attaches to what is called `name`; `None` if that is absent. Waits for a cleaner between two steps.
///
/// # Errors
/// The directory's.
pub fn attach<D: Directory>(directory: &D, name: &D::Name) -> Result<Option<D::File>, D::Error> {
    loop {
        // A1  What is opened may lose its name at once: A3 looks again.
        let Some(file) = directory.open(name)? else { return Ok(None) };
        // A2  From here on it is not cleaned (I3).
        directory.lock(&file, Use, Shared)?;
        // A3  It may have been cleaned, or unlinked, before A2; then another has the name, or nothing.
        if directory.refers(name, &file)? {
            return Ok(Some(file));
        }
    }
}

/// Attaches to what is called `name`, used or stale, or creates it.
///
/// # Errors
/// The directory's, or what `fill` says.
pub fn create_or_attach<D: Directory, T, E: From<D::Error>>(
    directory: &D,
    name: &D::Name,
    fill: impl FnOnce(&D::File) -> Result<T, E>,
) -> Result<Opened<D::File, T>, E> {
    // Mostly it is there, and making a file for nothing is dear.
    if let Some(file) = attach(directory, name)? {
        return Ok(Opened::Attached(file));
    }
    let (made, contents) = make(directory, fill)?;
    loop {
        if publish(directory, name, &made)? {
            return Ok(Opened::Created(made, contents));
        }
        if let Some(file) = attach(directory, name)? {
            return Ok(Opened::Attached(file));
        }
    }
}

/// Creates what is called `name`, in place of what has that name if nobody uses it. `ours` says
/// whether a file is one of this protocol's. Waits for others that remove the same name.
///
/// # Errors
/// The directory's, or what `fill` or `ours` says.
pub fn take_over<D: Directory, T, E: From<D::Error>>(
    directory: &D,
    name: &D::Name,
    fill: impl FnOnce(&D::File) -> Result<T, E>,
    mut ours: impl FnMut(&D::File) -> Result<bool, D::Error>,
) -> Result<TakenOver<D::File, T>, E> {
    let (made, contents) = make(directory, fill)?;
    loop {
        if publish(directory, name, &made)? {
            return Ok(TakenOver::Created(made, contents));
        }
        match clean(directory, name, &mut ours)? {
            Cleaned::InUse => return Ok(TakenOver::InUse),
            Cleaned::Foreign => return Ok(TakenOver::Foreign),
            Cleaned::Removed | Cleaned::Absent => {}
        }
    }
}

/// What `hold` found.
enum Held<F> {
    File(F),
    Absent,
    Foreign,
}

/// The file that has the name, if it is `ours`, once nobody else can take the name away from it.
fn hold<D: Directory>(
    directory: &D,
    name: &D::Name,
    mut ours: impl FnMut(&D::File) -> Result<bool, D::Error>,
) -> Result<Held<D::File>, D::Error> {
    loop {
        // N1  What is opened may lose its name at once: N3 looks again.
        let Some(file) = directory.open(name)? else { return Ok(Held::Absent) };
        if !ours(&file)? {
            return Ok(Held::Foreign);
        }
        // N2  From here on nobody else takes the name from it (I2).
        directory.lock(&file, Name, Exclusive)?;
        // N3  Another may have done so before N2; then what has the name now is another file.
        if directory.refers(name, &file)? {
            return Ok(Held::File(file));
        }
    }
}

/// Takes the name away, whether somebody uses what has it or not. `ours` says whether a file is one
/// of this protocol's. Waits for others that remove the same name.
///
/// # Errors
/// The directory's, or what `ours` says.
pub fn unlink<D: Directory>(
    directory: &D,
    name: &D::Name,
    ours: impl FnMut(&D::File) -> Result<bool, D::Error>,
) -> Result<Unlinked, D::Error> {
    let _file = match hold(directory, name, ours)? {
        Held::File(file) => file,
        Held::Absent => return Ok(Unlinked::Absent),
        Held::Foreign => return Ok(Unlinked::Foreign),
    };
    // U1  The name refers to the file whose NAME we hold (I2).
    directory.unlink(name)?;
    Ok(Unlinked::Removed)
}

/// Takes the name away if nobody uses what has it. `ours` says whether a file is one of this
/// protocol's. Waits for others that remove the same name.
///
/// # Errors
/// The directory's, or what `ours` says.
pub fn clean<D: Directory>(
    directory: &D,
    name: &D::Name,
    ours: impl FnMut(&D::File) -> Result<bool, D::Error>,
) -> Result<Cleaned, D::Error> {
    let file = match hold(directory, name, ours)? {
        Held::File(file) => file,
        Held::Absent => return Ok(Cleaned::Absent),
        Held::Foreign => return Ok(Cleaned::Foreign),
    };
    // K1  No cleaner can be in the way (I3): a refusal is a user. Granted, it keeps users out.
    if !directory.try_lock(&file, Use, Exclusive)? {
        return Ok(Cleaned::InUse);
    }
    // K2  The name refers to the file whose NAME we hold (I2), and nobody uses it.
    directory.unlink(name)?;
    Ok(Cleaned::Removed)
}
