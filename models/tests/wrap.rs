//! A wrapper's hook reaches every kind of access, fences included.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use selvedge::platform::{AtomicWord, Ordering};
use selvedge_models::{
    engine::loom::Loom,
    model::{Info, Model, World},
    wrap::{Hook, Hooked, Site},
};

/// Store buffering with SC fences between store and load.
fn store_buffering<M: Model>() -> (u32, u32) {
    let world = World::<M>::new(&Info::DEFAULT);
    let words = Arc::new([M::U32::new(0), M::U32::new(0)]);
    let threads = [0, 1].map(|mine| {
        let words = words.clone();
        world.actor("P", move || {
            words[mine].store(1, Ordering::Relaxed);
            M::fence(Ordering::SeqCst);
            words[1 - mine].load(Ordering::Relaxed)
        })
    });
    let [first, second] = threads.map(M::join);
    (first, second)
}

fn outcomes<M: Model>() -> BTreeSet<(u32, u32)> {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let reached = seen.clone();
    loom::model(move || {
        let outcome = store_buffering::<M>();
        reached.lock().unwrap().insert(outcome);
    });
    let seen = seen.lock().unwrap();
    seen.clone()
}

struct NoFence;

impl Hook for NoFence {
    fn fence(_: Site, _: Ordering) -> Option<Ordering> {
        None
    }
}

struct Nothing;

impl Hook for Nothing {}

#[test]
fn a_removed_fence_shows_the_outcome_that_it_forbids() {
    let with = BTreeSet::from([(0, 1), (1, 0), (1, 1)]);
    assert_eq!(outcomes::<Hooked<Loom, Nothing>>(), with);
    let without = outcomes::<Hooked<Loom, NoFence>>();
    assert_eq!(without, with.into_iter().chain([(0, 0)]).collect());
    // Wrappers compose.
    assert_eq!(outcomes::<Hooked<Hooked<Loom, NoFence>, Nothing>>(), without);
}
