//! The registry: who owns a slot, and what is done to the dead is never done to the living.

mod burial_spares_newcomers;
mod one_owner;

use super::Entry;

/// Every scenario of the registry.
pub fn all() -> Vec<Entry> {
    vec![
        Entry::of(one_owner::ALIVE),
        Entry::explored(one_owner::DYING),
        Entry::explored(one_owner::TWO_EACH),
        Entry::explored(one_owner::THREE),
        Entry::explored(burial_spares_newcomers::BurialSparesNewcomers),
    ]
}
