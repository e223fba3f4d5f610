//! The explorer against published counts, and against the plain search.

use std::{array, collections::BTreeSet, iter::StepBy, ops::Range, sync::Arc, thread};

use selvedge::platform::{
    AtomicWord,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    Rmw, Strength,
};

use super::{Executions, MemoryModel, Scb, plain};
use crate::{
    litmus::{
        Condition, Expr, Litmus, Loc, Program, Proposition, Quantifier, Reg, Statement, Thread,
        golden::{self, Allows, Known},
    },
    model::{Info, Model, Scenario, World},
};

const CALIBRATION: MemoryModel = MemoryModel::Rc11(Scb::Calibration);
const PLDI17: MemoryModel = MemoryModel::Rc11(Scb::Pldi17);

#[test]
fn every_litmus_test_has_its_published_number_of_executions() {
    for row in golden::ALL {
        let Known::Executions { rc11, sc, .. } = row.known else { continue };
        let litmus = Litmus::new(row.program());
        let count = |model| Executions::of(litmus, model).complete;
        let found = (count(CALIBRATION), count(MemoryModel::Sc));
        assert_eq!(found, (rc11.into(), sc.into()), "{}", litmus.program().name);
    }
}

#[test]
fn every_litmus_test_has_its_verdicts() {
    for row in golden::ALL {
        let litmus = Litmus::new(row.program());
        let found = Executions::of(litmus, CALIBRATION);
        let holds = |outcome: &String| {
            litmus.program().holds(&outcome.parse().expect("an outcome is a final state"))
        };
        let name = &litmus.program().name;
        let allowed = found.outcomes.keys().any(holds);
        assert_eq!(allowed, row.exists == Allows::Allowed, "{name}");
        assert_eq!(found.racy > 0, row.known == Known::Race, "{name}");
    }
}

/// Only these two litmus tests tell the two versions of `scb` apart; the paper's allows more.
#[test]
fn the_papers_scb_allows_one_or_two_executions_more() {
    for row in golden::ALL {
        let Known::Executions { rc11, .. } = row.known else { continue };
        let litmus = Litmus::new(row.program());
        let expected = match litmus.program().name.as_str() {
            "WWmerge1" => 18,
            "Z6.U" => 24,
            _ => rc11.into(),
        };
        assert_eq!(Executions::of(litmus, PLDI17).complete, expected, "{}", litmus.program().name);
    }
}

/// A program of two or three threads, of up to three operations each on two locations: everything that
/// the search distinguishes, drawn from a seed.
fn random(seed: u64) -> Program {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut draw = move |below: usize| {
        // xorshift64* (Vigna, 2016).
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % below
    };
    let threads = 2 + draw(2);
    let threads = (0..threads).map(|_| {
        let operations = 1 + draw(3);
        let mut registers = Vec::new();
        let mut body = Vec::new();
        for _ in 0..operations {
            let loc = Loc(draw(2));
            let any = [Relaxed, Acquire, Release, AcqRel, SeqCst];
            let loads = [Relaxed, Acquire, SeqCst];
            let value = Expr::Const(1 + draw(2) as i32);
            let mut register = |value| {
                let register = Reg(registers.len());
                registers.push(format!("r{}", registers.len()));
                body.push(Statement::Declare(register, Some(value)));
                register
            };
            match draw(8) {
                0 | 1 => {
                    _ = register(Expr::Load(loc, loads[draw(3)]));
                }
                2 | 3 => {
                    body.push(Statement::Store(loc, value, [Relaxed, Release, SeqCst][draw(3)]))
                }
                4 => {
                    let op = [Rmw::Add, Rmw::Swap][draw(2)];
                    register(Expr::Rmw(op, loc, Box::new(value), any[draw(5)]));
                }
                5 => {
                    let expected = register(Expr::Const(draw(2) as i32));
                    register(Expr::Cas {
                        strength: [Strength::Strong, Strength::Weak][draw(2)],
                        location: loc,
                        expected,
                        new: Box::new(value),
                        success: any[draw(5)],
                        failure: loads[draw(3)],
                    });
                }
                6 => body.push(Statement::Fence(any[1 + draw(4)])),
                _ => {
                    // What comes after a branch depends on what was read.
                    let seen = register(Expr::Load(loc, loads[draw(3)]));
                    let store = Statement::Store(Loc(draw(2)), value, Relaxed);
                    body.push(Statement::If(Expr::Reg(seen), vec![store], Vec::new()));
                }
            }
        }
        Thread { registers, body }
    });
    let threads = threads.collect();
    let condition = Condition { quantifier: Quantifier::Exists, proposition: Proposition::True };
    let locations = ["x", "y"].map(|name| (name.into(), 0)).into();
    Program::new(format!("random {seed}"), String::new(), locations, threads, condition)
}

