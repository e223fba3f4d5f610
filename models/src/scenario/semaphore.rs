//! The semaphore: what a permit excludes and carries, and who is woken for it.

mod deaths;
mod double_release;
mod hand_over_of_two;
mod hand_over_to_two;
mod history;
mod mutual_exclusion;
mod releaser_dies;
mod timeout;
mod try_acquire_takes_one;
mod two_waiters;
mod waiter_dies;

use std::sync::Arc;

use selvedge::protocol::semaphore::{Semaphore, Shared};

use super::Entry;
use crate::model::{Model, World};

/// Every scenario of the semaphore.
pub fn all() -> Vec<Entry> {
    vec![
        Entry::of(mutual_exclusion::ONCE),
        Entry::of(mutual_exclusion::TWICE),
        Entry::of(mutual_exclusion::TRYING_TWICE),
        Entry::of(try_acquire_takes_one::FREE),
        Entry::of(try_acquire_takes_one::RELEASED),
        Entry::of(hand_over_of_two::HandOverOfTwo),
        Entry::of(hand_over_to_two::HandOverToTwo),
        Entry::of(two_waiters::TwoWaiters { releases: 1 }),
        Entry::of(two_waiters::TwoWaiters { releases: 2 }),
        Entry::of(double_release::DoubleRelease),
        Entry::of(timeout::Timeout),
        Entry::explored(deaths::TWO),
        Entry::explored(deaths::TWO_EACH),
        Entry::explored(deaths::THREE),
        Entry::explored(releaser_dies::ReleaserDies),
        Entry::explored(waiter_dies::WaiterDies),
        Entry::of(history::TAKING),
        Entry::of(history::CROSSED),
        Entry::explored(history::TAKER_DIES),
    ]
}

type Handle<M> = Semaphore<M, Arc<Shared<M>>>;

/// A handle on a new semaphore; its clones are other participants.
fn semaphore<M: Model>(world: &World<M>, permits: u32, max: u32) -> Handle<M> {
    let shared = Shared::new(permits, max).expect("permits <= max");
    Semaphore::attach(Arc::new(shared), world.ctx()).expect("initialised")
}

/// An actor that acquires a permit for ever; says whether that worked.
fn acquirer<M: Model>(
    world: &World<M>,
    name: &'static str,
    semaphore: &Handle<M>,
) -> M::Join<bool> {
    let semaphore = semaphore.clone();
    world.actor(name, move || semaphore.acquire().is_ok())
}
