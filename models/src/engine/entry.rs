//! Scenarios of all types in one list.

use std::{fmt, sync::Arc};

use super::{Plan, Search};
use crate::model::{Info, Scenario};

/// Explores one scenario as planned.
type Explore = dyn Fn(&Plan) -> Result<Search, String> + Send + Sync;

/// A scenario whose type is forgotten, with what explores it.
#[derive(Clone)]
pub struct Entry {
    /// What is known of it.
    pub info: Info,
    explore: Arc<Explore>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.info.fmt(f)
    }
}

impl Entry {
    /// The entry of a scenario.
    pub fn of(scenario: impl Scenario) -> Self {
        let explore = move |plan: &Plan| super::explore(scenario, plan);
        Self { info: scenario.info(), explore: Arc::new(explore) }
    }

    pub(crate) fn explore(&self, plan: &Plan) -> Result<Search, String> {
        (self.explore)(plan)
    }
}
