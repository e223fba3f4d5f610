//! Signals: who takes what was raised, and who is woken for it.

mod handed_over;
mod interrupted;
mod none_lost;
mod one_taker;
mod raiser_dies;

use std::sync::Arc;

use selvedge::protocol::signals::{Pending, Signals};

use super::Entry;
use crate::model::{Model, World};

/// Every scenario of signals.
pub fn all() -> Vec<Entry> {
    vec![
        Entry::of(none_lost::NoneLost),
        Entry::of(handed_over::HandedOver),
        Entry::of(one_taker::OneTaker),
        Entry::explored(interrupted::Interrupted),
        Entry::explored(raiser_dies::RaiserDies),
    ]
}

type Handle<M> = Signals<M, Arc<Pending<M>>>;

/// A handle on a new set; its clones are other participants.
fn signals<M: Model>(world: &World<M>) -> Handle<M> {
    Signals::attach(Arc::new(Pending::default()), world.ctx())
}
