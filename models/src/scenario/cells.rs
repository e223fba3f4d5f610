//! Cells: what two changes at a time make of them, and what they carry.

mod counted;
mod exchanged;
mod handed_over;
mod one_dies;

use std::sync::Arc;

use selvedge::{
    platform::AtomicWord,
    protocol::cells::{Cells, Words},
};

use super::Entry;
use crate::model::Model;

/// Every scenario of the cells.
pub fn all() -> Vec<Entry> {
    vec![
        Entry::of(counted::Counted),
        Entry::of(handed_over::HandedOver),
        Entry::of(exchanged::Exchanged),
        Entry::explored(one_dies::OneDies),
    ]
}

/// So many cells, which hold 0.
fn cells<M: Model, const N: usize>() -> Arc<Cells<M, Words<M>>> {
    Arc::new(Cells::new([(); N].map(|()| M::U64::new(0))))
}
