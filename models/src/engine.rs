//! Engines: each explores a scenario and says what it saw and how far it looked.

mod counterexample;
mod death;
mod entry;
pub mod explorer;
#[cfg(feature = "loom")]
pub mod loom;
pub mod modelled;
#[cfg(target_os = "linux")]
pub mod native;
mod racy;
mod replay;
#[cfg(feature = "shuttle")]
pub mod shuttle;
mod sleepers;
mod trace;

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fmt,
    panic::{self, AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
    time::Instant,
};

pub use counterexample::Counterexample;
pub use entry::Entry;
pub use replay::Replay;
use serde::{Deserialize, Serialize};

use crate::{
    model::{Info, Model, Scenario, World},
    wrap::Mutation,
};

/// What runs a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Engine {
    /// Exhaustive search of RC11, each execution once.
    Explorer,
    /// Exhaustive search of a C++11-like weak memory model.
    Loom,
    /// Many random and PCT schedules under sequential consistency.
    Shuttle,
    /// Many runs on the machine.
    Native,
}

impl Engine {
    /// Every engine.
    pub const ALL: [Self; 4] = [Self::Explorer, Self::Loom, Self::Shuttle, Self::Native];

    /// Does it show outcomes that sequential consistency forbids?
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::Explorer | Self::Loom)
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Explorer => "explorer",
            Self::Loom => "loom",
            Self::Shuttle => "shuttle",
            Self::Native => "native",
        })
    }
}

/// How far an engine is to look.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plan {
    /// Which engine.
    pub engine: Engine,
    /// loom: at most so many preemptions in an execution; `None` is no bound.
    pub preemptions: Option<usize>,
    /// loom: sleepers park rather than yield (see [`Info::parks`]).
    pub parks: bool,
    /// At most so many executions.
    pub executions: u64,
    /// explorer: spurious events of each kind (a wake, a failing weak compare-exchange) in a thread.
    #[serde(default)]
    pub spurious: usize,
    /// shuttle: where the random schedules start.
    pub seed: u64,
    /// Which execution to record, counted from 1.
    pub traced: Option<u64>,
    /// End at the first outcome that the scenario forbids? Calibration wants them all instead.
    pub stop_at_forbidden: bool,
}

impl Plan {
    /// What `cargo verify` does without arguments.
    pub fn quick(info: &Info, engine: Engine) -> Self {
        Self {
            engine,
            preemptions: info.quick,
            parks: info.parks,
            executions: match engine {
                Engine::Explorer => info.cut.unwrap_or(LIMIT),
                Engine::Loom => LIMIT,
                Engine::Shuttle => 40_000,
                Engine::Native => 2_000,
            },
            spurious: info.spurious,
            seed: SEED,
            traced: None,
            stop_at_forbidden: true,
        }
    }

    /// What `cargo verify --deep` does.
    pub fn deep(info: &Info, engine: Engine) -> Self {
        let quick = Self::quick(info, engine);
        let executions = match engine {
            Engine::Explorer | Engine::Loom => LIMIT,
            Engine::Shuttle => 1_000_000,
            Engine::Native => 1_000_000,
        };
        Self { preemptions: info.deep, executions, spurious: 1, ..quick }
    }
}

/// A search that is cut here says so; the bounds of the scenarios keep far below.
const LIMIT: u64 = 100_000_000;

/// Where random schedules start: any number, but always the same.
const SEED: u64 = 0x5e1_7ed9e;

/// How far a search looked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Everything that the engine can see.
    Complete,
    /// Everything with at most so many spurious events of each kind in a thread.
    Spurious(usize),
    /// Everything with at most so many preemptions.
    Preemptions(usize),
    /// Cut off after so many executions.
    Executions(u64),
    /// So many schedules, drawn at random from a seed.
    Schedules {
        /// Where the schedules start.
        seed: u64,
        /// How many.
        executions: u64,
    },
    /// So many runs of the machine.
    Runs(u64),
    /// Ended at the first failure.
    Stopped,
}

impl Bound {
    /// Was it all that the engine can see, within the scenario?
    pub const fn is_complete(&self) -> bool {
        matches!(self, Self::Complete | Self::Spurious(_))
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete | Self::Spurious(0) => f.write_str("complete"),
            Self::Spurious(n) => write!(f, "complete, {n} spurious"),
            Self::Preemptions(n) => write!(f, "<= {n} preemptions"),
            Self::Executions(n) => write!(f, "cut at {n} executions"),
            Self::Schedules { .. } => f.write_str("random + PCT"),
            Self::Runs(_) => f.write_str("sampled"),
            Self::Stopped => f.write_str("ended at a failure"),
        }
    }
}

