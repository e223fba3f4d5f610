//! Names one execution of one search: `scenario@engine/bound#execution`, and `!bug` if one is planted.
//! The explorer's executions are named by the [`Path`] to them, which is all that is run again. The others
//! are deterministic, so the same search meets the execution with the same number.

use std::{fmt, str::FromStr};

use super::{Engine, Path, Plan};
use crate::{model::Info, wrap::Mutation};

/// One execution of one search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    scenario: String,
    engine: Engine,
    /// explorer: spurious events; loom: preemptions, if bounded; shuttle: schedules in all.
    bound: Option<u64>,
    at: At,
    mutation: Option<Mutation>,
}

/// Which execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    Number(u64),
    Path(Path),
}

impl Replay {
    pub(super) fn of(scenario: &str, plan: &Plan, at: At, bug: Option<&Mutation>) -> Self {
        Self {
            scenario: scenario.into(),
            engine: plan.engine,
            bound: match plan.engine {
                Engine::Explorer => Some(plan.spurious as u64),
                Engine::Loom => plan.preemptions.map(|n| n as u64),
                Engine::Shuttle | Engine::Native => Some(plan.executions),
            },
            at,
            mutation: bug.cloned(),
        }
    }

    /// The scenario's name.
    pub fn scenario(&self) -> &str {
        &self.scenario
    }

    /// The bug planted in it, if any.
    pub fn mutation(&self) -> Option<&Mutation> {
        self.mutation.as_ref()
    }

    /// How to meet the execution again, in the scenario that `info` describes.
    ///
    /// # Errors
    /// If the engine cannot repeat itself.
    pub fn plan(&self, info: &Info) -> Result<Plan, String> {
        let mut plan = Plan::quick(info, self.engine);
        match self.engine {
            Engine::Explorer => plan.spurious = self.bound.map_or(plan.spurious, |n| n as usize),
            Engine::Loom => plan.preemptions = self.bound.map(|n| n as usize),
            Engine::Shuttle => plan.executions = self.bound.unwrap_or(plan.executions),
            Engine::Native => return Err("the machine does not repeat itself".into()),
        }
        match &self.at {
            At::Number(execution) => plan.traced = Some(*execution),
            At::Path(path) => plan.only = Some(path.clone()),
        }
        Ok(plan)
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.scenario, self.engine)?;
        if let Some(bound) = self.bound {
            write!(f, "/{bound}")?;
        }
        match &self.at {
            At::Number(execution) => write!(f, "#{execution}")?,
            At::Path(path) => write!(f, "#{path}")?,
        }
        self.mutation.as_ref().map_or(Ok(()), |mutation| write!(f, "!{mutation}"))
    }
}

impl FromStr for Replay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (rest, mutation) = match text.split_once('!') {
                Some((rest, mutation)) => (rest, Some(mutation.parse().ok()?)),
                None => (text, None),
            };
            let (rest, execution) = rest.split_once('#')?;
            let (scenario, engine) = rest.split_once('@')?;
            let (engine, bound) = match engine.split_once('/') {
                Some((engine, bound)) => (engine, Some(bound.parse().ok()?)),
                None => (engine, None),
            };
            let engine = Engine::ALL.into_iter().find(|known| known.to_string() == engine)?;
            let at = match engine {
                Engine::Explorer => At::Path(execution.parse().ok()?),
                _ => At::Number(execution.parse().ok()?),
            };
            Some(Self { scenario: scenario.into(), engine, bound, at, mutation })
        };
        parse().ok_or_else(|| format!("`{text}` is not scenario@engine/bound#execution"))
    }
}
