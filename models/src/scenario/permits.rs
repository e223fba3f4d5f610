//! Permits with a holder: whom they exclude, and that a dead holder's come back once.

mod deaths;
mod exclusion;
mod released_once;
mod swept;
mod taken_over_once;
mod timeout;

use std::sync::Arc;

use selvedge::{
    platform::{AtomicWord, Owner},
    protocol::permits::{Permits, Pool, Slots},
};

use super::Entry;
use crate::model::{Model, World};

/// Every scenario of permits.
pub fn all() -> Vec<Entry> {
    vec![
        Entry::of(exclusion::ONCE),
        Entry::of(exclusion::TWICE),
        Entry::explored(deaths::TWO),
        Entry::explored(deaths::TWO_EACH),
        Entry::explored(deaths::THREE),
        Entry::explored(deaths::THREE_FOR_TWO),
        Entry::of(released_once::ReleasedOnce),
        Entry::explored(deaths::UNSEEN),
        Entry::explored(taken_over_once::TakenOverOnce),
        Entry::explored(swept::TRYING),
        Entry::explored(swept::WAITING),
        Entry::of(timeout::Timeout),
    ]
}

type Pointer<M> = Arc<Pool<M, Slots<M>>>;
type Handle<M> = Permits<M, Pointer<M>>;

/// A pool of one or two permits.
fn pool<M: Model>(permits: usize) -> Pointer<M> {
    let permit = || M::U32::new(0);
    match permits {
        1 => Arc::new(Pool::new([permit()])),
        2 => Arc::new(Pool::new([permit(), permit()])),
        _ => unreachable!("models are small"),
    }
}

/// A handle called `owner`.
fn handle<M: Model>(world: &World<M>, pool: &Pointer<M>, owner: u32) -> Handle<M> {
    Permits::attach(pool.clone(), world.ctx(), Owner(owner))
}

/// How many permits there are to be had, now that nobody else does anything.
fn left<M: Model>(handle: &Handle<M>) -> usize {
    core::iter::from_fn(|| handle.try_acquire().ok()).count()
}
