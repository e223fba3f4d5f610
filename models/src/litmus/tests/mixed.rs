//! Programs that access one location both atomically and plainly, with what C11 says of them.

use super::parse;
use crate::{
    engine::explorer::{Executions, MemoryModel, Scb},
    litmus::{Litmus, Quantifier},
};

/// Does the program race?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Race {
    Yes,
    No,
}
use Race::{No, Yes};

/// Why; the threads; is there a race; what is asked of the final states, and whether there is such a state.
type Mixed = (&'static str, &'static [&'static str], Race, &'static str, bool);

/// In them `S(x,1,rel)` stands for an atomic store, `L(x,acq)` for a load, `F(rel)` for a fence.
const TABLE: &[Mixed] = &[
    (
        "a plain write is published by a release",
        &["*x = 1; S(y,1,rel);", "int f = L(y,acq); int d; if (f) { d = L(x,rlx); }"],
        No,
        "1:f=1 /\\ 1:d=0",
        false,
    ),
    (
        "a relaxed flag publishes nothing",
        &["*x = 1; S(y,1,rlx);", "int f = L(y,acq); int d; if (f) { d = L(x,acq); }"],
        Yes,
        "1:f=1 /\\ 1:d=0",
        true,
    ),
    (
        "nor is it acquired",
        &["*x = 1; S(y,1,rel);", "int f = L(y,rlx); int d; if (f) { d = L(x,acq); }"],
        Yes,
        "1:f=1 /\\ 1:d=0",
        true,
    ),
    (
        "an atomic store is published to a plain read",
        &["S(x,1,rlx); S(y,1,rel);", "int f = L(y,acq); int d; if (f) { d = *x; }"],
        No,
        "1:f=1 /\\ 1:d=0",
        false,
    ),
    (
        "an atomic store is no less of a race to a plain read for being atomic",
        &["S(x,1,rlx); S(y,1,rlx);", "int f = L(y,acq); int d; if (f) { d = *x; }"],
        Yes,
        "1:f=1 /\\ 1:d=0",
        true,
    ),
    ("a store races with a plain read", &["S(x,1,sc);", "int r = *x;"], Yes, "1:r=0", true),
    ("a plain write races with a load", &["*x = 1;", "int r = L(x,sc);"], Yes, "1:r=1", true),
    ("a plain write races with a store", &["*x = 1;", "S(x,2,sc);"], Yes, "x=1", true),
    (
        "a store to itself races with nobody else's",
        &["*x = 1;", "S(y,2,sc); *y = 3;"],
        No,
        "y=3",
        true,
    ),
    (
        "plain writes race",
        &["*x = 1; S(y,1,rlx);", "*x = 2; int r = L(x,rlx);"],
        Yes,
        "1:r=1",
        true,
    ),
    (
        "atomic accesses do not race, whatever is written beside them and never runs",
        &["S(x,1,rlx); if (0) { *x = 3; }", "S(x,2,rlx); int r = L(x,rlx);"],
        No,
        "1:r=1",
        true,
    ),
    ("reads do not race", &["int r = *x;", "int r = L(x,rlx);"], No, "0:r=0 /\\ 1:r=0", true),
    (
        "an update races with a plain read",
        &["atomic_fetch_add_explicit(x, 1, memory_order_acq_rel);", "int r = *x;"],
        Yes,
        "1:r=1",
        true,
    ),
    (
        "a compare-exchange that fails is a read",
        &["int e = 5; int s = atomic_compare_exchange_strong(x, &e, 6);", "int r = *x;"],
        No,
        "0:s=1",
        false,
    ),
    (
        "which races with a plain write",
        &["int e = 5; int s = atomic_compare_exchange_strong(x, &e, 6);", "*x = 1;"],
        Yes,
        "0:e=1",
        true,
    ),
    (
        "one that succeeds is a write",
        &["int e = 0; int s = atomic_compare_exchange_strong(x, &e, 6);", "int r = *x;"],
        Yes,
        "0:s=1 /\\ 1:r=6",
        true,
    ),
    (
        "a thread does not race with itself",
        &["*x = 1; int r = L(x,rlx); S(x,2,rlx); int s = *x;", "S(y,1,rlx);"],
        No,
        "~ (0:r=1 /\\ 0:s=2)",
        false,
    ),
    (
        "what another thread never lets run does not race",
        &["*x = 1; S(z,1,rlx);", "int f = L(y,rlx); if (f) { S(x,2,rlx); }"],
        No,
        "1:f=1",
        false,
    ),
    (
        "what it lets run in one execution does",
        &["*x = 1; S(z,1,rlx);", "int f = L(y,rlx); if (f) { S(x,2,rlx); }", "S(y,1,rlx);"],
        Yes,
        "x=2",
        true,
    ),
    (
        "the other branch may be ordered",
        &[
            "*x = 1; S(y,1,rel);",
            "int f = L(y,acq); int d; if (f == 1) { d = L(x,rlx); } else { d = 7; }",
        ],
        No,
        "1:f=0 /\\ 1:d=7",
        true,
    ),
    (
        "a read before a plain write that it is published to",
        &["int r = L(x,rlx); S(y,1,rel);", "int f = L(y,acq); if (f) { *x = 1; }"],
        No,
        "0:r=1",
        false,
    ),
    (
        "a plain read before a store",
        &["int r = *x; S(y,1,rel);", "int f = L(y,acq); if (f) { S(x,1,rlx); }"],
        No,
        "0:r=1",
        false,
    ),
    (
        "a plain read before a store that nothing orders",
        &["int r = *x; S(y,1,rlx);", "int f = L(y,acq); if (f) { S(x,1,rlx); }"],
        Yes,
        "x=1",
        true,
    ),
    (
        "fences publish",
        &[
            "*x = 1; F(rel); S(y,1,rlx);",
            "int f = L(y,rlx); F(acq); int d; if (f) { d = L(x,rlx); }",
        ],
        No,
        "1:f=1 /\\ 1:d=0",
        false,
    ),
    (
        "a fence after the store does not",
        &[
            "*x = 1; S(y,1,rlx); F(rel);",
            "int f = L(y,rlx); F(acq); int d; if (f) { d = L(x,rlx); }",
        ],
        Yes,
        "1:f=1 /\\ 1:d=0",
        true,
    ),
    (
        "publishing is handed on by a third thread",
        &[
            "*x = 1; S(y,1,rel);",
            "int f = L(y,acq); if (f) { S(z,1,rel); }",
            "int g = L(z,acq); int d; if (g) { d = atomic_fetch_add(x, 1); }",
        ],
        No,
        "2:g=1 /\\ ~ (2:d=1 /\\ x=2)",
        false,
    ),
    (
        "unless that thread is relaxed",
        &[
            "*x = 1; S(y,1,rel);",
            "int f = L(y,acq); if (f) { S(z,1,rlx); }",
            "int g = L(z,acq); int d; if (g) { d = atomic_fetch_add(x, 1); }",
        ],
        Yes,
        "2:g=1 /\\ 2:d=0",
        true,
    ),
    (
        "a release sequence goes on through an update of another thread",
        &[
            "*x = 1; S(y,1,rel);",
            "atomic_fetch_add_explicit(y, 1, memory_order_relaxed);",
            "int f = L(y,acq); int d; if (f == 2) { d = L(x,rlx); }",
        ],
        No,
        "2:f=2 /\\ 2:d=0",
        false,
    ),
    (
        "and ends at another store of the same thread, since C++20",
        &[
            "*x = 1; S(y,1,rel); S(y,2,rlx);",
            "int f = L(y,acq); int d; if (f == 2) { d = L(x,rlx); }",
        ],
        Yes,
        "1:f=2 /\\ 1:d=0",
        true,
    ),
    (
        "a race that only store buffering reaches",
        &[
            "S(y,1,rel); int r = L(z,acq); if (r == 0) { *x = 1; }",
            "S(z,1,rel); int r = L(y,acq); if (r == 0) { S(x,2,rlx); }",
        ],
        Yes,
        "0:r=0 /\\ 1:r=0",
        true,
    ),
    (
        "and that fences forbid",
        &[
            "S(y,1,rlx); F(sc); int r = L(z,rlx); if (r == 0) { *x = 1; }",
            "S(z,1,rlx); F(sc); int r = L(y,rlx); if (r == 0) { S(x,2,rlx); }",
        ],
        No,
        "0:r=0 /\\ 1:r=0",
        false,
    ),
];

/// The program of a row.
fn text(threads: &[&str], proposition: &str) -> String {
    let mut text = "C mixed\n{ x=0; y=0; z=0; }\n".to_owned();
    for (number, body) in threads.iter().enumerate() {
        let parameters = "atomic_int* x, atomic_int* y, atomic_int* z";
        text += &format!("P{number} ({parameters}) {{ {body} }}\n");
    }
    let short = [("S(", "store"), ("L(", "load"), ("F(", "thread_fence")];
    for (letter, name) in short {
        let explicit = if letter == "F(" { "" } else { "_explicit" };
        text = text.replace(letter, &format!("atomic_{name}{explicit}("));
    }
    let orders = [("rlx", "relaxed"), ("acq", "acquire"), ("rel", "release"), ("sc", "seq_cst")];
    for (short, order) in orders {
        for before in ["(", ","] {
            let short = format!("{before}{short})");
            text = text.replace(&short, &format!("{before} memory_order_{order})"));
        }
    }
    text + "exists (" + proposition + ")"
}

#[test]
fn mixed_accesses_race_exactly_where_c11_says_so() {
    for scb in [Scb::Pldi17, Scb::Calibration] {
        for (why, threads, race, proposition, exists) in TABLE {
            let program = parse(&text(threads, proposition));
            assert!(program.mixed(), "{why}: no location is accessed both ways");
            assert_eq!(parse(&program.to_string()), program, "{why}");
            let found = Executions::of(Litmus::new(program.clone()), MemoryModel::Rc11(scb));
            assert_eq!(found.racy > 0, *race == Yes, "{why}: {found:?}");
            let states = found.outcomes.keys().map(|state| state.parse().expect("it is a state"));
            let met = Quantifier::Exists.is_met(states.map(|state| program.holds(&state)));
            assert_eq!(met, *exists, "{why}: {found:?}");
        }
    }
}
