//! Bugs that the explorer alone sees: each hides in what loom's memory model, or its sleep, leaves out.

use std::sync::Arc;

use selvedge::platform::{
    AtomicWord, DataCell,
    Ordering::{Acquire, Relaxed, Release},
    Wait,
};

use super::{
    Blind,
    Op::{Cas, CasWeak, Load, Store},
    Program, Row, X, Y,
};
use crate::{
    engine::{
        Engine::{self, Loom, Shuttle},
        Entry,
    },
    model::{Info, Model, Scenario, World},
};

const FAMILY: &str = "seen by the explorer only";

const fn misses(engine: Engine, misses: &'static [&'static str], why: &'static str) -> Blind {
    Blind { engine, misses, invents: &[], why }
}

pub(super) const ALL: &[Program] = &[
    Program {
        name: "litmus/MP+cas",
        family: FAMILY,
        does: "x=1; y=1 || r=y acq; cas x 2->3, which fails, and may find an old value",
        threads: &[
            &[Store(X, 1, Relaxed), Store(Y, 1, Relaxed)],
            &[Load(Y, Acquire), Cas(X, 2, 3, Relaxed)],
        ],
        finals: &[],
        sc: &["0 0", "0 1", "1 1"],
        weak: &["1 0"],
        blind: &[misses(Loom, &["1 0"], "loom: compare-exchange")],
    },
    Program {
        name: "litmus/MP+7",
        family: FAMILY,
        does: "x=1, seven times; y=1 || r=y acq; r=x, which may be what was there before",
        threads: &[
            &[
                Store(X, 1, Relaxed),
                Store(X, 1, Relaxed),
                Store(X, 1, Relaxed),
                Store(X, 1, Relaxed),
                Store(X, 1, Relaxed),
                Store(X, 1, Relaxed),
                Store(X, 1, Relaxed),
                Store(Y, 1, Relaxed),
            ],
            &[Load(Y, Acquire), Load(X, Relaxed)],
        ],
        finals: &[],
        sc: &["0 0", "0 1", "1 1"],
        weak: &["1 0"],
        blind: &[misses(Loom, &["1 0"], "loom: the last seven stores")],
    },
    Program {
        name: "litmus/ccr+weak",
        family: FAMILY,
        does: "weak cas x 0->1 || weak cas x 0->2: one takes it, or both fail",
        threads: &[&[CasWeak(X, 0, 1, Relaxed)], &[CasWeak(X, 0, 2, Relaxed)]],
        finals: &[X],
        sc: &["0 | 1, X=1", "2 | 0, X=2"],
        weak: &["0 | 0, X=0", "0 | 0, X=1", "0 | 0, X=2"],
        blind: &[misses(
            Loom,
            &["0 | 0, X=0", "0 | 0, X=1", "0 | 0, X=2"],
            "loom: compare-exchange",
        )],
    },
];

/// Who sees no race of a sleeper that was woken.
const UNSEEN: &[Blind] = &[
    misses(Loom, &["data race"], "loom: sleeping"),
    misses(Shuttle, &["data race"], "shuttle: data races"),
];

pub(super) fn woken() -> Row {
    Row { entry: Entry::of(Woken), family: FAMILY, blind: UNSEEN, races: true }
}

/// A sleeper that takes its wake for an acquire: it reads the payload without another look at the word.
#[derive(Clone, Copy)]
struct Woken;

impl Scenario for Woken {
    fn info(&self) -> Info {
        Info {
            name: "litmus/woken",
            does: "write, x=1 rel, wake || wait while x is 0, r=x acq unless woken, read",
            reach: &["mismatch, read 1", "woken, read 1"],
            parks: true,
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new((M::U32::new(0), M::Cell::<u32>::new(0)));
        let (other, ctx) = (shared.clone(), world.ctx());
        let sleeper = world.actor("sleeper", move || {
            let (word, payload) = &*other;
            let how = match M::wait(&ctx, word, 0, None) {
                Wait::Woken => "woken",
                _ => {
                    word.load(Acquire);
                    "mismatch"
                }
            };
            // SAFETY: none, if it was woken; the race is the point, and only engines run this.
            format!("{how}, read {}", unsafe { payload.read() })
        });
        let ctx = world.ctx();
        let waker = world.actor("waker", move || {
            let (word, payload) = &*shared;
            // SAFETY: as above.
            unsafe { payload.write(1) };
            word.store(1, Release);
            M::wake(&ctx, word, 1);
        });
        M::join(waker);
        M::join(sleeper)
    }
}
