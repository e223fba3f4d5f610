//! `cargo verify audit orderings`: is each ordering of the protocols needed?

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};
use selvedge_models::{
    engine,
    planted::{self, Bug, How},
};

/// What an audit looks at.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum What {
    /// Every ordering that is not relaxed: each is an end of an edge of a card. It is made relaxed, and the
    /// edge's scenario explored.
    Orderings,
}

/// Makes each ordering weaker, and says what that breaks; is every one needed?
///
/// # Errors
/// If nothing matches, or a scenario cannot be run.
pub(crate) fn orderings(only: &[String]) -> Result<bool, String> {
    engine::refuse_environment()?;
    let asked = |bug: &Bug| {
        let How::Wrapper(mutation) = &bug.how else { return false };
        only.is_empty() || only.iter().any(|text| mutation.step().contains(text))
    };
    let bugs: Vec<Bug> = planted::orderings().filter(asked).collect();
    if bugs.is_empty() {
        return Err(format!("no ordering matches {}", only.join(" or ")));
    }
    let itself = std::env::current_exe().map_err(|e| format!("who am I? {e}"))?;
    let mut table = Table::new();
    table.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        "made weaker",
        "verdict",
        "scenario",
        "executions",
        "what it shows",
        "again",
    ]);
    let mut all_needed = true;
    for bug in bugs {
        let verdict = bug.job()?.run_in(&itself, |_| ())?;
        let again = verdict.failure.as_ref().and_then(|failure| failure.replay.clone());
        let hunt = bug.judge(Ok(verdict));
        all_needed &= hunt.caught;
        table.add_row([
            hunt.what,
            if hunt.caught { "needed" } else { "NOT SHOWN TO BE NEEDED" }.into(),
            hunt.scenario,
            hunt.executions.to_string(),
            hunt.said,
            again.map_or(String::new(), |token| format!("cargo verify replay '{token}'")),
        ]);
    }
    writeln!(io::stdout(), "{table}").map_err(|e| e.to_string())?;
    Ok(all_needed)
}
