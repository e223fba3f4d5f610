//! Reading, printing and running litmus tests.

use std::{collections::BTreeSet, fs, path::Path};

use proptest::{collection::vec, prelude::*, sample::select};
use selvedge::platform::{
    Ordering::{self, AcqRel, Acquire, Relaxed, Release, SeqCst},
    Rmw, Strength,
};

use super::{
    Binary, Condition, Expr, Kind, Litmus, Loc, Outcome, Program, Proposition, Quantifier, Reg,
    Shown, Statement, Thread, Unary,
    golden::{ALL, Allows, Known},
};

mod mixed;

fn parse(text: &str) -> Program {
    text.parse().unwrap_or_else(|e| panic!("{e} in:\n{text}"))
}

#[test]
fn every_committed_program_is_in_the_table_and_printed_as_it_is() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("litmus");
    let directories = [directory.clone(), directory.join("plain")];
    let files = directories.iter().flat_map(|it| fs::read_dir(it).expect("it is committed"));
    let texts: BTreeSet<(String, String)> = files
        .map(|file| file.expect("it can be listed").path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("it can be read"))
        })
        .collect();
    let printed = ALL.iter().map(|golden| (golden.program().name.clone(), golden.program()));
    let printed = printed.map(|(name, program)| (name, program.to_string())).collect();
    assert_eq!(texts, printed);
}

#[test]
fn the_table_agrees_with_what_the_programs_say_of_themselves() {
    for golden in ALL {
        let Program { name, about, .. } = golden.program();
        let verdict = match golden.exists {
            Allows::Allowed => ": allowed",
            Allows::Forbidden => ": forbidden",
        };
        assert!(about.ends_with(verdict), "{name}: {about}");
        let races = !matches!(golden.known, Known::Executions { .. });
        assert_eq!(golden.program().plain(), races, "{name}");
    }
}

/// The outcomes of some runs on the machine, or why there are none.
#[cfg(target_os = "linux")]
fn run(program: Program, executions: u64) -> Result<Vec<Outcome>, String> {
    use crate::engine::{self, Engine, Entry, Plan};
    let entry = Entry::of(Litmus::new(program));
    let quick = Plan::quick(&entry.info, Engine::Native);
    let plan = Plan { executions, stop_at_forbidden: false, ..quick };
    let verdict = engine::run(&entry, &plan, None)?;
    match verdict.failure {
        Some(failure) => Err(failure.message),
        None => verdict.outcomes.keys().map(|outcome| outcome.parse()).collect(),
    }
}

/// The final state of a first thread with this body, while the second does nothing.
#[cfg(target_os = "linux")]
fn final_state(body: &str) -> String {
    let parameters = "(atomic_int* x, atomic_int* y)";
    let text =
        format!("C test\n{{ x=-3; }}\nP0 {parameters} {{ {body} }}\nP1 () {{}}\nexists (true)");
    run(parse(&text), 1).expect("nothing races")[0].to_string()
}

#[test]
fn a_state_that_is_not_allowed_is_told_from_those_that_are() {
    let owned = |states: &[&str]| states.iter().map(|&state| state.to_owned()).collect::<Vec<_>>();
    let seen = owned(&["x=1;", "x=2;"]).into_iter().zip([3, 4]).collect();
    let shown = Shown::of(seen, owned(&["x=0;", "x=1;"]).into_iter());
    assert_eq!(shown.forbidden, ["x=2;"]);
    assert_eq!((shown.runs, shown.reached(), shown.allowed()), (7, 1, 2));
}

