//! One search on all cores. It begins on one thread; if it turns out to be long, others join, and take over
//! what has not been tried yet, by its path.
#![allow(clippy::disallowed_types, reason = "what an engine counts is no protocol")]

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    thread::{self, Scope},
};

use super::{
    axioms::{MemoryModel, Scb},
    graph::Graph,
    machine::{self, Ended},
    path::{Path, Shard},
    search::{Flaw, Races, Search as Graphs},
};
use crate::{
    card,
    engine::{
        Bound, Failure, Replay, Search, Setting, execute, is_interrupted, pulse, replay::At,
        setting::panic_message,
    },
    model::{Model, Scenario},
};

/// Executions after which others join.
const ALONE: u64 = 2_000;

/// Events of the executions tried after the first failure, for a smaller one.
const FOR_A_SMALLER_ONE: i64 = 1_000_000;

/// What the threads of one search share.
struct Crew<'a, S> {
    scenario: S,
    setting: Setting<'a>,
    /// Complete executions so far; at the first failure it stands still.
    executions: AtomicU64,
    /// Events that may come yet after a failure.
    patience: AtomicI64,
    /// Events of the smallest failing execution so far.
    smallest: AtomicUsize,
    is_over: AtomicBool,
    /// Threads without work.
    hungry: AtomicUsize,
    work: Mutex<Work>,
    changed: Condvar,
}

/// What is to be done.
#[derive(Default)]
struct Work {
    paths: Vec<Path>,
    /// Threads that are at work.
    busy: usize,
}

/// What one thread has seen.
#[derive(Default)]
struct Seen {
    outcomes: BTreeMap<String, u64>,
    deaths: BTreeMap<String, u64>,
    failed: Option<Failed>,
    /// Has it met any node of the part that is searched?
    node: bool,
}

/// A failing execution.
struct Failed {
    events: usize,
    path: Path,
    message: String,
}

