//! Scenarios of all types in one list.

use std::{fmt, sync::Arc};

use super::{Search, Setting};
use crate::model::{Info, Scenario};

/// Explores one scenario.
type Explore = dyn Fn(Setting<'_>) -> Result<Search, String> + Send + Sync;

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
        let explore = move |setting: Setting<'_>| super::explore(scenario, setting);
        Self { info: scenario.info(), explore: Arc::new(explore) }
    }

    /// The entry of a scenario that is [for the explorer only](Info::explorer_only): the others' part of it is
    /// not even compiled, which takes a while.
    ///
    /// # Panics
    /// If it is for others too.
    pub fn explored(scenario: impl Scenario) -> Self {
        let info = scenario.info();
        assert!(info.explorer_only, "{} is not only for the explorer", info.name);
        let explore = move |setting: Setting<'_>| super::explored(scenario, setting);
        Self { info, explore: Arc::new(explore) }
    }

    pub(crate) fn explore(&self, setting: Setting<'_>) -> Result<Search, String> {
        (self.explore)(setting)
    }
}