/// What an engine saw.
#[derive(Debug)]
pub(crate) struct Search {
    executions: u64,
    outcomes: BTreeMap<String, u64>,
    bound: Bound,
    panicked: bool,
}

impl Default for Search {
    fn default() -> Self {
        Self { executions: 0, outcomes: BTreeMap::new(), bound: Bound::Complete, panicked: false }
    }
}

/// What an engine says of a scenario.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// The scenario's protocol.
    pub protocol: String,
    /// The scenario.
    pub scenario: String,
    /// The claims that it is evidence for.
    pub claims: Vec<String>,
    /// The engine.
    pub engine: Engine,
    /// The bug that was planted, if any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub planted: Option<String>,
    /// Executions explored.
    pub executions: u64,
    /// The distinct outcomes, and how often each was seen.
    pub outcomes: BTreeMap<String, u64>,
    /// How far the search looked.
    pub bound: Bound,
    /// Wall-clock time.
    pub seconds: f64,
    /// `null` if everything held.
    pub failure: Option<Failure>,
}

impl Verdict {
    /// Did everything hold?
    pub fn held(&self) -> bool {
        self.failure.is_none()
    }
}

/// What went wrong, and how.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// What went wrong.
    pub message: String,
    /// The execution in which it did, counted from 1; `null` if it is not about one execution.
    pub execution: Option<u64>,
    /// Its schedule: an access to shared memory a line; empty if there is none to show.
    pub schedule: Vec<String>,
    /// What `cargo verify replay` takes to show this execution again.
    pub replay: Option<String>,
}

thread_local! {
    static PLAN: RefCell<Option<Plan>> = const { RefCell::new(None) };
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Keeps the message of a panic inside an exploration for the verdict, and off the terminal.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if QUIET.get() {
                return;
            }
            if PLAN.with_borrow(Option::is_none) {
                return default(info);
            }
            let message = info.payload_as_str().unwrap_or("panic").to_owned();
            // The first panic is the finding; the others come from unwinding.
            PANIC.with_borrow_mut(|first| {
                first.get_or_insert(message);
            });
        }));
    });
}

/// What `attempt` returns, or panics with, which is then no finding.
#[cfg_attr(not(feature = "loom"), expect(dead_code, reason = "only loom is asked by a panic"))]
fn quietly<T>(attempt: impl FnOnce() -> T) -> std::thread::Result<T> {
    QUIET.set(true);
    let result = catch_unwind(AssertUnwindSafe(attempt));
    QUIET.set(false);
    result
}

/// A search under way: an engine's executions share it.
#[derive(Clone)]
struct Tally(Arc<Mutex<Search>>);

impl Tally {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Search::default())))
    }

    fn search(&self) -> MutexGuard<'_, Search> {
        // The execution that panicked has told all that it had to tell.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes one execution, on whatever engine is driving, and keeps its outcome.
    fn execute<M: Model>(&self, scenario: impl Scenario, traced: Option<u64>) {
        let count = {
            let mut search = self.search();
            search.executions += 1;
            search.executions
        };
        trace::start(traced == Some(count));
        let outcome = execute::<M>(scenario);
        *self.search().outcomes.entry(outcome).or_default() += 1;
    }

    /// What was seen, by `drive`, which may end in a panic.
    fn of(drive: impl FnOnce(&Self), bound: Bound) -> Search {
        let tally = Self::new();
        let result = catch_unwind(AssertUnwindSafe(|| drive(&tally)));
        let seen = core::mem::take(&mut *tally.search());
        let bound = if seen.bound == Bound::Complete { bound } else { seen.bound };
        Search { bound, panicked: result.is_err(), ..seen }
    }
}

/// Runs the scenario once, on whatever engine is driving.
fn execute<M: Model>(scenario: impl Scenario) -> String {
    let world = World::<M>::new();
    let outcome = scenario.run(&world);
    assert!(world.actors() >= 2, "a scenario needs two actors: {} started", world.actors());
    let stop = PLAN.with_borrow(|plan| plan.as_ref().is_some_and(|plan| plan.stop_at_forbidden));
    assert!(!stop || scenario.info().allows(&outcome), "forbidden outcome: {outcome}");
    outcome
}