#[cfg(target_os = "linux")]
#[test]
fn threads_do_what_c_says() {
    let table = [
        ("int r = atomic_load(x) + 1; int q = -r * 2 - 1;", "0:q=3; 0:r=-2; x=-3; y=0;"),
        ("int r = 2147483647 + 1; atomic_store(y, r);", "0:r=-2147483648; x=-3; y=-2147483648;"),
        ("int a = 1 + 2 * 3 == 7; int b = !a | 6 ^ 5 & 4;", "0:a=1; 0:b=2; x=-3; y=0;"),
        ("int a = 1 - 2 - 3; int b = -1 < 0 == 1 > 2;", "0:a=-4; 0:b=0; x=-3; y=0;"),
        // The right side of `&&` and `||` is evaluated only if it matters.
        ("int r = 0 && atomic_fetch_add(y, 1) || 1;", "0:r=1; x=-3; y=0;"),
        ("int r = 1 || atomic_fetch_add(y, 1);", "0:r=1; x=-3; y=0;"),
        ("int r = 7 && atomic_fetch_add(y, 1) + 5;", "0:r=1; x=-3; y=1;"),
        // A compare-exchange that fails writes what it found to the local, and only then.
        (
            "int e = 1; int r = atomic_compare_exchange_strong(x, &e, 9);",
            "0:e=-3; 0:r=0; x=-3; y=0;",
        ),
        (
            "int e = -3; int r = atomic_compare_exchange_strong(x, &e, 9);",
            "0:e=-3; 0:r=1; x=9; y=0;",
        ),
        (
            "int r = atomic_exchange(x, 6); int s = atomic_fetch_sub(x, 8); \
             int t = atomic_fetch_or(x, 1); int u = atomic_fetch_and(x, 12);",
            "0:r=-3; 0:s=6; 0:t=-2; 0:u=-1; x=12; y=0;",
        ),
        ("atomic_thread_fence(memory_order_relaxed); atomic_fetch_add(x, 3);", "x=0; y=0;"),
        // What was never declared is 0; siblings may share a name.
        (
            "if (atomic_load(x) > 0) { int r = 4; } else if (1) int s = 5;",
            "0:r=0; 0:s=5; x=-3; y=0;",
        ),
        ("if (0) int r = 4; else { int r = 5; r = r + 1; }", "0:r=6; x=-3; y=0;"),
        ("int r; (r == 0); if (!r) { atomic_store(y, 2); }", "0:r=0; x=-3; y=2;"),
    ];
    for (body, expected) in table {
        assert_eq!(final_state(body), expected, "{body}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_machine_runs_nothing_that_may_race() {
    for golden in ALL.iter().filter(|golden| golden.program().plain()) {
        let refused = run(golden.program(), 1).expect_err("it has plain accesses");
        assert_eq!(refused, "its plain accesses may race for real");
    }
}

#[test]
fn locations_are_of_the_kind_of_their_accesses() {
    let program = parse(
        "C test\n{ unused = 1; }\n\
         P0 (atomic_int* a, int* p, volatile int *m) { atomic_store(a, *p); int r = *m; }\n\
         P1 (int* m, int* p) { *p = 1; atomic_store(m, 1); }\n\
         exists (true)",
    );
    let kinds: Vec<_> = (program.locations.iter())
        .map(|location| (&*location.name, location.initial, location.kind))
        .collect();
    let expected = [
        ("unused", 1, Kind::Atomic),
        ("a", 0, Kind::Atomic),
        ("p", 0, Kind::Plain),
        ("m", 0, Kind::Mixed),
    ];
    assert_eq!(kinds, expected);
    assert!(program.mixed() && program.plain());
}

#[test]
fn a_condition_holds_of_some_states_and_not_of_others() {
    let state: Outcome = "0:r=-1; 1:r=2; x=3;".parse().expect("it is a state");
    let table = [
        ("true", true),
        ("0:r=-1", true),
        ("0:r=1", false),
        ("1:r=2 /\\ x=3", true),
        ("1:r=2 /\\ [x]=4", false),
        ("1:r=2 \\/ x=4", true),
        ("~ (1:r=2)", false),
        ("not 1:r=3 /\\ not x=2", true),
        // `/\` binds tighter than `\/`, and `~` tighter than both.
        ("x=3 \\/ x=4 /\\ x=5", true),
        ("(x=3 \\/ x=4) /\\ x=5", false),
        ("~ x=4 \\/ x=3", true),
    ];
    for (proposition, expected) in table {
        let text = format!(
            "C test\n{{ }}\nP0 (int* x) {{ int r; }}\nP1 () {{ int r; }}\n\
             locations [x; 0:r;]\n(* so it ends *) forall {proposition}"
        );
        let program = parse(&text);
        assert_eq!(program.holds(&state), expected, "{proposition}");
        assert_eq!(parse(&program.to_string()), program, "{proposition}");
    }
}

#[test]
fn quantifiers_speak_of_some_no_and_all_states() {
    let states = [[true, true], [true, false], [false, false]];
    let met = |quantifier: Quantifier| states.map(|states| quantifier.is_met(states.into_iter()));
    assert_eq!(met(Quantifier::Exists), [true, true, false]);
    assert_eq!(met(Quantifier::NotExists), [false, false, true]);
    assert_eq!(met(Quantifier::Forall), [true, false, false]);
}

#[test]
fn what_is_no_final_state_is_refused() {
    for text in ["x", "0:r=", "a:r=1;", "x=1; y"] {
        assert!(text.parse::<Outcome>().is_err(), "{text}");
    }
}

#[test]
fn information_and_comments_are_skipped() {
    let text = "\n C  a+b.c \n\"what it is\"\n\"more\"\nCycle=Rfe PodRR\nOrig=x\n(* (* *)\n\
                { x = 1 /* one */; int *y = -2; [z] = 0 }\n\
                P0 (int* x) { // *x = 2;\n if ((*x == 1)) { *x = /* } */ 3; } }\n P1(){}\n\
                ~exists(x=1)";
    let program = parse(text);
    assert_eq!((&*program.name, &*program.about), ("a+b.c", "what it is"));
    let initial: Vec<i32> = program.locations.iter().map(|location| location.initial).collect();
    assert_eq!(initial, [1, -2, 0]);
    assert_eq!(program.threads[0].body.len(), 1);
    assert_eq!(program.condition.quantifier, Quantifier::NotExists);
}

#[test]
fn a_malformed_program_is_refused_where_it_goes_wrong() {
    let table = [
        ("", "1:1: expected `C` and the program's name, found the end"),
        ("\nX86 SB", "2:1: expected `C` and the program's name, found `X86`"),
        ("C x\nP0", "2:1: expected `{`, found `P0`"),
        ("C x\n{ x=0; x=1; }", "2:8: expected a name not in use yet, found `x`"),
        ("C x\n{ x=99999999999; }", "2:5: expected a number of 32 bits, found `99999999999`"),
        ("C x\n{ int=0; }", "2:6: expected a location or `}`, found `=`"),
        ("C x\n{ x=0 y=0 }", "2:7: expected `;` or `}`, found `y`"),
        (
            "C x\n{}\n(* never closed",
            "3:1: expected `P0`, as there are two threads at least, found a comment without an end",
        ),
        ("C x\n{}\nP1 () {}", "3:1: expected `P0`, found `P1`"),
        ("C x\n{}\nP0 () {}\nP0 () {}", "4:1: expected `P1`, found `P0`"),
        (
            "C x\n{}\nP0 () {}\nexists (true)",
            "4:1: expected `P1`, as there are two threads at least, found `exists`",
        ),
        ("C x\n{}\nP0 (x) {}", "3:5: expected a parameter, found `x`"),
        ("C x\n{}\nP0 (int x) {}", "3:9: expected `*`, found `x`"),
        ("C x\n{}\nP0 (int* x, int* x) {}", "3:18: expected a name not in use yet, found `x`"),
        ("C x\n{}\nP0 (int* if) {}", "3:10: expected the name of a location, found `if`"),
        ("C x\n{}\nP0 (volatile x) {}", "3:14: expected `int` or `atomic_int`, found `x`"),
        (
            "C x\n{}\nP0 () {}\nP1 () {}\n",
            "5:1: expected `exists`, `~exists` or `forall`, found the end",
        ),
        ("C x\n{}\nP0 () {}\nP1 () {}\nlocations [", "5:12: expected `]`, found the end"),
        (
            "C x\n{}\nP0 () {}\nP1 () {}\nexists (2:r=0)",
            "5:9: expected the number of a thread, found `2`",
        ),
        (
            "C x\n{}\nP0 () {}\nP1 () {}\nexists (1:r=0)",
            "5:11: expected a register of the thread, found `r`",
        ),
        ("C x\n{}\nP0 () {}\nP1 () {}\nexists (x=0)", "5:9: expected a location, found `x`"),
        ("C x\n{}\nP0 () {}\nP1 () {}\nexists (true", "5:13: expected `)`, found the end"),
        (
            "C x\n{}\nP0 () {}\nP1 () {}\nexists true P2",
            "5:13: expected `/\\`, `\\/` or the end, found `P2`",
        ),
    ];
    for (text, expected) in table {
        let error = Program::parse(text).expect_err(text);
        assert_eq!(error.to_string(), expected, "{text}");
    }
}

#[test]
fn a_malformed_thread_is_refused_where_it_goes_wrong() {
    let deep = format!("int r = {}1;", "(".repeat(100_000));
    let wide = format!("int r = 1{};", " + 1".repeat(100_000));
    let nested = "if (1) ".repeat(100_000);
    let minus = format!("int r = {}1;", "- ".repeat(100_000));
    let table = [
        (
            "atomic_store_explicit(x, 1, memory_order_foo)",
            "29: expected a memory order that a store can have, found `memory_order_foo`",
        ),
        (
            "atomic_store_explicit(x, 1, memory_order_acquire);",
            "29: expected a memory order that a store can have, found `memory_order_acquire`",
        ),
        (
            "int r = atomic_load_explicit(x, memory_order_release);",
            "33: expected a memory order that a load can have, found `memory_order_release`",
        ),
        (
            "int r = atomic_load_explicit(x, memory_order_consume);",
            "33: `memory_order_consume` is not supported",
        ),
        (
            "int e; atomic_compare_exchange_weak_explicit(x, &e, 1, \
             memory_order_seq_cst, memory_order_acq_rel);",
            "78: expected a memory order that a load can have, found `memory_order_acq_rel`",
        ),
        ("atomic_thread_fence(acquire);", "21: expected a memory order, found `acquire`"),
        ("atomic_fetch_xor(x, 1);", "1: `atomic_fetch_xor` is not supported"),
        (
            "int r = atomic_store(x, 1);",
            "9: expected an atomic operation that returns a value, found `atomic_store`",
        ),
        ("int r = atomic_load(z);", "21: expected a parameter of the thread, found `z`"),
        ("*z = 1;", "2: expected a parameter of the thread, found `z`"),
        ("r = 1;", "1: expected a register that is declared, found `r`"),
        ("int r = r;", "9: expected a register that is declared, found `r`"),
        ("if (1) { int r = 1; } int q = r;", "31: expected a register that is declared, found `r`"),
        ("int r; int r;", "12: expected a name not in use yet, found `r`"),
        ("int r; if (1) { int r; }", "21: expected a name not in use yet, found `r`"),
        ("int x;", "5: expected a name not in use yet, found `x`"),
        ("int while;", "5: expected the name of a register, found `while`"),
        ("while (1) {}", "1: expected a statement without loops or jumps, found `while`"),
        ("1;", "1: expected a statement, found `1`"),
        ("int r = 1", "11: expected `;`, found `}`"),
        ("int r = 1 / 2;", "11: expected `;`, found `/`"),
        ("int r = 2147483648;", "9: expected a number of 32 bits, found `2147483648`"),
        ("int r = 0x10;", "9: expected a number of 32 bits, found `0x10`"),
        ("int r = é;", "9: expected an expression, found `é`"),
        ("int e; atomic_compare_exchange_strong(x, e, 1);", "42: expected `&`, found `e`"),
        (&deep, "41: too many operators in one place"),
        (&wide, "139: too many operators in one place"),
        (&minus, "73: too many operators in one place"),
        (&nested, "113: statements are nested more than 16 deep"),
    ];
    for (body, expected) in table {
        let text =
            format!("C x\n{{}}\nP0 (atomic_int* x) {{\n{body} }}\nP1 () {{}}\nexists (true)");
        let error = Program::parse(&text).expect_err(body);
        assert_eq!(error.to_string(), format!("4:{expected}"), "{body:.99}");
    }
}

const ORDERS: [Ordering; 5] = [Relaxed, Acquire, Release, AcqRel, SeqCst];
const OF_LOADS: [Ordering; 3] = [Relaxed, Acquire, SeqCst];
const OF_STORES: [Ordering; 3] = [Relaxed, Release, SeqCst];

/// An atomic location: the third is plain.
fn word() -> impl Strategy<Value = Loc> + Clone {
    select(vec![Loc(0), Loc(1)])
}

fn reg() -> impl Strategy<Value = Reg> + Clone {
    select(vec![Reg(0), Reg(1)])
}

fn expr(plain: bool) -> impl Strategy<Value = Expr> + Clone {
    let read = if plain { Expr::Read(Loc(2)) } else { Expr::Const(0) };
    let leaf = prop_oneof![
        any::<i32>().prop_map(Expr::Const),
        reg().prop_map(Expr::Reg),
        Just(read),
        (word(), select(&OF_LOADS[..])).prop_map(|(loc, order)| Expr::Load(loc, order)),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let boxed = inner.prop_map(Box::new);
        let rmws = select(vec![Rmw::Add, Rmw::Sub, Rmw::Or, Rmw::And, Rmw::Swap]);
        let strengths = select(vec![Strength::Weak, Strength::Strong]);
        let orders = (select(&ORDERS[..]), select(&OF_LOADS[..]));
        let binaries = select(Binary::TABLE.map(|(binary, ..)| binary).to_vec());
        let unaries = select(vec![Unary::Not, Unary::Negate]);
        prop_oneof![
            (rmws, word(), boxed.clone(), select(&ORDERS[..]))
                .prop_map(|(rmw, loc, operand, order)| Expr::Rmw(rmw, loc, operand, order)),
            (strengths, word(), reg(), boxed.clone(), orders).prop_map(
                |(strength, location, expected, new, (success, failure))| Expr::Cas {
                    strength,
                    location,
                    expected,
                    new,
                    success,
                    failure
                }
            ),
            (unaries, boxed.clone()).prop_map(|(unary, operand)| Expr::Unary(unary, operand)),
            (binaries, boxed.clone(), boxed).prop_map(|(b, l, r)| Expr::Binary(b, l, r)),
        ]
    })
}

fn statement(plain: bool) -> impl Strategy<Value = Statement> {
    let write = move |value| {
        if plain { Statement::Write(Loc(2), value) } else { Statement::Do(value) }
    };
    let leaf = prop_oneof![
        (reg(), expr(plain)).prop_map(|(reg, value)| Statement::Assign(reg, value)),
        expr(plain).prop_map(write),
        expr(plain).prop_map(Statement::Do),
        select(&ORDERS[..]).prop_map(Statement::Fence),
        (word(), expr(plain), select(&OF_STORES[..]))
            .prop_map(|(loc, value, order)| Statement::Store(loc, value, order)),
    ];
    leaf.prop_recursive(2, 6, 2, move |inner| {
        let branch = vec(inner, 0..3);
        (expr(plain), branch.clone(), branch)
            .prop_map(|(condition, then, otherwise)| Statement::If(condition, then, otherwise))
    })
}

fn proposition() -> impl Strategy<Value = Proposition> {
    let leaf = prop_oneof![
        Just(Proposition::True),
        (0..2_usize, reg(), any::<i32>()).prop_map(|(t, reg, n)| Proposition::Register(t, reg, n)),
        (word(), any::<i32>()).prop_map(|(loc, n)| Proposition::Location(loc, n)),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        let boxed = inner.prop_map(Box::new);
        prop_oneof![
            boxed.clone().prop_map(Proposition::Not),
            (boxed.clone(), boxed.clone()).prop_map(|(p, q)| Proposition::And(p, q)),
            (boxed.clone(), boxed).prop_map(|(p, q)| Proposition::Or(p, q)),
        ]
    })
}

