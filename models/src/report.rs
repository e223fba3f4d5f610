//! What a verification run found: `target/selvedge/report.json` (its schema is in `REPORT.md`), and
//! the tables that a person reads.

mod merge;
mod provenance;
mod table;

use std::{
    collections::BTreeSet,
    fmt, fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

pub use provenance::Provenance;
pub use table::table;

use crate::{
    calibration::Calibrated,
    engine::{Engine, Shard, Verdict},
    planted::{Hunt, workspace},
};

/// Changes when a field changes its meaning or goes away.
pub const SCHEMA: u32 = 1;

/// Everything that a run found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: u32,
    /// What was verified, with what.
    pub provenance: Provenance,
    /// `quick` or `deep`.
    pub profile: String,
    /// What the run was restricted to; empty for everything.
    pub only: Vec<String>,
    /// Which part of the campaign it is; `null` is the whole.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub shard: Option<Shard>,
    /// Was the run ended before its time? Then searches are missing, or marked as interrupted.
    #[serde(default)]
    pub interrupted: bool,
    /// One record a program and engine.
    pub calibration: Vec<Calibrated>,
    /// One record a scenario and engine.
    pub verdicts: Vec<Verdict>,
    /// One record a scenario.
    pub comparisons: Vec<Comparison>,
    /// One record a planted bug.
    pub planted: Vec<Hunt>,
    /// Jobs that gave no verdict, and why.
    pub errors: Vec<String>,
    /// Wall-clock time.
    pub seconds: f64,
    /// Did everything hold?
    pub held: bool,
}

/// Is what one engine saw part of what another saw that should see more?
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Comparison {
    /// The scenario.
    pub scenario: String,
    /// The engine that can see less.
    pub inner: Engine,
    /// The explorer.
    pub outer: Engine,
    /// Outcomes that only `inner` saw; `null` if the search of `outer` was not complete.
    pub only_inner: Option<BTreeSet<String>>,
}

impl Comparison {
    /// Compares each other engine with the explorer, wherever both looked.
    pub fn of(verdicts: &[Verdict]) -> Vec<Self> {
        let find = |scenario: &str, engine| {
            verdicts.iter().find(|v| v.scenario == scenario && v.engine == engine)
        };
        let outers = verdicts.iter().filter(|verdict| verdict.engine == Engine::Explorer);
        let pairs = outers.flat_map(|outer| {
            let inner = [Engine::Loom, Engine::Shuttle, Engine::Native];
            inner.into_iter().filter_map(move |e| Some((find(&outer.scenario, e)?, outer)))
        });
        pairs
            .map(|(inner, outer)| Self {
                scenario: outer.scenario.clone(),
                inner: inner.engine,
                outer: outer.engine,
                only_inner: (outer.bound.is_complete() && outer.held()).then(|| {
                    let missed = |outcome: &&String| !outer.outcomes.contains_key(*outcome);
                    inner.outcomes.keys().filter(missed).cloned().collect()
                }),
            })
            .collect()
    }

    /// Nothing was seen by the inner engine alone, as far as that can be said.
    pub fn held(&self) -> bool {
        self.only_inner.as_ref().is_none_or(BTreeSet::is_empty)
    }
}

impl Report {
    /// Brings the records into their order, compares the engines, and says whether all held.
    pub fn conclude(&mut self) {
        self.calibration.sort_by(|a, b| (a.engine, &a.program).cmp(&(b.engine, &b.program)));
        self.verdicts.sort_by(|a, b| (&a.scenario, a.engine).cmp(&(&b.scenario, b.engine)));
        self.planted.sort_by(|a, b| (&a.planted_by, &a.bug).cmp(&(&b.planted_by, &b.bug)));
        self.errors.sort();
        // Outcomes of a part compare with nothing.
        self.comparisons =
            if self.shard.is_some() { Vec::new() } else { Comparison::of(&self.verdicts) };
        self.held = self.errors.is_empty()
            && !self.interrupted
            && self.calibration.iter().all(|row| row.right)
            && self.verdicts.iter().all(Verdict::held)
            && self.comparisons.iter().all(Comparison::held)
            && self.planted.iter().all(|hunt| hunt.caught);
    }

    /// Reads a report.
    ///
    /// # Errors
    /// If there is none, or one of another schema.
    pub fn read(file: &Path) -> Result<Self, String> {
        let wrong = |why: &dyn fmt::Display| format!("{}: {why}", file.display());
        let text = fs::read_to_string(file).map_err(|e| wrong(&e))?;
        let report: Self = serde_json::from_str(&text).map_err(|e| wrong(&e))?;
        if report.schema == SCHEMA {
            return Ok(report);
        }
        Err(wrong(&format!("schema {}, not {SCHEMA}", report.schema)))
    }

    /// Writes the report and returns where it is.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self) -> Result<PathBuf, String> {
        let folder = workspace().join("target/selvedge");
        let part = self.shard.map(|shard| format!("-{}-of-{}", shard.index(), shard.of()));
        let file = folder.join(format!("report{}.json", part.unwrap_or_default()));
        let json = serde_json::to_string_pretty(self).map_err(|e| e.to_string())?;
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&file, json + "\n"))
            .map_err(|e| format!("cannot write {}: {e}", file.display()))?;
        Ok(file)
    }
}