/// Holds the searches against each other on these programs; returns how many executions they have.
fn compare(seeds: impl Iterator<Item = u64>) -> usize {
    let mut executions = 0;
    for seed in seeds {
        let litmus = Litmus::new(random(seed));
        let mut outcomes = Vec::new();
        for model in [MemoryModel::Sc, PLDI17] {
            let (found, keys) = Executions::with_keys(litmus, model);
            let distinct: BTreeSet<_> = keys.iter().cloned().collect();
            assert_eq!(keys.len(), distinct.len(), "twice: {model:?}\n{}", litmus.program());
            let expected = plain::executions(litmus, model);
            assert_eq!(distinct, expected, "{model:?}\n{}", litmus.program());
            executions += keys.len();
            outcomes.push(found.outcomes.into_keys().collect::<BTreeSet<_>>());
        }
        assert!(outcomes.is_sorted_by(|a, b| a.is_subset(b)), "{}", litmus.program());
    }
    executions
}

#[test]
fn on_ten_thousand_random_programs_the_optimal_search_meets_what_the_plain_one_does_and_each_once()
{
    let [executions] = on_all_cores(|seeds| [compare(seeds)]);
    assert!(executions > 150_000, "only {executions} executions");
}

const PROGRAMS: u64 = 10_000;

/// What `compare` counts on all programs.
fn on_all_cores<const N: usize>(
    compare: impl Fn(StepBy<Range<u64>>) -> [usize; N] + Sync,
) -> [usize; N] {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let compare = &compare;
    thread::scope(|scope| {
        let share = |core| scope.spawn(move || compare((core..PROGRAMS).step_by(cores)));
        let shares: Vec<_> = (0..cores as u64).map(share).collect();
        let counts = shares.into_iter().map(|share| share.join().expect("the searches agree"));
        counts.fold([0; N], |sum, counts| array::from_fn(|n| sum[n] + counts[n]))
    })
}

/// The program with its `SeqCst` accesses as loom takes them: `GAPS.md`, "loom: SeqCst accesses".
#[cfg(feature = "loom")]
fn as_loom_takes_it(mut program: Program) -> Program {
    fn weaken(body: &mut [Statement]) {
        let weaker = |order: &mut _, to| {
            if *order == SeqCst {
                *order = to;
            }
        };
        for statement in body {
            match statement {
                Statement::Store(_, _, order) => weaker(order, Release),
                Statement::Declare(_, Some(Expr::Load(_, order))) => weaker(order, Acquire),
                Statement::Declare(_, Some(Expr::Rmw(_, _, _, order))) => weaker(order, AcqRel),
                Statement::Declare(_, Some(Expr::Cas { success, failure, .. })) => {
                    weaker(success, AcqRel);
                    weaker(failure, Acquire);
                }
                Statement::If(_, then, _) => weaken(then),
                _ => {}
            }
        }
    }
    program.threads.iter_mut().for_each(|thread| weaken(&mut thread.body));
    program
}

/// Do two threads write to a location, and loom not see every consequence of it? `GAPS.md`, "loom:
/// modification order": it takes three writes, or two of which one is an update; updates alone are in order.
#[cfg(feature = "loom")]
fn loom_may_lose_the_modification_order(program: &Program) -> bool {
    fn count(body: &[Statement], location: Loc) -> [usize; 2] {
        let counts = body.iter().map(|statement| match statement {
            Statement::Store(loc, ..) if *loc == location => [1, 0],
            Statement::If(_, then, _) => count(then, location),
            Statement::Declare(
                _,
                Some(Expr::Rmw(_, loc, ..) | Expr::Cas { location: loc, .. }),
            ) if *loc == location => [0, 1],
            _ => [0, 0],
        });
        counts.fold([0, 0], |[stores, updates], [s, u]| [stores + s, updates + u])
    }
    (0..program.locations.len()).any(|location| {
        let counts = program.threads.iter().map(|thread| count(&thread.body, Loc(location)));
        let writers: Vec<_> = counts.filter(|counts| *counts != [0, 0]).collect();
        let stores: usize = writers.iter().map(|[stores, _]| stores).sum();
        let updates: usize = writers.iter().map(|[_, updates]| updates).sum();
        writers.len() > 1 && stores > 0 && (updates > 0 || stores > 2)
    })
}

/// Holds loom's outcomes, with at most one preemption, against the explorer's; returns how many programs
/// were held against them, and how many outcomes loom had.
#[cfg(feature = "loom")]
fn compare_with_loom(seeds: impl Iterator<Item = u64>) -> [usize; 2] {
    use crate::engine::{self, Engine, Entry, Plan};

    let (mut programs, mut outcomes) = (0, 0);
    for seed in seeds {
        let program = random(seed);
        if loom_may_lose_the_modification_order(&program) {
            continue;
        }
        let allowed = Litmus::new(as_loom_takes_it(program.clone()));
        let allowed = Executions::of(allowed, PLDI17).outcomes;
        let entry = Entry::of(Litmus::new(program.clone()));
        let quick = Plan::quick(&entry.info, Engine::Loom);
        let plan = Plan { preemptions: Some(1), stop_at_forbidden: false, ..quick };
        let found = engine::run(&entry, &plan, None).expect("loom runs it");
        assert!(found.held(), "{:?}\n{program}", found.failure);
        for outcome in found.outcomes.keys() {
            assert!(allowed.contains_key(outcome), "only loom has {outcome}\n{program}");
        }
        programs += 1;
        outcomes += found.outcomes.len();
    }
    [programs, outcomes]
}