/// A program of two or three threads, with a plain location if `plain`.
fn program(plain: bool) -> impl Strategy<Value = Program> {
    let body = vec(statement(plain), 0..5);
    let thread = (any::<i32>(), body).prop_map(|(n, mut body)| {
        let declarations =
            [(0, Some(Expr::Const(n))), (1, None)].map(|(r, e)| Statement::Declare(Reg(r), e));
        body.splice(0..0, declarations);
        Thread { registers: vec!["r0".into(), "r1".into()], body }
    });
    let quantifiers = vec![Quantifier::Exists, Quantifier::NotExists, Quantifier::Forall];
    (vec(thread, 2..=3), any::<i32>(), select(quantifiers), proposition()).prop_map(
        |(threads, initial, quantifier, proposition)| {
            let locations = [("x", initial), ("y", 0), ("data", 0)];
            let locations = locations.map(|(name, initial)| (name.to_owned(), initial)).to_vec();
            let condition = Condition { quantifier, proposition };
            Program::new("random".into(), "drawn".into(), locations, threads, condition)
        },
    )
}

/// What a committed program is spoilt with.
const SPOILS: [&str; 24] = [
    "",
    " ",
    "(",
    ")",
    "{",
    "}",
    "[",
    "(*",
    "*)",
    "/*",
    "//",
    "-",
    "!",
    "~",
    ";",
    ",",
    "=",
    "\"",
    "é",
    "\n",
    "4294967296",
    "if (",
    "int ",
    "P1",
];

