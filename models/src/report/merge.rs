//! Reports of shards, put together.

use std::collections::BTreeMap;

use super::Report;
use crate::{
    engine::{Bound, Engine, Shard, Verdict},
    scenario,
};

impl Report {
    /// The report of the whole, from one of each shard.
    ///
    /// # Errors
    /// If they are not all shards of one campaign on one state of the sources.
    pub fn merge(reports: Vec<Self>) -> Result<Self, String> {
        let mut reports = reports.into_iter();
        let mut whole = reports.next().ok_or("nothing to merge")?;
        let mut shards =
            vec![whole.shard.take().ok_or("a report of a whole run has no other part")?];
        for mut report in reports {
            let same = (&report.provenance, &report.profile, &report.only)
                == (&whole.provenance, &whole.profile, &whole.only);
            if !same {
                return Err("the reports are of different sources or campaigns".into());
            }
            shards.push(report.shard.take().ok_or("a report of a whole run is not a shard")?);
            whole.calibration.append(&mut report.calibration);
            whole.verdicts.append(&mut report.verdicts);
            whole.planted.append(&mut report.planted);
            whole.errors.append(&mut report.errors);
            whole.seconds += report.seconds;
            whole.interrupted |= report.interrupted;
        }
        complete(&shards)?;
        whole.verdicts = join(whole.verdicts)?;
        whole.conclude();
        Ok(whole)
    }
}

/// Is each shard there, once?
fn complete(shards: &[Shard]) -> Result<(), String> {
    let of = shards[0].of();
    if let Some(other) = shards.iter().find(|shard| shard.of() != of) {
        return Err(format!("{} and {other} are not of one search", shards[0]));
    }
    for index in 1..=of {
        let there = shards.iter().filter(|shard| shard.index() == index).count();
        if there != 1 {
            return Err(format!("shard {index}/{of} is there {there} times, not once"));
        }
    }
    Ok(())
}

/// The verdicts of the shards of a search become one.
fn join(parts: Vec<Verdict>) -> Result<Vec<Verdict>, String> {
    let mut whole: BTreeMap<(String, Engine), Verdict> = BTreeMap::new();
    for mut part in parts {
        let sharded = part.shard.take().is_some();
        let key = (part.scenario.clone(), part.engine);
        match whole.get_mut(&key) {
            None => _ = whole.insert(key, part),
            Some(verdict) if sharded => verdict.add(part),
            Some(_) => return Err(format!("{} on {} is there twice", key.0, key.1)),
        }
    }
    let mut whole: Vec<Verdict> = whole.into_values().collect();
    for verdict in &mut whole {
        verdict.judge(&scenario::find(&verdict.scenario)?.info);
    }
    Ok(whole)
}

impl Verdict {
    /// Adds what another part of the same search has found.
    fn add(&mut self, other: Self) {
        self.executions += other.executions;
        for (outcome, executions) in other.outcomes {
            *self.outcomes.entry(outcome).or_default() += executions;
        }
        for (death, executions) in other.deaths {
            *self.deaths.entry(death).or_default() += executions;
        }
        self.seconds += other.seconds;
        self.failure = self.failure.take().or(other.failure);
        let parts = [&self.bound, &other.bound];
        self.bound = match parts {
            _ if parts.contains(&&Bound::Stopped) => Bound::Stopped,
            _ if parts.contains(&&Bound::Interrupted) => Bound::Interrupted,
            [Bound::Executions(_), _] | [_, Bound::Executions(_)] => {
                Bound::Executions(self.executions)
            }
            _ => other.bound,
        };
    }
}
