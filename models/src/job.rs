//! One exploration, run in a process of its own: a panic that an engine cannot survive, or another
//! engine's panic hook, ends this job and no other. Who started it hears how far it is, and ends it if an
//! actor goes on for ever without a word.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, Command, ExitCode, Stdio},
    thread,
};

use nix::{
    sys::signal::{self, Signal},
    unistd::Pid,
};
use serde::{Deserialize, Serialize};

use crate::{
    engine::{
        self, Plan, Replay, Verdict,
        pulse::{self, Vitals},
    },
    scenario,
    wrap::Mutation,
};

/// What to run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// The scenario's name.
    pub scenario: String,
    /// How far to look, with which engine.
    pub plan: Plan,
    /// The bug to plant, as [`Mutation`] prints it.
    pub mutation: Option<String>,
}

impl Job {
    /// The search that meets an execution again.
    ///
    /// # Errors
    /// If there is no such scenario, or the engine cannot repeat itself.
    pub fn replaying(token: &Replay) -> Result<Self, String> {
        let entry = scenario::find(token.scenario())?;
        let mutation = token.mutation().map(ToString::to_string);
        let (scenario, plan) = (token.scenario().to_owned(), token.plan(&entry.info)?);
        Ok(Self { scenario, plan, mutation })
    }

    /// Runs the job in this process.
    ///
    /// # Errors
    /// Why it could not be run.
    pub fn run(&self) -> Result<Verdict, String> {
        let entry = scenario::find(&self.scenario)?;
        let mutation = self.mutation.as_deref().map(str::parse::<Mutation>).transpose()?;
        engine::run(&entry, &self.plan, mutation.as_ref())
    }

    /// Runs the job in a process of the program `worker`, and tells `observe` now and then how far it is.
    ///
    /// # Errors
    /// Why there is no verdict.
    pub fn run_in(&self, worker: &Path, observe: impl FnMut(&Vitals)) -> Result<Verdict, String> {
        let job = serde_json::to_string(self).map_err(|e| e.to_string())?;
        let mut child = Command::new(worker)
            .args(["worker", &job])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}", worker.display()))?;
        let mut stderr = child.stderr.take().ok_or("the worker has no standard error")?;
        // Drained beside the wait for the answer: a full pipe would stop the worker.
        let complaints = thread::spawn(move || {
            let mut text = Vec::new();
            stderr.read_to_end(&mut text).map(|_| String::from_utf8_lossy(&text).into_owned())
        });
        let answer = attend(&mut child, observe);
        if answer.is_err() {
            // It does not come to an end by itself, or has already; a corpse cannot be killed.
            _ = child.kill();
        }
        let status = child.wait().map_err(|e| e.to_string())?;
        let complaints = complaints.join().map_or(Ok(String::new()), |text| text);
        answer?.unwrap_or_else(|| {
            let said = complaints.unwrap_or_default();
            let last = said.lines().rev().take(5).collect::<Vec<_>>();
            let last = last.into_iter().rev().collect::<Vec<_>>().join("; ");
            Err(format!("the engine's process ended without a verdict ({status}): {last}"))
        })
    }
}

/// What a worker prints, a line each.
#[derive(Debug, Serialize, Deserialize)]
enum Word {
    Alive(Vitals),
    /// The verdict, or why there is none. Nothing comes after it.
    Answer(Box<Result<Verdict, String>>),
}

/// Listens to a worker until it answers, or ends without an answer.
///
/// # Errors
/// If an actor has fallen silent.
fn attend(
    child: &mut Child,
    mut observe: impl FnMut(&Vitals),
) -> Result<Option<Result<Verdict, String>>, String> {
    let stdout = child.stdout.take().ok_or("the worker has no standard output")?;
    for line in BufReader::new(stdout).lines() {
        let line = line.map_err(|e| format!("cannot hear the worker: {e}"))?;
        if engine::is_interrupted() {
            // It has heard so itself if Ctrl-C came from a terminal.
            signal::kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGINT)
                .map_err(|e| format!("cannot interrupt the worker: {e}"))?;
        }
        match serde_json::from_str(&line) {
            Ok(Word::Answer(answer)) => return Ok(Some(*answer)),
            Ok(Word::Alive(vitals)) => {
                observe(&vitals);
                vitals.alarm().map_or(Ok(()), Err)?;
            }
            Err(_) => break,
        }
    }
    Ok(None)
}

/// Prints a word; is there still somebody who listens?
fn say(word: &Word) -> bool {
    let mut line = serde_json::to_string(word).expect("a verdict is plain data");
    line.push('\n');
    // In one piece, so that two words do not mix.
    let mut stdout = io::stdout().lock();
    stdout.write_all(line.as_bytes()).and_then(|()| stdout.flush()).is_ok()
}

/// Runs a job given as JSON; prints how far it is and then its verdict, or why there is none. The exit code
/// says only whether there is an answer.
pub fn worker(argument: &str) -> ExitCode {
    // Who listens has its own Ctrl-C, and may be gone: then nobody wants the verdict.
    pulse::watch(|vitals| say(&Word::Alive(vitals)) || std::process::exit(1));
    let job = serde_json::from_str::<Job>(argument).map_err(|e| format!("not a job: {e}"));
    let answer = job.and_then(|job| job.run());
    if say(&Word::Answer(Box::new(answer))) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
