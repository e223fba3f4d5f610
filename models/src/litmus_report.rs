//! `cargo verify litmus`: what the explorer makes of litmus tests.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use selvedge_models::{
    engine::explorer::{Executions, MOST_THREADS, MemoryModel, Scb},
    litmus::{Litmus, Program, Quantifier},
};
use serde::Serialize;

/// What a memory model makes of a test.
#[derive(Debug, Serialize)]
struct Verdict {
    /// Complete executions, told apart by program order, reads-from and modification order.
    executions: u64,
    /// Is there a final state of which the condition's proposition holds?
    exists: bool,
    /// Is there an execution in which a plain access is not ordered with another access?
    race: bool,
    #[serde(skip)]
    states: BTreeMap<String, u64>,
}

/// A test's line.
#[derive(Debug, Serialize)]
struct Line<'p> {
    name: &'p str,
    rc11: Verdict,
    sc: Verdict,
}

/// Explores each test and prints what was found.
///
/// # Errors
/// The tests that could not be read, each with the reason; the others are explored all the same.
pub(crate) fn explore(files: &[PathBuf], json: bool) -> Result<bool, String> {
    let mut errors = Vec::new();
    for file in files {
        match read(file) {
            Ok(program) => {
                let text = report(Litmus::new(program), json).map_err(|e| e.to_string())?;
                io::stdout().write_all(text.as_bytes()).map_err(|e| e.to_string())?;
            }
            Err(error) => errors.push(format!("{}: {error}", file.display())),
        }
    }
    if errors.is_empty() { Ok(true) } else { Err(errors.join("\n")) }
}

fn read(file: &PathBuf) -> Result<Program, String> {
    let text = fs::read(file).map_err(|e| e.to_string())?;
    let text = String::from_utf8(text).map_err(|e| format!("not text: {e}"))?;
    let program = Program::parse(&text).map_err(|e| e.to_string())?;
    if program.threads.len() >= MOST_THREADS {
        return Err(format!("more than {} threads are not explored", MOST_THREADS - 1));
    }
    Ok(program)
}

fn report(litmus: Litmus, json: bool) -> Result<String, Box<dyn std::error::Error>> {
    let program = litmus.program();
    // Counts are compared with those of other tools: their `scb`.
    let rc11 = verdict(litmus, MemoryModel::Rc11(Scb::Calibration));
    let line = Line { name: &program.name, rc11, sc: verdict(litmus, MemoryModel::Sc) };
    if json {
        return Ok(serde_json::to_string(&line)? + "\n");
    }
    let mut text = format!("{}\n", line.name);
    for (model, verdict) in [("RC11", &line.rc11), ("SC", &line.sc)] {
        let Verdict { executions, states, .. } = verdict;
        let met = states.keys().map(|state| holds(program, state));
        let met = program.condition.quantifier.is_met(met);
        let quantifier = match program.condition.quantifier {
            Quantifier::Exists => "exists",
            Quantifier::NotExists => "~exists",
            Quantifier::Forall => "forall",
        };
        let race = if verdict.race { ", DATA RACE" } else { "" };
        let plural = if *executions == 1 { "" } else { "s" };
        let met = if met { "holds" } else { "does not hold" };
        writeln!(text, "  {model}: {executions} execution{plural}, `{quantifier}` {met}{race}")?;
        for (state, executions) in states {
            let mark = if holds(program, state) { '*' } else { ' ' };
            writeln!(text, "  {mark} {executions:>6}  {state}")?;
        }
    }
    Ok(text)
}

fn verdict(litmus: Litmus, model: MemoryModel) -> Verdict {
    let Executions { complete, racy, outcomes } = Executions::of(litmus, model);
    let exists = outcomes.keys().any(|state| holds(litmus.program(), state));
    Verdict { executions: complete, exists, race: racy > 0, states: outcomes }
}

fn holds(program: &Program, state: &str) -> bool {
    program.holds(&state.parse().expect("an outcome of a litmus test is a final state"))
}