/// Explores a scenario on `M`.
pub(super) fn explore<M: Model>(scenario: impl Scenario, setting: Setting<'_>) -> Search {
    let crew = Crew {
        scenario,
        setting,
        executions: AtomicU64::new(0),
        patience: AtomicI64::new(FOR_A_SMALLER_ONE),
        smallest: AtomicUsize::new(usize::MAX),
        is_over: AtomicBool::new(false),
        hungry: AtomicUsize::new(0),
        work: Mutex::new(Work {
            paths: vec![setting.plan.only.clone().unwrap_or_default()],
            busy: 0,
        }),
        changed: Condvar::new(),
    };
    let seen = thread::scope(|scope| {
        let mut others = Vec::new();
        let mut seen = crew.help::<M>(|| {
            if others.is_empty() {
                others = crew.call_others::<M>(scope);
            }
        });
        for other in others {
            seen.add(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        seen
    });
    crew.conclude::<M>(seen)
}

impl<S: Scenario> Crew<'_, S> {
    /// Starts a thread for each further core.
    fn call_others<'scope, M: Model>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
    ) -> Vec<thread::ScopedJoinHandle<'scope, Seen>> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let help = || {
            self.setting.enter(|| self.help::<M>(|| {})).expect("the bug could be planted before")
        };
        (1..cores).map(|_| scope.spawn(help)).collect()
    }

    /// Does what there is to be done, until there is no more. Calls `is_long` if that is much.
    fn help<M: Model>(&self, mut is_long: impl FnMut()) -> Seen {
        let mut seen = Seen::default();
        while let Some(path) = self.next() {
            let search = || self.search::<M>(path.clone(), &mut seen, &mut is_long);
            let result = catch_unwind(AssertUnwindSafe(search));
            self.work().busy -= 1;
            self.changed.notify_all();
            if result.is_err() {
                // After a failure the scenario may not do the same twice.
                self.is_over.store(true, Relaxed);
                let message = panic_message();
                seen.failed.get_or_insert(Failed { events: usize::MAX, path, message });
            }
        }
        seen
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something to do, sooner or later; nothing if all is done.
    fn next(&self) -> Option<Path> {
        let mut work = self.work();
        self.hungry.fetch_add(1, Relaxed);
        let path = loop {
            if let Some(path) = work.paths.pop() {
                work.busy += 1;
                break Some(path);
            }
            if work.busy == 0 {
                break None;
            }
            work =
                pulse::resting(|| self.changed.wait(work).unwrap_or_else(PoisonError::into_inner));
        };
        self.hungry.fetch_sub(1, Relaxed);
        path
    }

    /// Sets up a search of what is at and below a node, on this thread.
    fn begin(&self, below: Path, shard: Option<Shard>) {
        let model = MemoryModel::Rc11(Scb::Pldi17);
        let graphs = Graphs::new(model, Races::End, self.setting.plan.spurious)
            .with_deaths(self.scenario.info().deaths, self.setting.plan.after_each_access);
        machine::begin(graphs.within(below, shard));
    }

    /// Searches what is at and below a node.
    fn search<M: Model>(&self, below: Path, seen: &mut Seen, is_long: &mut impl FnMut()) {
        self.begin(below, self.setting.plan.shard);
        let mut go_on = true;
        while go_on && !self.is_over.load(Relaxed) && machine::advance() {
            go_on = self.execute::<M>(seen);
            if self.executions.load(Relaxed) >= ALONE {
                is_long();
            }
            if self.hungry.load(Relaxed) > 0
                && let Some(path) = machine::give_away()
            {
                self.work().paths.push(path);
                self.changed.notify_one();
            }
        }
        machine::end();
    }

    /// One execution; is there any sense in another?
    fn execute<M: Model>(&self, seen: &mut Seen) -> bool {
        if is_interrupted() {
            self.is_over.store(true, Relaxed);
            return false;
        }
        pulse::execution();
        let (scenario, smallest) = (self.scenario, self.smallest.load(Relaxed));
        let run = || machine::execute(smallest, move || execute::<M>(scenario));
        let result = catch_unwind(AssertUnwindSafe(run)).map_err(|_| panic_message());
        if !machine::is_within() {
            return true;
        }
        seen.node = true;
        let message = match result {
            Err(message) | Ok((Ended::Stuck(message), _)) => Some(message),
            Ok((Ended::Flawed(flaw), _)) => Some(flaw.to_string()),
            Ok((Ended::Complete, outcome)) => {
                self.count(outcome.expect("the main thread came to its end"), seen);
                None
            }
            Ok((Ended::Blocked | Ended::Pruned, _)) => None,
        };
        let events = machine::inspect(|graph| graph.order.len());
        if let Some(message) = message
            && self.smallest.fetch_min(events, Relaxed) > events
        {
            seen.failed = Some(Failed { events, path: machine::path(), message });
        }
        let failed = self.smallest.load(Relaxed) < usize::MAX;
        if failed && self.patience.fetch_sub(events as i64, Relaxed) <= 0 {
            self.is_over.store(true, Relaxed);
        }
        self.setting.plan.only.is_none()
    }

    /// Counts a complete execution, unless a failure has ended that.
    fn count(&self, outcome: String, seen: &mut Seen) {
        if self.smallest.load(Relaxed) < usize::MAX {
            return;
        }
        let limit = self.setting.plan.executions;
        let number = self.executions.fetch_add(1, Relaxed) + 1;
        if number <= limit {
            *seen.outcomes.entry(outcome).or_default() += 1;
            for death in machine::inspect(Graph::last_steps) {
                *seen.deaths.entry(death).or_default() += 1;
            }
        }
        if number >= limit {
            self.is_over.store(true, Relaxed);
        }
    }

    /// What the search has come to.
    fn conclude<M: Model>(&self, Seen { outcomes, deaths, failed, node }: Seen) -> Search {
        let plan = self.setting.plan;
        let executions = outcomes.values().sum();
        let bound = match failed {
            Some(_) => Bound::Stopped,
            None if is_interrupted() => Bound::Interrupted,
            None if self.is_over.load(Relaxed) => Bound::Executions(executions),
            None => Bound::Spurious(plan.spurious),
        };
        let failure = failed.map(|Failed { path, message, .. }| {
            let name = self.scenario.info().name;
            let at = At::Path(path.clone());
            Failure {
                message,
                execution: Some(executions + 1),
                schedule: self.trace::<M>(path),
                replay: Some(Replay::of(name, plan, at, self.setting.mutation).to_string()),
            }
        });
        let nowhere = plan
            .only
            .as_ref()
            .filter(|_| !node)
            .map(|path| Failure::of(format!("this search has no execution {path}"), None));
        Search { executions, outcomes, deaths, bound, failure: failure.or(nowhere) }
    }

    /// Runs the execution at a node again, and tells it.
    fn trace<M: Model>(&self, path: Path) -> Vec<String> {
        self.begin(path, None);
        let mut lines = Vec::new();
        while machine::advance() {
            let scenario = self.scenario;
            machine::listen();
            // How it ends is known.
            let run = || machine::execute(usize::MAX, move || execute::<M>(scenario));
            _ = catch_unwind(AssertUnwindSafe(run));
            if machine::is_within() {
                lines = machine::trace().lines();
                break;
            }
        }
        machine::end();
        lines
    }
}

impl Seen {
    fn add(&mut self, other: Self) {
        for (outcome, executions) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += executions;
        }
        for (death, executions) in other.deaths {
            *self.deaths.entry(death).or_default() += executions;
        }
        self.node |= other.node;
        let size = |failed: &Failed| (failed.events, failed.path.clone());
        self.failed = self.failed.take().into_iter().chain(other.failed).min_by_key(size);
    }
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let site = |id| machine::inspect(|graph| card::site(graph.event(id).site));
        let name = machine::name;
        match *self {
            Self::Race(one, other) => write!(
                f,
                "data race: {} by {} and {} by {}",
                site(one),
                name(one),
                site(other),
                name(other)
            ),
            Self::Torn(write, read) => write!(
                f,
                "torn payload: {} reads what {} had half written when its thread died",
                site(read),
                site(write)
            ),
        }
    }
}
