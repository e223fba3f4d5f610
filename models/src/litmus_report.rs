//! `cargo verify litmus`: what the explorer makes of litmus tests, and the machine.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    fs,
    io::{self, Write as _},
    path::PathBuf,
};

use selvedge_models::{
    engine::explorer::{Executions, MOST_THREADS, MemoryModel, Scb},
    litmus::{Litmus, Program, Quantifier, Shown},
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
    /// Absent if it was not run: not asked for, or plain accesses may race.
    #[serde(skip_serializing_if = "Option::is_none")]
    native: Option<Native>,
}

/// What the machine showed of a test.
#[derive(Debug, Serialize)]
struct Native {
    runs: u64,
    /// Final states that RC11 allows, and how many of them the machine showed.
    allowed: usize,
    reached: usize,
    /// Final states that it showed although RC11 does not allow them.
    forbidden: Vec<String>,
    #[serde(skip)]
    states: BTreeMap<String, u64>,
}

impl From<Shown> for Native {
    fn from(shown: Shown) -> Self {
        let (allowed, reached) = (shown.allowed(), shown.reached());
        let Shown { runs, states, forbidden } = shown;
        Self { runs, allowed, reached, forbidden, states }
    }
}

/// Explores each test, runs it `native` times too if that is asked for, and prints what was found. Did the
/// machine show only what is allowed?
///
/// # Errors
/// The tests that could not be read or run, each with the reason; the others are explored all the same.
pub(crate) fn explore(files: &[PathBuf], json: bool, native: Option<u64>) -> Result<bool, String> {
    let mut errors = Vec::new();
    let mut held = true;
    for file in files {
        let line = read(file).and_then(|program| {
            let litmus = Litmus::new(program);
            let line = line(litmus, native)?;
            let text = if json {
                serde_json::to_string(&line).map_err(|e| e.to_string())? + "\n"
            } else {
                text(litmus.program(), &line, native.is_some()).map_err(|e| e.to_string())?
            };
            io::stdout().write_all(text.as_bytes()).map_err(|e| e.to_string())?;
            Ok(line)
        });
        match line {
            Ok(line) => held &= line.native.is_none_or(|native| native.forbidden.is_empty()),
            Err(error) => errors.push(format!("{}: {error}", file.display())),
        }
    }
    if errors.is_empty() { Ok(held) } else { Err(errors.join("\n")) }
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

fn line(litmus: Litmus, native: Option<u64>) -> Result<Line<'static>, String> {
    // Counts are compared with those of other tools: their `scb`.
    let rc11 = verdict(litmus, MemoryModel::Rc11(Scb::Calibration));
    let sc = verdict(litmus, MemoryModel::Sc);
    let native = native.map(|runs| Shown::by_the_machine(litmus, runs)).transpose()?.flatten();
    Ok(Line { name: &litmus.program().name, rc11, sc, native: native.map(Native::from) })
}

fn text(program: &Program, line: &Line<'_>, native: bool) -> Result<String, fmt::Error> {
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
    match &line.native {
        Some(Native { runs, allowed, reached, forbidden, states }) => {
            writeln!(text, "  native: {runs} runs, {reached} of {allowed} allowed states seen")?;
            for (state, times) in states {
                let mark = if holds(program, state) { '*' } else { ' ' };
                let not = if forbidden.contains(state) { "  NOT ALLOWED" } else { "" };
                writeln!(text, "  {mark} {times:>6}  {state}{not}")?;
            }
        }
        None if native => writeln!(text, "  native: not run, its plain accesses may race")?,
        None => {}
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
