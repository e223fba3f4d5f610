//! How far an engine is to look.

use serde::{Deserialize, Serialize};

use super::{Engine, Path, Shard};
use crate::model::Info;

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
    /// explorer: a mortal actor may die after each access, also after those that nobody else can tell: many
    /// more executions, and no more outcomes.
    #[serde(default)]
    pub after_each_access: bool,
    /// explorer: spurious events of each kind (a wake, a failing weak compare-exchange) in a thread.
    #[serde(default)]
    pub spurious: usize,
    /// shuttle: where the random schedules start.
    pub seed: u64,
    /// shuttle: every schedule instead, depth first.
    #[serde(default)]
    pub every_schedule: bool,
    /// A worker that takes longer, in seconds, ends with what it has seen.
    #[serde(default)]
    pub within: Option<u64>,
    /// loom, shuttle: which execution to record, counted from 1.
    pub traced: Option<u64>,
    /// explorer: this execution alone.
    #[serde(default)]
    pub only: Option<Path>,
    /// explorer: this part of the search.
    #[serde(default)]
    pub shard: Option<Shard>,
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
            after_each_access: false,
            spurious: info.spurious,
            seed: SEED,
            every_schedule: false,
            within: None,
            traced: None,
            only: None,
            shard: None,
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

    /// What `cargo verify --complete` does: the same of every engine. Only the explorer has spurious events,
    /// so there are none.
    pub fn complete(info: &Info, engine: Engine) -> Self {
        let quick = Self::quick(info, engine);
        let every_schedule = engine == Engine::Shuttle;
        Self { preemptions: None, executions: LIMIT, spurious: 0, every_schedule, ..quick }
    }
}

/// A search that is cut here says so; the bounds of the scenarios keep far below.
const LIMIT: u64 = 100_000_000;

/// Where random schedules start: any number, but always the same.
const SEED: u64 = 0x5e1_7ed9e;
