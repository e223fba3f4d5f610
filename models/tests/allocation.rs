//! The explorer's inner loop allocates nothing: what an execution costs does not grow with its events.
#![allow(clippy::disallowed_types, reason = "what an allocator counts is no protocol")]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use selvedge::platform::AtomicWord;
use selvedge_models::{
    engine::{self, Engine, Entry, Plan},
    model::{Info, Model, Scenario, World},
};

/// The system's allocator, counting.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: it is the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A reader of what a writer writes, which then goes on by itself for as many rounds.
#[derive(Clone, Copy)]
struct Rounds(u32);

impl Scenario for Rounds {
    fn info(&self) -> Info {
        Info { name: "test/rounds", explorer_only: true, ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let words = Arc::new([0, 0].map(M::U32::new));
        let (mine, theirs, rounds) = (words.clone(), words, self.0);
        let writer = world.actor("writer", move || theirs[0].store(1, Relaxed));
        let reader = world.actor("reader", move || {
            let found = mine[0].load(Relaxed);
            for round in 0..rounds {
                mine[1].store(round, Relaxed);
                mine[1].load(Relaxed);
                mine[1].fetch_add(1, Relaxed);
            }
            found
        });
        M::join(writer);
        M::join(reader).to_string()
    }
}

/// Allocations of a search.
fn allocations(rounds: u32) -> usize {
    let entry = Entry::of(Rounds(rounds));
    let plan = Plan::quick(&entry.info, Engine::Explorer);
    let before = ALLOCATIONS.load(Relaxed);
    let verdict = engine::run(&entry, &plan, None).expect("it runs");
    let after = ALLOCATIONS.load(Relaxed);
    assert_eq!((verdict.held(), verdict.executions), (true, 2), "{verdict:?}");
    after - before
}

#[test]
fn an_event_costs_no_allocation() {
    allocations(1); // What is made once.
    let (few, many) = (allocations(1), allocations(200));
    // Vectors that grow, in each of few graphs.
    assert!(many < few + 100, "{few} allocations for a few events, {many} for 800 more");
}
