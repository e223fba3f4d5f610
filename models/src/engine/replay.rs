//! Names one execution of one search: `scenario@engine/bound#execution`, and `!bug` if one is planted.
//! Engines are deterministic, so the same search meets it again.

use std::{fmt, str::FromStr};

use super::{Engine, Entry, Plan};
use crate::{model::Info, wrap::Mutation};

/// One execution of one search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    scenario: String,
    engine: Engine,
    /// loom: preemptions, if bounded; shuttle: schedules in all.
    bound: Option<u64>,
    execution: u64,
    mutation: Option<Mutation>,
}

impl Replay {
    pub(super) fn of(entry: &Entry, plan: &Plan, execution: u64, bug: Option<&Mutation>) -> Self {
        Self {
            scenario: entry.info.name.into(),
            engine: plan.engine,
            bound: match plan.engine {
                Engine::Explorer => None,
                Engine::Loom => plan.preemptions.map(|n| n as u64),
                Engine::Shuttle | Engine::Native => Some(plan.executions),
            },
            execution,
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
            Engine::Explorer => {}
            Engine::Loom => plan.preemptions = self.bound.map(|n| n as usize),
            Engine::Shuttle => plan.executions = self.bound.unwrap_or(plan.executions),
            Engine::Native => return Err("the machine does not repeat itself".into()),
        }
        plan.traced = Some(self.execution);
        Ok(plan)
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.scenario, self.engine)?;
        if let Some(bound) = self.bound {
            write!(f, "/{bound}")?;
        }
        write!(f, "#{}", self.execution)?;
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
            let (scenario, execution) = (scenario.into(), execution.parse().ok()?);
            Some(Self { scenario, engine, bound, execution, mutation })
        };
        parse().ok_or_else(|| format!("`{text}` is not scenario@engine/bound#execution"))
    }
}
