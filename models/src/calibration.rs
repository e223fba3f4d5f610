//! What an engine must get right before its other verdicts count.
//!
//! Each program of the table is explored to the end and the outcomes compared with those that RC11
//! allows: all of them for a weak-memory engine, the sequentially consistent ones for shuttle, none
//! but them for the machine. A listed blindness is part of what is expected: an engine that gets
//! better is red here too, until the table says so.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{
    engine::{Bound, Engine, Entry, Plan, Verdict},
    job::Job,
    scenario::{futex, litmus},
};

/// What is expected of an engine on a program.
#[derive(Clone, Debug)]
pub struct Row {
    /// The program.
    pub entry: Entry,
    /// Its family.
    pub family: &'static str,
    blind: Vec<litmus::Blind>,
    races: bool,
}

/// How an engine did on a program.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Calibrated {
    /// The program.
    pub program: String,
    /// Its family.
    pub family: String,
    /// The engine.
    pub engine: Engine,
    /// Executions explored.
    pub executions: u64,
    /// Whether it was complete.
    pub bound: Bound,
    /// Wall-clock time.
    pub seconds: f64,
    /// Outcomes expected, listed blindnesses included.
    pub expected: BTreeSet<String>,
    /// Outcomes seen.
    pub seen: BTreeSet<String>,
    /// The sections of `GAPS.md` on what the engine is known not to see here.
    pub blind: Vec<String>,
    /// Is it as expected?
    pub right: bool,
}

/// The table.
pub fn table() -> Vec<Row> {
    let litmus = litmus::rows().into_iter().map(|row| Row {
        entry: row.entry,
        family: row.family,
        blind: row.blind.to_vec(),
        races: row.races,
    });
    let futex = futex::all().into_iter().map(|entry| Row {
        entry,
        family: "futex",
        blind: Vec::new(),
        races: false,
    });
    litmus.chain(futex).collect()
}

impl Row {
    /// The job that calibrates `engine` on this program; `None` where the machine would run a data
    /// race for real.
    pub fn job(&self, engine: Engine) -> Option<Job> {
        if self.races && engine == Engine::Native {
            return None;
        }
        let plan = Plan {
            executions: match engine {
                Engine::Explorer | Engine::Loom => u64::MAX,
                Engine::Shuttle => 20_000,
                Engine::Native => 2_000,
            },
            stop_at_forbidden: false,
            ..Plan::quick(&self.entry.info, engine)
        };
        Some(Job { scenario: self.entry.info.name.into(), plan, mutation: None })
    }

    /// Holds what `engine` saw against the table.
    pub fn judge(&self, engine: Engine, verdict: &Verdict) -> Calibrated {
        let info = &self.entry.info;
        let mut expected: BTreeSet<&str> = info.reach.iter().copied().collect();
        if engine != Engine::Shuttle {
            expected.extend(info.weak);
        }
        if self.races {
            expected.insert(RACE);
        }
        let blind: Vec<_> = self.blind.iter().filter(|blind| blind.engine == engine).collect();
        for blind in &blind {
            expected.retain(|outcome| !blind.misses.contains(outcome));
            expected.extend(blind.invents);
        }
        let mut seen: BTreeSet<&str> = verdict.outcomes.keys().map(String::as_str).collect();
        let mut broken = false;
        if let Some(failure) = &verdict.failure {
            if self.races && RACES.iter().any(|race| failure.message.contains(race)) {
                seen.insert(RACE);
                // The search ended at the race: what it would have seen later is not missed.
                expected = seen.clone();
            } else {
                broken = true;
            }
        }
        let right = !broken
            && if engine == Engine::Native { seen.is_subset(&expected) } else { seen == expected };
        let owned = |set: BTreeSet<&str>| set.into_iter().map(str::to_owned).collect();
        Calibrated {
            program: info.name.into(),
            family: self.family.into(),
            engine,
            executions: verdict.executions,
            bound: verdict.bound.clone(),
            seconds: verdict.seconds,
            expected: owned(expected),
            seen: owned(seen),
            blind: blind.into_iter().map(|blind| blind.why.to_owned()).collect(),
            right,
        }
    }
}

/// How the explorer, and loom, say that payload is raced for.
const RACES: [&str; 2] = ["data race", "Causality violation"];

/// The outcome of a search that ended at a data race.
const RACE: &str = "data race";