#[cfg(feature = "loom")]
#[test]
fn on_ten_thousand_random_programs_loom_has_no_outcome_that_the_explorer_has_not() {
    let [programs, outcomes] = on_all_cores(compare_with_loom);
    assert!(programs > 5_000 && outcomes > 2 * programs, "{outcomes} outcomes of {programs}");
}

/// How many executions `threads` threads have that each do `statement` once, on one location.
fn executions(threads: usize, statement: Statement) -> u64 {
    let thread = || Thread { registers: vec!["e".into()], body: vec![statement.clone()] };
    let condition = Condition { quantifier: Quantifier::Exists, proposition: Proposition::True };
    let threads = (0..threads).map(|_| thread()).collect();
    let locations = vec![("x".into(), 0)];
    let program = Program::new("one each".into(), String::new(), locations, threads, condition);
    Executions::of(Litmus::new(program), CALIBRATION).complete
}

#[test]
fn updates_and_compare_exchanges_have_the_executions_that_arithmetic_gives_them() {
    let x = Loc(0);
    let cas = |strength| {
        let (expected, new) = (Reg(0), Box::new(Expr::Const(1)));
        let (success, failure) = (Relaxed, Relaxed);
        Statement::Do(Expr::Cas { strength, location: x, expected, new, success, failure })
    };
    let add = Statement::Do(Expr::Rmw(Rmw::Add, x, Box::new(Expr::Const(1)), Relaxed));
    let store = Statement::Store(x, Expr::Const(1), Relaxed);
    let each =
        |statement: Statement| [2, 3, 4].map(|threads| executions(threads, statement.clone()));
    assert_eq!(each(add), [2, 6, 24], "every order");
    assert_eq!(each(store), [2, 6, 24], "every order");
    // One succeeds; each other one reads the first value no more, so it reads the one's.
    assert_eq!(each(cas(Strength::Strong)), [2, 3, 4], "one succeeds");
    // Or any of them fail for no reason, and the one, if any, is any of the rest.
    assert_eq!(each(cas(Strength::Weak)), [5, 13, 33], "or fails for no reason");
}

#[test]
fn a_read_may_find_any_of_ten_old_values() {
    let values = (1..=10).map(|value| Statement::Store(Loc(0), Expr::Const(value), Relaxed));
    let writer = Thread { registers: Vec::new(), body: values.collect() };
    let load = Statement::Declare(Reg(0), Some(Expr::Load(Loc(0), Relaxed)));
    let reader = Thread { registers: vec!["r".into()], body: vec![load] };
    let condition = Condition { quantifier: Quantifier::Exists, proposition: Proposition::True };
    let locations = vec![("x".into(), 0)];
    let program =
        Program::new("stale".into(), String::new(), locations, vec![writer, reader], condition);
    assert_eq!(Executions::of(Litmus::new(program), CALIBRATION).outcomes.len(), 11);
}

/// Two threads that wait, wake and store, and a clock.
#[derive(Clone, Copy)]
struct Sleepers {
    threads: [[Nap; 2]; 2],
    /// The second thread starts first.
    turned: bool,
}

#[derive(Clone, Copy, Debug)]
enum Nap {
    Wait,
    Wake(u32),
    Store,
}

impl Scenario for Sleepers {
    fn info(&self) -> Info {
        Info { name: "test/sleepers", ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (word, until) = (Arc::new(M::U32::new(0)), world.deadline());
        let mut threads = self.threads;
        if self.turned {
            threads.reverse();
        }
        let actors = threads.map(|thread| {
            let (word, ctx) = (word.clone(), world.ctx());
            world.actor("napper", move || {
                thread.map(|nap| match nap {
                    Nap::Wait => Some(M::wait(&ctx, &word, 0, until)),
                    Nap::Wake(count) => {
                        M::wake(&ctx, &word, count);
                        None
                    }
                    Nap::Store => {
                        word.store(1, Relaxed);
                        None
                    }
                })
            })
        });
        M::join(world.clock());
        let mut done = actors.map(M::join);
        if self.turned {
            done.reverse();
        }
        format!("{done:?}")
    }
}

/// Every such program: who is started first makes no difference, and the plain search, which holds whole
/// graphs against the axioms, meets the same executions.
#[test]
fn sleepers_and_wakes_meet_in_every_order() {
    let naps = [Nap::Wait, Nap::Wake(1), Nap::Store];
    let pairs = || naps.into_iter().flat_map(|one| naps.map(|other| [one, other]));
    for (at, one) in pairs().enumerate() {
        for other in pairs().skip(at) {
            let threads = [one, other];
            let scenario = |turned| Sleepers { threads, turned };
            let (found, mut keys) = Executions::with_keys(scenario(false), PLDI17);
            assert_eq!(found, Executions::of(scenario(true), PLDI17));
            let plain = plain::executions(scenario(false), PLDI17);
            assert_eq!(keys.len(), plain.len());
            keys.sort_unstable();
            assert!(keys.into_iter().eq(plain));
        }
    }
}
