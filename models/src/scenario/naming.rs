//! Names: who creates, who attaches to what, and what is never removed.

mod attach_or_take_over;
mod born_in_use;
mod clean_spares_newcomers;
mod clean_spares_users;
mod deaths;
mod finished;
mod one_creator;
mod take_over_once;

use std::convert::Infallible;

use selvedge::{
    platform::{AtomicWord, Ordering::Relaxed},
    protocol::naming::{self, Cleaned, Opened, TakenOver},
};

use super::Entry;
use crate::model::{
    Model, World,
    directory::{Directory, File},
};

/// Every scenario of names.
pub fn all() -> Vec<Entry> {
    vec![
        Entry::of(one_creator::OneCreator),
        Entry::of(finished::Finished),
        Entry::of(born_in_use::BornInUse),
        Entry::of(clean_spares_users::CleanSparesUsers),
        Entry::of(clean_spares_newcomers::CleanSparesNewcomers),
        Entry::of(take_over_once::TakeOverOnce),
        Entry::of(attach_or_take_over::AttachOrTakeOver),
        Entry::explored(deaths::CREATORS),
        Entry::explored(deaths::USURPERS),
        Entry::explored(deaths::REMOVERS),
        Entry::explored(deaths::TWO_EACH),
        Entry::explored(deaths::USER_AMONG_THREE),
        Entry::explored(deaths::CLEANER_AMONG_THREE),
    ]
}

/// What an operation said, and the file that it uses from then on.
type Found<M> = (&'static str, Option<File<M>>);

/// No step of the model directory is ever refused.
fn ok<T>(result: Result<T, Infallible>) -> T {
    let Ok(value) = result;
    value
}

/// What a creator writes.
const FINISHED: u32 = 1;

fn fill<M: Model>(file: &File<M>) -> Result<(), Infallible> {
    file.contents.store(FINISHED, Relaxed);
    Ok(())
}

/// A directory in which file 0 has the name, and nobody uses it.
fn stale<M: Model>(world: &World<M>) -> Directory<M> {
    let directory = Directory::new(world);
    let created = ok(naming::create(&directory, &(), fill));
    assert!(created.is_some(), "nothing had the name");
    directory
}

fn attached<M: Model>(file: File<M>) -> Found<M> {
    let said = match file.contents.load(Relaxed) {
        FINISHED => "attached",
        _ => "attached to something half-made",
    };
    (said, Some(file))
}

fn create<M: Model>(directory: &Directory<M>) -> Found<M> {
    match ok(naming::create(directory, &(), fill)) {
        Some((file, ())) => ("created", Some(file)),
        None => ("exists", None),
    }
}

fn attach<M: Model>(directory: &Directory<M>) -> Found<M> {
    ok(naming::attach(directory, &())).map_or(("absent", None), attached)
}

fn create_or_attach<M: Model>(directory: &Directory<M>) -> Found<M> {
    match ok(naming::create_or_attach(directory, &(), fill)) {
        Opened::Created(file, ()) => ("created", Some(file)),
        Opened::Attached(file) => attached(file),
    }
}

fn take_over<M: Model>(directory: &Directory<M>) -> Found<M> {
    match ok(naming::take_over(directory, &(), fill, |_| Ok(true))) {
        TakenOver::Created(file, ()) => ("took over", Some(file)),
        TakenOver::InUse => ("in use", None),
        TakenOver::Foreign => ("foreign", None),
    }
}

fn clean<M: Model>(directory: &Directory<M>) -> &'static str {
    match ok(naming::clean(directory, &(), |_| Ok(true))) {
        Cleaned::Removed => "removed",
        Cleaned::InUse => "in use",
        Cleaned::Absent => "absent",
        Cleaned::Foreign => "foreign",
    }
}

/// Does the name refer to the file that somebody uses?
fn keeps_name<M: Model>(directory: &Directory<M>, file: Option<&File<M>>) -> &'static str {
    match (directory.named(), file) {
        (Some(named), Some(file)) if named == file.number => "named",
        (_, None) => "unused",
        _ => "robbed of its name",
    }
}
