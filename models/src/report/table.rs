//! The report as a person reads it.

use std::fmt;

use comfy_table::{Cell, ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};

use super::{Comparison, Report};
use crate::{
    card,
    engine::{Bound, Counterexample, Engine, Verdict},
};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.claims(f)?;
        self.searches(f)?;
        self.calibrated(f)?;
        self.hunted(f)?;
        self.compared(f)?;
        self.failures(f)?;
        self.summary(f)
    }
}

/// An empty table of the kind that reports have.
pub fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(head);
    table
}

/// How far the least far-reaching of some searches went.
fn weakest<'a>(verdicts: &[&'a Verdict]) -> Option<&'a Bound> {
    let rank = |bound: &Bound| match bound {
        Bound::Complete => 0,
        Bound::Spurious(n) => *n,
        Bound::Preemptions(n) => 100 - n.min(&50),
        Bound::Executions(_) | Bound::Seconds(_) | Bound::Schedules { .. } | Bound::Runs(_) => 200,
        Bound::Interrupted => 250,
        Bound::Stopped => 300,
    };
    verdicts.iter().map(|verdict| &verdict.bound).max_by_key(|bound| rank(bound))
}

fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = (digits.as_bytes().rchunks(3).rev())
        .map(|group| core::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

impl Report {
    /// Protocol by claim by engine.
    fn claims(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.verdicts.is_empty() {
            return Ok(());
        }
        let engines: Vec<Engine> = (Engine::ALL.into_iter())
            .filter(|engine| self.verdicts.iter().any(|verdict| verdict.engine == *engine))
            .collect();
        let names: Vec<String> = engines.iter().map(Engine::to_string).collect();
        let head: Vec<&str> =
            ["claim", "promise"].into_iter().chain(names.iter().map(String::as_str)).collect();
        let mut table = table(&head);
        for claim in card::all().iter().flat_map(|card| &card.claims) {
            let cells: Vec<String> = (engines.iter())
                .map(|engine| {
                    let mine = |verdict: &&Verdict| {
                        verdict.engine == *engine && verdict.claims.contains(&claim.id)
                    };
                    let verdicts: Vec<&Verdict> = self.verdicts.iter().filter(mine).collect();
                    let Some(bound) = weakest(&verdicts) else { return "-".into() };
                    let held = verdicts.iter().all(|verdict| verdict.held());
                    let executions = verdicts.iter().map(|verdict| verdict.executions).sum();
                    let mark = if held { "held" } else { "FAILED" };
                    format!("{mark}, {}\n{bound}", thousands(executions))
                })
                .collect();
            if cells.iter().any(|cell| cell != "-") {
                let row = [claim.id.clone(), claim.promise.clone()].into_iter().chain(cells);
                table.add_row(row.map(Cell::new));
            }
        }
        writeln!(f, "\nClaims, by engine: verdict, executions, how far it looked\n{table}")
    }

    /// Each search, in a run of few.
    fn searches(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.only.is_empty() || self.verdicts.is_empty() {
            return Ok(());
        }
        let mut table = table(&[
            "scenario",
            "engine",
            "executions",
            "outcomes",
            "crash points",
            "seconds",
            "a second",
            "how far",
        ]);
        for verdict in &self.verdicts {
            table.add_row([
                verdict.scenario.clone(),
                verdict.engine.to_string(),
                thousands(verdict.executions),
                verdict.outcomes.len().to_string(),
                verdict.deaths.len().to_string(),
                format!("{:.4}", verdict.seconds),
                thousands((verdict.executions as f64 / verdict.seconds) as u64),
                verdict.bound.to_string(),
            ]);
        }
        writeln!(f, "Searches\n{table}")
    }

    fn calibrated(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for engine in Engine::ALL {
            let rows: Vec<_> = self.calibration.iter().filter(|row| row.engine == engine).collect();
            if rows.is_empty() {
                continue;
            }
            let right = rows.iter().filter(|row| row.right).count();
            let blind = rows.iter().filter(|row| !row.blind.is_empty()).count();
            writeln!(
                f,
                "Calibration of {engine}: {right} of {} programs as expected ({blind} with a listed \
                 blindness)",
                rows.len()
            )?;
            for row in rows.iter().filter(|row| !row.right) {
                writeln!(
                    f,
                    "  WRONG {} ({}): expected {:?}, saw {:?}",
                    row.program, row.bound, row.expected, row.seen
                )?;
            }
        }
        Ok(())
    }

    fn hunted(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.planted.is_empty() {
            return Ok(());
        }
        let caught = self.planted.iter().filter(|hunt| hunt.caught).count();
        writeln!(f, "Planted bugs: {caught} of {} caught", self.planted.len())?;
        for hunt in self.planted.iter().filter(|hunt| !hunt.caught) {
            writeln!(
                f,
                "  MISSED {} ({}), in {} by {}: {}",
                hunt.bug, hunt.what, hunt.scenario, hunt.engine, hunt.said
            )?;
        }
        Ok(())
    }

    fn compared(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.comparisons.is_empty() {
            return Ok(());
        }
        let comparable = self.comparisons.iter().filter(|c| c.only_inner.is_some());
        let (comparable, held) = comparable
            .fold((0, 0), |(n, held), comparison| (n + 1, held + usize::from(comparison.held())));
        writeln!(
            f,
            "Outcomes of the other engines within the explorer's: {held} of {comparable} comparable \
             ({} not comparable: the explorer's search was cut)",
            self.comparisons.len() - comparable
        )?;
        for Comparison { scenario, inner, outer, only_inner } in &self.comparisons {
            if let Some(only) = only_inner.as_ref().filter(|only| !only.is_empty()) {
                writeln!(f, "  WRONG {scenario}: {inner} saw what {outer} did not: {only:?}")?;
            }
        }
        Ok(())
    }

    fn failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for error in &self.errors {
            writeln!(f, "\nNO VERDICT: {error}")?;
        }
        for verdict in self.verdicts.iter().filter(|verdict| !verdict.held()) {
            write!(f, "\n{}", Counterexample(verdict))?;
        }
        Ok(())
    }

    fn summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let executions = self.verdicts.iter().map(|verdict| verdict.executions).sum();
        let mut restricted = String::new();
        if !self.only.is_empty() {
            restricted += &format!(" matching {}", self.only.join(" or "));
        }
        if let Some(shard) = self.shard {
            restricted += &format!(" (part {shard}: what is missed shows when all are merged)");
        }
        writeln!(
            f,
            "\n{}: {} searches of {} scenarios{restricted}, {} executions, {:.0} s. \"complete\" is \
             exhaustive within\nthe scenario's threads and operations and what the engine can see \
             (models/GAPS.md);\nevery other word is a bound.",
            match (self.held, self.interrupted) {
                (_, true) => "INTERRUPTED, the rest is missing",
                (true, false) => "ALL HELD",
                (false, false) => "SOMETHING DID NOT HOLD",
            },
            self.verdicts.len(),
            {
                let mut names: Vec<_> = self.verdicts.iter().map(|v| &v.scenario).collect();
                names.sort_unstable();
                names.dedup();
                names.len()
            },
            thousands(executions),
            self.seconds,
        )
    }
}
