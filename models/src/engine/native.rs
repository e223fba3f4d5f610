//! The machine itself: real threads, real futexes, many times. Not a model checker: it shows that an
//! outcome happens, and that the engines' allowed outcomes cover what the machine does.

use std::{sync::Mutex, thread};

use selvedge::platform::native::{Native, NativeCtx};

use super::{Bound, Plan, Search, Tally};
use crate::model::{Model, Scenario, Victim};

impl Model for Native {
    const DEFINES_RACES: bool = false;

    type Join<R: Send + 'static> = thread::JoinHandle<R>;
    /// The machine's threads come in some order by themselves.
    type Turns = Mutex<()>;
    type Mark = ();

    fn surroundings() -> NativeCtx {
        NativeCtx::default()
    }

    fn spawn<R: Send + 'static>(
        _: &NativeCtx,
        name: &'static str,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> thread::JoinHandle<R> {
        let thread = thread::Builder::new().name(name.into());
        thread.spawn(body).expect("the machine has a thread to spare")
    }

    /// A thread does not die alone; see [`Info::dies`](crate::model::Info::dies).
    fn victim<R: Send + 'static>(
        _: &NativeCtx,
        name: &'static str,
        _: Victim,
        _: impl FnOnce() -> R + Send + 'static,
    ) -> thread::JoinHandle<Option<R>> {
        panic!("{name} cannot die on the machine: the scenario's `dies` says that it does")
    }

    fn join<R: Send + 'static>(join: thread::JoinHandle<R>) -> R {
        join.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn give_way() {
        thread::yield_now();
    }

    fn expire(_: &NativeCtx) {}

    fn take_turn(turns: &Mutex<()>) {
        drop(turns.lock());
    }

    fn mark() {}

    fn precedes((): &()) -> bool {
        true
    }
}

/// Runs the scenario as often as the plan says. A run of the machine cannot be recorded.
pub(super) fn explore(scenario: impl Scenario, plan: &Plan) -> Search {
    let drive = |tally: &Tally| {
        (0..plan.executions).for_each(|_| tally.execute::<Native>(scenario, None));
    };
    Tally::of(drive, Bound::Runs(plan.executions))
}
