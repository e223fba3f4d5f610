//! What an engine says of a scenario.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use super::{Engine, Shard};
use crate::model::Info;

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
    /// Cut off after so many seconds.
    Seconds(u64),
    /// Ended at the first failure.
    Stopped,
    /// Ended by whoever asked for it.
    Interrupted,
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
            Self::Seconds(n) => write!(f, "cut after {n} s"),
            Self::Stopped => f.write_str("ended at a failure"),
            Self::Interrupted => f.write_str("interrupted"),
        }
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
    /// The steps after which actors died in the explorer's executions, and in how many; `start` is before
    /// the first one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub deaths: BTreeMap<String, u64>,
    /// How far the search looked,
    pub bound: Bound,
    /// in which part of it; `null` is the whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shard: Option<Shard>,
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

    /// Judges a whole search: was anything run, and does it miss what the scenario must reach?
    pub(crate) fn judge(&mut self, info: &Info) {
        if self.failure.is_some() || self.bound == Bound::Interrupted {
            return;
        }
        if self.outcomes.is_empty() {
            self.failure = Some(Failure::of("no execution came to its end".into(), None));
            return;
        }
        let weak: &[&str] = if self.engine.is_weak() { info.weak } else { &[] };
        let missed: Vec<&str> = (info.reach.iter().chain(weak))
            .copied()
            .filter(|outcome| !self.outcomes.contains_key(*outcome))
            .collect();
        // What the machine happens not to do in so many runs is no finding, nor what was cut off.
        let cut = matches!(self.bound, Bound::Seconds(_))
            || self.engine == Engine::Explorer && !self.bound.is_complete();
        if !missed.is_empty() && !cut && self.engine != Engine::Native {
            let message = format!("never reached: {}", missed.join("; "));
            self.failure = Some(Failure::of(message, None));
        }
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

impl Failure {
    /// A failure that nothing more is known of yet.
    pub(super) fn of(message: String, execution: Option<u64>) -> Self {
        Self { message, execution, schedule: Vec::new(), replay: None }
    }
}