/// An engine's exploration of one scenario.
pub(crate) fn explore(scenario: impl Scenario, plan: &Plan) -> Result<Search, String> {
    match plan.engine {
        Engine::Explorer => {
            Ok(explorer::explore::<crate::wrap::Planted<explorer::Explorer>>(scenario, plan))
        }
        #[cfg(feature = "loom")]
        Engine::Loom => Ok(loom::explore::<crate::wrap::Planted<loom::Loom>>(scenario, plan)),
        #[cfg(feature = "shuttle")]
        Engine::Shuttle => {
            Ok(shuttle::explore::<crate::wrap::Planted<shuttle::Shuttle>>(scenario, plan))
        }
        #[cfg(target_os = "linux")]
        Engine::Native => Ok(native::explore(scenario, plan)),
        #[allow(unreachable_patterns, reason = "with every feature there is none left")]
        engine => Err(format!("the engine {engine} is not part of this build")),
    }
}

/// Variables in the environment that would change a search behind our back.
///
/// # Errors
/// Their names.
pub fn refuse_environment() -> Result<(), String> {
    #[cfg(feature = "loom")]
    let variables = loom::VARIABLES.iter();
    #[cfg(not(feature = "loom"))]
    let variables = [].iter();
    let set: Vec<&str> = variables
        .chain(&["SHUTTLE_RANDOM_SEED"])
        .copied()
        .filter(|name| std::env::var_os(name).is_some())
        .collect();
    if set.is_empty() {
        return Ok(());
    }
    Err(format!("unset {}: it would cut or change the search and still look green", set.join(", ")))
}

/// Runs a scenario as planned, with a bug planted if `mutation` says so, and judges what was seen.
///
/// # Errors
/// Why it could not be run.
pub fn run(entry: &Entry, plan: &Plan, mutation: Option<&Mutation>) -> Result<Verdict, String> {
    refuse_environment()?;
    let start = Instant::now();
    let (search, message) = explore_quietly(entry, plan, mutation)?;
    let mut failure = judge(&entry.info, plan, &search, message);
    if let Some(Failure { execution: Some(execution), schedule, replay, .. }) = &mut failure {
        // Engines are deterministic: the same search again, recording the execution that failed.
        // Natively the failing run is over, and there is no schedule to record.
        if plan.engine != Engine::Native {
            explore_quietly(entry, &Plan { traced: Some(*execution), ..plan.clone() }, mutation)?;
            *schedule = trace::lines();
            *replay = Some(Replay::of(entry, plan, *execution, mutation).to_string());
        }
    }
    Ok(Verdict {
        protocol: entry.info.protocol().to_owned(),
        scenario: entry.info.name.to_owned(),
        claims: entry.info.claims.iter().map(|&claim| claim.to_owned()).collect(),
        engine: plan.engine,
        planted: mutation.map(ToString::to_string),
        executions: search.executions,
        outcomes: search.outcomes,
        bound: if search.panicked { Bound::Stopped } else { search.bound },
        seconds: start.elapsed().as_secs_f64(),
        failure,
    })
}

fn explore_quietly(
    entry: &Entry,
    plan: &Plan,
    mutation: Option<&Mutation>,
) -> Result<(Search, Option<String>), String> {
    keep_panics();
    let _planted = mutation.map(Mutation::plant).transpose()?;
    PLAN.set(Some(plan.clone()));
    PANIC.set(None);
    let explored = entry.explore(plan);
    PLAN.set(None);
    Ok((explored?, PANIC.take()))
}

fn judge(info: &Info, plan: &Plan, search: &Search, message: Option<String>) -> Option<Failure> {
    let failed = |message, execution| {
        Some(Failure { message, execution, schedule: Vec::new(), replay: None })
    };
    if search.panicked {
        let message = message.unwrap_or_else(|| "an actor panicked".into());
        return failed(message, Some(search.executions));
    }
    if search.outcomes.is_empty() {
        return failed("nothing was run".into(), None);
    }
    let weak: &[&str] = if plan.engine.is_weak() { info.weak } else { &[] };
    let missed: Vec<&str> = (info.reach.iter().chain(weak))
        .copied()
        .filter(|outcome| !search.outcomes.contains_key(*outcome))
        .collect();
    // What the machine happens not to do in so many runs is no finding, nor what was cut off.
    let cut = plan.engine == Engine::Explorer && !search.bound.is_complete();
    if missed.is_empty() || cut || plan.engine == Engine::Native || !plan.stop_at_forbidden {
        return None;
    }
    failed(format!("never reached: {}", missed.join("; ")), None)
}
