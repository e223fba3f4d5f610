//! Litmus tests on the machine: what it shows must be what the explorer allows.

use std::collections::BTreeMap;

use super::Litmus;
use crate::engine::{
    self, Engine, Entry, Plan,
    explorer::{Executions, MemoryModel, Scb},
};

/// What the machine showed of a litmus test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// How often it was run.
    pub runs: u64,
    /// Every final state that the explorer allows, under the paper's RC11, and each that the machine
    /// showed: how often it did.
    pub states: BTreeMap<String, u64>,
    /// The states that the machine showed and the explorer does not allow.
    pub forbidden: Vec<String>,
}

impl Shown {
    /// Runs a test so often; `None` if it has plain accesses, which may race: that is undefined.
    ///
    /// # Errors
    /// Why it could not be run.
    pub fn by_the_machine(litmus: Litmus, runs: u64) -> Result<Option<Self>, String> {
        if litmus.program().plain() {
            return Ok(None);
        }
        let entry = Entry::of(litmus);
        let quick = Plan::quick(&entry.info, Engine::Native);
        let plan = Plan { executions: runs, stop_at_forbidden: false, ..quick };
        let verdict = engine::run(&entry, &plan, None)?;
        if let Some(failure) = verdict.failure {
            return Err(failure.message);
        }
        let allowed = Executions::of(litmus, MemoryModel::Rc11(Scb::Pldi17)).outcomes;
        Ok(Some(Self::of(verdict.outcomes, allowed.into_keys())))
    }

    /// What these states, seen so often, are to these allowed ones.
    pub(super) fn of(seen: BTreeMap<String, u64>, allowed: impl Iterator<Item = String>) -> Self {
        let mut states: BTreeMap<String, u64> = allowed.map(|state| (state, 0)).collect();
        let forbidden = seen.keys().filter(|state| !states.contains_key(*state)).cloned().collect();
        let runs = seen.values().sum();
        states.extend(seen);
        Self { runs, states, forbidden }
    }

    /// How many of the states that are allowed it showed.
    pub fn reached(&self) -> usize {
        self.states.values().filter(|times| **times > 0).count() - self.forbidden.len()
    }

    /// How many states are allowed.
    pub fn allowed(&self) -> usize {
        self.states.len() - self.forbidden.len()
    }
}
