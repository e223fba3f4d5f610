//! One exploration, run in a process of its own: a panic that an engine cannot survive, or another
//! engine's panic hook, ends this job and no other.

use std::{
    io::Read,
    path::Path,
    process::{Command, ExitCode, Stdio},
};

use serde::{Deserialize, Serialize};

use crate::{
    engine::{self, Plan, Replay, Verdict},
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

    /// Runs the job in a process of the program `worker`.
    ///
    /// # Errors
    /// Why there is no verdict.
    pub fn run_in(&self, worker: &Path) -> Result<Verdict, String> {
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
        let complaints = std::thread::spawn(move || {
            let mut text = Vec::new();
            stderr.read_to_end(&mut text).map(|_| String::from_utf8_lossy(&text).into_owned())
        });
        let output = child.wait_with_output().map_err(|e| e.to_string())?;
        let complaints = complaints.join().map_or(Ok(String::new()), |text| text);
        let answer: Result<Result<Verdict, String>, _> = serde_json::from_slice(&output.stdout);
        answer.unwrap_or_else(|_| {
            let said = complaints.unwrap_or_default();
            let last = said.lines().rev().take(5).collect::<Vec<_>>();
            let last = last.into_iter().rev().collect::<Vec<_>>().join("; ");
            Err(format!("the engine's process ended without a verdict ({}): {last}", output.status))
        })
    }
}

/// Runs a job given as JSON and prints its verdict, or why there is none, as JSON. The exit code says
/// only whether there is an answer.
pub fn worker(argument: &str) -> ExitCode {
    let job = serde_json::from_str::<Job>(argument);
    let answer = job.map_err(|e| format!("not a job: {e}")).and_then(|job| job.run());
    let printed = serde_json::to_writer(std::io::stdout(), &answer);
    if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
