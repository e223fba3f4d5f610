//! Engines: each explores a scenario and says what it saw and how far it looked.

mod counterexample;
pub(crate) mod death;
mod entry;
pub mod explorer;
#[cfg(feature = "loom")]
pub mod loom;
pub mod modelled;
#[cfg(target_os = "linux")]
pub mod native;
mod plan;
pub mod pulse;
mod racy;
mod replay;
mod setting;
#[cfg(feature = "shuttle")]
pub mod shuttle;
mod sleepers;
mod tally;
mod trace;
mod verdict;

use std::{
    fmt,
    sync::atomic::Ordering::Relaxed,
    thread,
    time::{Duration, Instant},
};

pub use counterexample::Counterexample;
pub use entry::Entry;
pub use explorer::{Path, Shard};
pub use plan::Plan;
use replay::At;
pub use replay::Replay;
use serde::{Deserialize, Serialize};
pub(crate) use setting::Setting;
pub use setting::{interruption, is_interrupted};
pub(crate) use tally::Search;
use tally::{Tally, execute};
pub use verdict::{Bound, Failure, Verdict};

use crate::{
    model::{Info, Scenario},
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

/// An engine's exploration of one scenario.
pub(crate) fn explore(scenario: impl Scenario, setting: Setting<'_>) -> Result<Search, String> {
    let plan = setting.plan;
    match plan.engine {
        Engine::Explorer => explored(scenario, setting),
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

/// The explorer's exploration of one scenario.
pub(crate) fn explored(scenario: impl Scenario, setting: Setting<'_>) -> Result<Search, String> {
    match setting.plan.engine {
        Engine::Explorer => {
            Ok(explorer::explore::<crate::wrap::Planted<explorer::Explorer>>(scenario, setting))
        }
        engine => Err(format!("{engine} cannot run it: it is for the explorer only")),
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

/// Ends this process's search after so many seconds.
fn interrupt_after(seconds: u64) {
    let interruption = interruption();
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(seconds));
        interruption.store(true, Relaxed);
    });
}

/// Runs a scenario as planned, with a bug planted if `mutation` says so, and judges what was seen.
///
/// # Errors
/// Why it could not be run.
pub fn run(entry: &Entry, plan: &Plan, mutation: Option<&Mutation>) -> Result<Verdict, String> {
    refuse_environment()?;
    let start = Instant::now();
    plan.within.into_iter().for_each(interrupt_after);
    let explore = |plan: &Plan| {
        let setting = Setting { plan, mutation };
        setting.enter(|| entry.explore(setting))?
    };
    let Search { executions, outcomes, deaths, mut bound, mut failure } = explore(plan)?;
    if let (Bound::Interrupted, Some(seconds)) = (&bound, plan.within)
        && start.elapsed() >= Duration::from_secs(seconds)
    {
        bound = Bound::Seconds(seconds);
    }
    if let Some(Failure { execution: Some(execution), schedule, replay, .. }) = &mut failure {
        // Engines are deterministic: the same search again, recording the execution that failed. The
        // explorer has told it at once; natively the failing run is over, and there is nothing to record.
        if matches!(plan.engine, Engine::Loom | Engine::Shuttle) {
            explore(&Plan { traced: Some(*execution), ..plan.clone() })?;
            *schedule = trace::lines();
            // A token is of random schedules.
            *replay = (!plan.every_schedule).then(|| {
                let at = At::Number(*execution);
                Replay::of(entry.info.name, plan, at, mutation).to_string()
            });
        }
    }
    let mut verdict = Verdict {
        protocol: entry.info.protocol().to_owned(),
        scenario: entry.info.name.to_owned(),
        claims: entry.info.claims.iter().map(|&claim| claim.to_owned()).collect(),
        engine: plan.engine,
        planted: mutation.map(ToString::to_string),
        executions,
        outcomes,
        deaths,
        bound,
        shard: plan.shard,
        seconds: start.elapsed().as_secs_f64(),
        failure,
    };
    if plan.only.is_none() && plan.shard.is_none() {
        // What calibration wants to be reached is its own affair.
        let nothing = Info { reach: &[], weak: &[], ..entry.info };
        verdict.judge(if plan.stop_at_forbidden { &entry.info } else { &nothing });
    }
    Ok(verdict)
}
