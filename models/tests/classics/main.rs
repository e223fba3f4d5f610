//! Classic protocols of the field, written with the public interface: the explorer finds nothing in a right
//! one, and the flaw of each known-broken one.
//!
//! The variants of a protocol share their code; a value says which fence is missing or which step is wrong.

mod arc;
mod chase_lev;
mod dekker;
mod hazard;
mod mcs;
mod peterson;
mod rwlock;
mod seqlock;
mod ticket;
mod treiber;

use std::{fmt::Debug, iter, sync::Arc};

use selvedge::platform::{
    AtomicWord, DataCell,
    Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst},
    Platform, RacyCell,
};
use selvedge_models::{
    engine::{self, Engine, Entry, Plan, Verdict},
    model::{Info, Model, Scenario, World},
};

fn explored(scenario: impl Scenario) -> Verdict {
    let entry = Entry::of(scenario);
    engine::run(&entry, &Plan::quick(&entry.info, Engine::Explorer), None).expect("it runs")
}

/// The executions of a scenario in which nothing goes wrong.
#[track_caller]
fn executions(scenario: impl Scenario) -> u64 {
    let verdict = explored(scenario);
    assert!(verdict.held() && verdict.bound.is_complete(), "{verdict:?}");
    verdict.executions
}

/// Something goes wrong in the scenario, and the message starts like this.
#[track_caller]
fn caught(scenario: impl Scenario + Debug, start: &str) {
    let verdict = explored(scenario);
    let Some(failure) = verdict.failure else { panic!("{scenario:?} passes: {verdict:?}") };
    assert!(failure.message.starts_with(start), "{scenario:?}: {}", failure.message);
}

/// Adds one to what only its present owner may touch.
#[track_caller]
fn bump<P: Platform>(cell: &P::Cell<u32>) {
    // SAFETY: the cell has one owner at a time; the explorer checks just that.
    let seen = unsafe { cell.read() };
    // SAFETY: likewise.
    unsafe { cell.write(seen + 1) };
}

/// A lock whose users are numbered from 0.
trait Lock: Send + Sync + 'static {
    fn lock(&self, me: usize);
    fn unlock(&self, me: usize);
}

/// What can be wrong with a kind of lock.
trait Variant: Copy + Debug + Send + Sync + 'static {
    const NAME: &'static str;

    fn lock<P: Platform>(flaw: Option<Self>) -> impl Lock;
}

/// Each user takes the lock so many times, and counts.
#[derive(Clone, Copy, Debug)]
struct Users<F> {
    flaw: Option<F>,
    rounds: &'static [u32],
}

impl<F: Variant> Scenario for Users<F> {
    fn info(&self) -> Info {
        Info { name: F::NAME, ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new((F::lock::<M>(self.flaw), M::Cell::new(0_u32)));
        let names = ["one", "two", "three", "four"].into_iter().enumerate();
        let users = names.zip(self.rounds).map(|((me, name), &rounds)| {
            let shared = shared.clone();
            world.actor(name, move || {
                for _ in 0..rounds {
                    shared.0.lock(me);
                    bump::<M>(&shared.1);
                    shared.0.unlock(me);
                }
            })
        });
        users.collect::<Vec<_>>().into_iter().for_each(M::join);
        // SAFETY: the users are done.
        let count = unsafe { shared.1.read() };
        assert_eq!(count, self.rounds.iter().sum::<u32>(), "each user counts each time");
        format!("counted {count}")
    }
}
