//! `cargo verify audit orderings`: is each ordering of the protocols needed?

use std::io::{self, Write};

use selvedge_models::{
    card::ordering::{self, Ordered},
    engine,
    planted::{self, Bug, How},
    report,
};

/// What an audit looks at.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum What {
    /// Every ordering of every access. One that is not relaxed is an end of an edge of a card: it is made
    /// relaxed, and the edge's scenario explored. What is relaxed already is listed with its reason.
    Orderings,
}

/// Makes each ordering weaker, and says what that breaks; is every one needed? Acquire and release have
/// one weaker ordering, relaxed, and the protocols use no other.
///
/// # Errors
/// If nothing matches, or a scenario cannot be run.
pub(crate) fn orderings(only: &[String]) -> Result<bool, String> {
    engine::refuse_environment()?;
    let is_asked = |site: &str| only.is_empty() || only.iter().any(|text| site.contains(text));
    let weakened = planted::orderings().filter(|bug| match &bug.how {
        How::Wrapper(mutation) => is_asked(mutation.step()),
        How::Patch(_) => false,
    });
    let weakened: Vec<Bug> = weakened.collect();
    let relaxed = ordering::all().filter(|it| it.order == "Relaxed" && is_asked(&it.site));
    let relaxed: Vec<Ordered> = relaxed.collect();
    if weakened.is_empty() && relaxed.is_empty() {
        return Err(format!("no ordering matches {}", only.join(" or ")));
    }
    let itself = std::env::current_exe().map_err(|e| format!("who am I? {e}"))?;
    let header = ["made weaker", "verdict", "scenario", "executions", "what it shows", "again"];
    let mut table = report::table(&header);
    let mut needed = 0;
    for bug in &weakened {
        let verdict = bug.job()?.run_in(&itself, |_| ())?;
        let again = verdict.failure.as_ref().and_then(|failure| failure.replay.clone());
        let hunt = bug.judge(Ok(verdict));
        needed += usize::from(hunt.caught);
        table.add_row([
            hunt.what,
            if hunt.caught { "needed" } else { "NOT SHOWN TO BE NEEDED" }.into(),
            hunt.scenario,
            hunt.executions.to_string(),
            hunt.said,
            again.map_or(String::new(), |token| format!("cargo verify replay '{token}'")),
        ]);
    }
    let mut reasons = report::table(&["relaxed already", "why that is enough"]);
    let unexplained = relaxed.iter().filter(|it| it.why.is_none()).count();
    for Ordered { site, why, .. } in &relaxed {
        reasons.add_row([site, why.as_deref().unwrap_or("NOT EXPLAINED")]);
    }
    let print = || {
        let mut out = io::stdout().lock();
        writeln!(out, "{table}\n\n{reasons}\n")?;
        let (all, relaxed) = (weakened.len(), relaxed.len());
        write!(out, "{needed} of {all} orderings that were made weaker are needed; ")?;
        writeln!(out, "{relaxed} are relaxed already, {unexplained} of them without a reason")
    };
    print().map_err(|e| e.to_string())?;
    Ok(needed == weakened.len() && unexplained == 0)
}
