//! The table. Names, programs and verdicts follow the litmus literature (Alglave, Maranget and
//! Tautschnig, TOPLAS 36(2), 2014; Lahav et al., PLDI 2017), release sequences follow C++20.

use selvedge::platform::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

use super::{
    Blind,
    Op::{Add, Cas, Fence, Load, OnlyIf, Store, StoreLast},
    Program, X, Y, Z,
};
use crate::engine::Engine::Loom;

/// No engine is known to err on it.
const NONE: &[Blind] = &[];

/// SC accesses are AcqRel to loom.
const fn sc_accesses(invents: &'static [&'static str]) -> Blind {
    Blind { engine: Loom, misses: &[], invents, why: "loom: SeqCst accesses" }
}

/// loom orders two stores to a location only if one happens-before the other, or a read-modify-write
/// says so: a final read may then see either.
const fn partial_mo(invents: &'static [&'static str]) -> Blind {
    Blind { engine: Loom, misses: &[], invents, why: "loom: modification order" }
}

pub(super) const ALL: &[Program] = &[
    Program {
        name: "litmus/SB",
        family: "store buffering",
        does: "x=1 rel; r=y acq || y=1 rel; r=x acq",
        threads: &[
            &[Store(X, 1, Release), Load(Y, Acquire)],
            &[Store(Y, 1, Release), Load(X, Acquire)],
        ],
        finals: &[],
        sc: &["0 | 1", "1 | 0", "1 | 1"],
        weak: &["0 | 0"],
        blind: NONE,
    },
    Program {
        name: "litmus/SB+scfs",
        family: "store buffering",
        does: "x=1; fence sc; r=y || y=1; fence sc; r=x",
        threads: &[
            &[Store(X, 1, Relaxed), Fence(SeqCst), Load(Y, Relaxed)],
            &[Store(Y, 1, Relaxed), Fence(SeqCst), Load(X, Relaxed)],
        ],
        finals: &[],
        sc: &["0 | 1", "1 | 0", "1 | 1"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/SB+4sc",
        family: "store buffering",
        does: "x=1 sc; r=y sc || y=1 sc; r=x sc",
        threads: &[
            &[Store(X, 1, SeqCst), Load(Y, SeqCst)],
            &[Store(Y, 1, SeqCst), Load(X, SeqCst)],
        ],
        finals: &[],
        sc: &["0 | 1", "1 | 0", "1 | 1"],
        weak: &[],
        blind: &[sc_accesses(&["0 | 0"])],
    },
    Program {
        name: "litmus/MP",
        family: "message passing",
        does: "x=1 rel; y=1 rel || r=y acq; r=x acq",
        threads: &[
            &[Store(X, 1, Release), Store(Y, 1, Release)],
            &[Load(Y, Acquire), Load(X, Acquire)],
        ],
        finals: &[],
        sc: &["0 0", "0 1", "1 1"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/MP+rlx",
        family: "message passing",
        does: "x=1; y=1 || r=y; r=x",
        threads: &[
            &[Store(X, 1, Relaxed), Store(Y, 1, Relaxed)],
            &[Load(Y, Relaxed), Load(X, Relaxed)],
        ],
        finals: &[],
        sc: &["0 0", "0 1", "1 1"],
        weak: &["1 0"],
        blind: NONE,
    },
    Program {
        name: "litmus/MP+relf+acqf",
        family: "message passing",
        does: "x=1; fence rel; y=1 || r=y; if 1 { fence acq; r=x }",
        threads: &[
            &[Store(X, 1, Relaxed), Fence(Release), Store(Y, 1, Relaxed)],
            &[Load(Y, Relaxed), OnlyIf(1), Fence(Acquire), Load(X, Relaxed)],
        ],
        finals: &[],
        sc: &["0", "1 1"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/MP+rels+acqf",
        family: "release sequence",
        does: "x=1; y=2 rel; y=1 || r=y; if 1 { fence acq; r=x }",
        threads: &[
            &[Store(X, 1, Relaxed), Store(Y, 2, Release), Store(Y, 1, Relaxed)],
            &[Load(Y, Relaxed), OnlyIf(1), Fence(Acquire), Load(X, Relaxed)],
        ],
        finals: &[],
        sc: &["0", "2", "1 1"],
        weak: &["1 0"],
        blind: NONE,
    },
    Program {
        name: "litmus/MPU+rel+acqf",
        family: "release sequence",
        does: "x=1; y=1 rel || y+=1 || r=y; if 2 { fence acq; x=2 }",
        threads: &[
            &[Store(X, 1, Relaxed), Store(Y, 1, Release)],
            &[Add(Y, 1, Relaxed)],
            &[Load(Y, Relaxed), OnlyIf(2), Fence(Acquire), Store(X, 2, Relaxed)],
        ],
        finals: &[X],
        sc: &["0 | 0, X=1", "0 | 1, X=1", "1 | 0, X=1", "1 | 1, X=1", "1 | 2, X=2"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/S",
        family: "S",
        does: "x=2; y=1 || r=y; x=1",
        threads: &[
            &[Store(X, 2, Relaxed), Store(Y, 1, Relaxed)],
            &[Load(Y, Relaxed), Store(X, 1, Relaxed)],
        ],
        finals: &[X],
        sc: &["0, X=1", "0, X=2", "1, X=1"],
        weak: &["1, X=2"],
        blind: NONE,
    },
    Program {
        name: "litmus/S+rel+acqf",
        family: "S",
        does: "x=1; y=1 rel || r=y; if 1 { fence acq; x=2 }",
        threads: &[
            &[Store(X, 1, Relaxed), Store(Y, 1, Release)],
            &[Load(Y, Relaxed), OnlyIf(1), Fence(Acquire), Store(X, 2, Relaxed)],
        ],
        finals: &[X],
        sc: &["0, X=1", "1, X=2"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/2+2W",
        family: "2+2W",
        does: "x=1 rel; y=2 rel || y=1 rel; x=2 rel",
        threads: &[
            &[Store(X, 1, Release), Store(Y, 2, Release)],
            &[Store(Y, 1, Release), Store(X, 2, Release)],
        ],
        finals: &[X, Y],
        sc: &["X=1, Y=2", "X=2, Y=1", "X=2, Y=2"],
        weak: &["X=1, Y=1"],
        blind: NONE,
    },
    Program {
        name: "litmus/2+2W+4sc",
        family: "2+2W",
        does: "x=1 sc; y=2 sc || y=1 sc; x=2 sc",
        threads: &[
            &[Store(X, 1, SeqCst), Store(Y, 2, SeqCst)],
            &[Store(Y, 1, SeqCst), Store(X, 2, SeqCst)],
        ],
        finals: &[X, Y],
        sc: &["X=1, Y=2", "X=2, Y=1", "X=2, Y=2"],
        weak: &[],
        blind: &[sc_accesses(&["X=1, Y=1"])],
    },
    Program {
        name: "litmus/LB2",
        family: "load buffering",
        does: "r=x; y=1 || r=y; x=1",
        threads: &[
            &[Load(X, Relaxed), Store(Y, 1, Relaxed)],
            &[Load(Y, Relaxed), Store(X, 1, Relaxed)],
        ],
        finals: &[],
        sc: &["0 | 0", "0 | 1", "1 | 0"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/LB+acq",
        family: "load buffering",
        does: "r=x acq; y=1 || r=y acq; x=1",
        threads: &[
            &[Load(X, Acquire), Store(Y, 1, Relaxed)],
            &[Load(Y, Acquire), Store(X, 1, Relaxed)],
        ],
        finals: &[],
        sc: &["0 | 0", "0 | 1", "1 | 0"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/CoRR",
        family: "coherence",
        does: "x=1 rel; x=2 rel || r=x acq; r=x acq",
        threads: &[
            &[Store(X, 1, Release), Store(X, 2, Release)],
            &[Load(X, Acquire), Load(X, Acquire)],
        ],
        finals: &[],
        sc: &["0 0", "0 1", "0 2", "1 1", "1 2", "2 2"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/CoWR",
        family: "coherence",
        does: "x=1 rel; r=x acq || x=2 rel",
        threads: &[&[Store(X, 1, Release), Load(X, Acquire)], &[Store(X, 2, Release)]],
        finals: &[X],
        sc: &["1, X=1", "1, X=2", "2, X=2"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/R+RW",
        family: "coherence",
        does: "r=x || r=x; x=1: the shape of every CAS loop",
        threads: &[&[Load(X, Relaxed)], &[Load(X, Relaxed), Store(X, 1, Relaxed)]],
        finals: &[],
        sc: &["0 | 0", "1 | 0"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/inc2w",
        family: "read-modify-write",
        does: "x+=1 || x=4 rel || x+=2",
        threads: &[&[Add(X, 1, Relaxed)], &[Store(X, 4, Release)], &[Add(X, 2, Relaxed)]],
        finals: &[X],
        sc: &["0 | 1, X=4", "2 | 0, X=4", "0 | 4, X=6", "4 | 0, X=5", "4 | 5, X=7", "6 | 4, X=7"],
        weak: &[],
        blind: &[partial_mo(&["0 | 1, X=3", "0 | 4, X=1", "2 | 0, X=3", "4 | 0, X=2"])],
    },
    Program {
        name: "litmus/ccr",
        family: "read-modify-write",
        does: "cas x 0->42 || cas x 0->17; r=x",
        threads: &[&[Cas(X, 0, 42, Relaxed)], &[Cas(X, 0, 17, Relaxed), Load(X, Relaxed)]],
        finals: &[],
        sc: &["0 | 42 42", "17 | 0 17"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/isa2",
        family: "cumulativity",
        does: "x=1; y=1 rel || r=y acq; z=1 rel || r=z acq; r=x",
        threads: &[
            &[Store(X, 1, Relaxed), Store(Y, 1, Release)],
            &[Load(Y, Acquire), Store(Z, 1, Release)],
            &[Load(Z, Acquire), Load(X, Relaxed)],
        ],
        finals: &[],
        sc: &["0 | 0 0", "0 | 0 1", "0 | 1 0", "0 | 1 1", "1 | 0 0", "1 | 0 1", "1 | 1 1"],
        weak: &[],
        blind: NONE,
    },
    Program {
        name: "litmus/cumul-release",
        family: "cumulativity",
        does: "x=1; y=1 rel || r=y; z=r || r=z; fence acq_rel; r=x",
        threads: &[
            &[Store(X, 1, Relaxed), Store(Y, 1, Release)],
            &[Load(Y, Relaxed), StoreLast(Z, Relaxed)],
            &[Load(Z, Relaxed), Fence(AcqRel), Load(X, Relaxed)],
        ],
        finals: &[],
        sc: &["0 | 0 0", "0 | 0 1", "1 | 0 0", "1 | 0 1", "1 | 1 1"],
        weak: &["1 | 1 0"],
        blind: NONE,
    },
    Program {
        name: "litmus/RWC+scfs",
        family: "independent reads",
        does: "x=1 || r=x; fence sc; r=y || y=1; fence sc; r=x",
        threads: &[
            &[Store(X, 1, Relaxed)],
            &[Load(X, Relaxed), Fence(SeqCst), Load(Y, Relaxed)],
            &[Store(Y, 1, Relaxed), Fence(SeqCst), Load(X, Relaxed)],
        ],
        finals: &[],
        sc: &["0 0 | 0", "0 0 | 1", "0 1 | 0", "0 1 | 1", "1 0 | 1", "1 1 | 0", "1 1 | 1"],
        weak: &[],
        blind: NONE,
    },
];
