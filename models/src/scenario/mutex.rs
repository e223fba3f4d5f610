//! The mutex: whom it excludes, what a holder's death tells the next, and who is woken.

mod deaths;
mod exclusion;
mod swept;
mod timeout;
mod unrepaired;
mod waiter_dies;

use std::sync::Arc;

use selvedge::{
    platform::Owner,
    protocol::mutex::{Locked, Mutex, Shared},
};

use super::Entry;
use crate::model::{Model, World};

/// Every scenario of the mutex.
pub fn all() -> Vec<Entry> {
    vec![
        Entry::of(exclusion::ONCE),
        Entry::of(exclusion::TWICE),
        Entry::explored(deaths::TWO),
        Entry::explored(deaths::UNSEEN),
        Entry::explored(deaths::TWO_EACH),
        Entry::explored(deaths::THREE),
        Entry::of(unrepaired::Unrepaired),
        Entry::explored(swept::TRYING),
        Entry::explored(swept::WAITING),
        Entry::of(timeout::Timeout),
        Entry::explored(waiter_dies::WaiterDies),
    ]
}

type Pointer<M> = Arc<Shared<M, u32>>;
type Handle<M> = Mutex<M, u32, Pointer<M>>;

/// A handle called `owner`.
fn handle<M: Model>(world: &World<M>, shared: &Pointer<M>, owner: u32) -> Handle<M> {
    Mutex::attach(shared.clone(), world.ctx(), Owner(owner))
}

/// What a holder writes who has been told that the count may be torn.
const REPAIRED: u32 = 100;

/// Counts while it holds the lock: reads the count only if it is said to be whole.
fn count<M: Model>(mutex: &Handle<M>, found: Locked) {
    let count = match found {
        // SAFETY: the lock is held.
        Locked::Whole => unsafe { mutex.read() },
        Locked::OwnerDied => REPAIRED,
    };
    // SAFETY: the lock is held.
    unsafe { mutex.write(count + 1) };
}