proptest! {
    #[test]
    fn a_program_is_read_as_it_was_printed(program in program(true)) {
        let text = program.to_string();
        prop_assert_eq!(Program::parse(&text), Ok(program), "{}", text);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn any_program_runs(program in program(false)) {
        let outcomes = run(program.clone(), 1);
        prop_assert!(outcomes.is_ok(), "{outcomes:?} of\n{program}");
        let outcome = &outcomes.expect("it is")[0];
        prop_assert_eq!(outcome.registers.len(), 2 * program.threads.len());
        prop_assert_eq!(outcome.locations.len(), 3);
    }

    /// However a program is spoilt, it is refused within its text, or is another one.
    #[test]
    fn a_spoilt_program_is_refused_or_another(
        golden in select(&ALL[..]),
        edits in vec((any::<prop::sample::Index>(), 0..12_usize, select(&SPOILS[..])), 1..4),
    ) {
        let mut text = golden.text.to_owned();
        for (at, length, spoil) in edits {
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let first = at.index(boundaries.len());
            let end = boundaries.get(first + length).copied().unwrap_or(text.len());
            text.replace_range(boundaries[first]..end, spoil);
            text.push('\n');
        }
        match Program::parse(&text) {
            Ok(program) => prop_assert_eq!(Program::parse(&program.to_string()), Ok(program)),
            Err(e) => prop_assert!(e.line <= text.lines().count() + 1, "{e} of\n{text}"),
        }
    }
}
