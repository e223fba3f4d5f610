//! Scenarios: small concurrent programs on the protocols, written once, generic over the platform.

pub mod cells;
pub mod event;
pub mod futex;
mod history;
pub mod latest;
pub mod litmus;
pub mod mpmc;
pub mod mutex;
pub mod naming;
pub mod permits;
pub mod registry;
pub mod semaphore;
pub mod signals;
pub mod spsc;

use crate::engine::Entry;

/// The scenarios of the protocols.
pub fn protocols() -> Vec<Entry> {
    [
        cells::all(),
        event::all(),
        latest::all(),
        mpmc::all(),
        mutex::all(),
        naming::all(),
        permits::all(),
        registry::all(),
        semaphore::all(),
        signals::all(),
        spsc::all(),
    ]
    .concat()
}

/// The scenario called `name`, calibration included.
///
/// # Errors
/// If there is none.
pub fn find(name: &str) -> Result<Entry, String> {
    let everything = protocols().into_iter().chain(litmus::all()).chain(futex::all());
    let found = everything.into_iter().find(|entry| entry.info.name == name);
    found.ok_or_else(|| format!("there is no scenario `{name}`"))
}
