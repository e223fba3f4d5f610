//! Which jobs a run of `cargo verify` has, and who runs them.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
    time::Instant,
};

use selvedge_models::{
    calibration::{self, Row},
    card,
    engine::{self, Bound, Engine, Entry, Plan, Shard, Verdict},
    job::Job,
    planted::{self, Bug, PatchedCopy},
    report::{Provenance, Report, SCHEMA},
    scenario,
};

use crate::progress::Progress;

/// How far the searches go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Quick,
    Deep,
    /// Without bounds, and one search at a time: what engines are compared by.
    Complete,
}

/// What the searches are limited to besides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The part of the work.
    pub(crate) shard: Option<Shard>,
    /// Seconds for one search.
    pub(crate) within: Option<u64>,
    /// Native runs of one scenario.
    pub(crate) native: Option<u64>,
}

/// What a run is to do.
#[derive(Debug)]
pub(crate) struct Campaign {
    profile: Profile,
    only: Vec<String>,
    engines: Vec<Engine>,
    limits: Limits,
    scenarios: Vec<Entry>,
    bugs: Vec<Bug>,
}

/// One job, and where its result goes.
#[derive(Clone, Debug)]
enum Task {
    Calibrate(Box<Row>, Engine),
    Verify(Box<Entry>, Engine),
    Hunt(Box<Bug>),
}

impl Campaign {
    /// Everything, or what is asked for.
    ///
    /// # Errors
    /// If that is nothing.
    pub(crate) fn new(
        profile: Profile,
        only: Vec<String>,
        engines: &[Engine],
        limits: Limits,
    ) -> Result<Self, String> {
        let engines = match (engines, profile) {
            ([], Profile::Complete) => vec![Engine::Explorer, Engine::Loom, Engine::Shuttle],
            ([], _) => Engine::ALL.to_vec(),
            (asked, Profile::Complete) if asked.contains(&Engine::Native) => {
                return Err("runs on the machine are never complete".into());
            }
            (asked, _) => asked.to_vec(),
        };
        let asked = |names: &[&str]| {
            only.is_empty() || only.iter().any(|text| names.iter().any(|name| name.contains(text)))
        };
        let scenarios: Vec<_> = (scenario::protocols().into_iter())
            .filter(|entry| asked(&[&[entry.info.name], entry.info.claims].concat()))
            .collect();
        let bugs: Vec<_> = (planted::all().into_iter())
            .filter(|_| profile != Profile::Complete)
            .filter(|bug| engines.contains(&bug.engine) && asked(&[&bug.name, &bug.scenario]))
            .collect();
        if scenarios.is_empty() && bugs.is_empty() {
            return Err(format!(
                "nothing matches {}; --list says what there is",
                only.join(" or ")
            ));
        }
        Ok(Self { profile, only, engines, limits, scenarios, bugs })
    }

    /// Says what there is.
    pub(crate) fn list(&self) {
        println!("Scenarios");
        for Entry { info, .. } in &self.scenarios {
            println!("  {:<36} {} [{}]", info.name, info.does, info.claims.join(", "));
        }
        println!("\nClaims");
        for claim in card::all().iter().flat_map(|card| &card.claims) {
            let shown = |e: &Entry| e.info.claims.contains(&claim.id.as_str());
            if self.scenarios.iter().any(shown) {
                println!("  {:<10} {}", claim.id, claim.promise);
            }
        }
        println!("\nPlanted bugs");
        for bug in &self.bugs {
            println!("  {:<30} {} ({}, {})", bug.name, bug.what, bug.scenario, bug.engine);
        }
        println!("\nCalibration");
        for row in calibration::table() {
            println!("  {:<36} {}", row.entry.info.name, row.entry.info.does);
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let pairs = |engine: Engine| {
            let rows = calibration::table().into_iter();
            let rows = rows.filter(|_| self.profile != Profile::Complete);
            let rows = rows.map(move |row| Task::Calibrate(Box::new(row), engine));
            let scenarios = self.scenarios.iter().filter(move |e| e.info.runs_on(engine));
            rows.chain(scenarios.map(move |e| Task::Verify(Box::new(e.clone()), engine)))
        };
        let hunts = self.bugs.iter().map(|bug| Task::Hunt(Box::new(bug.clone())));
        let all = self.engines.iter().flat_map(|engine| pairs(*engine)).chain(hunts);
        // The explorer's searches are split; all else is dealt out whole.
        let mut whole = 0;
        let mine = |task: &Task| {
            let split = matches!(task, Task::Verify(_, Engine::Explorer));
            whole += usize::from(!split);
            split || self.limits.shard.is_none_or(|shard| shard.takes(whole))
        };
        all.filter(mine).collect()
    }

    fn plan(&self, entry: &Entry, engine: Engine) -> Plan {
        let plan = match self.profile {
            Profile::Quick => Plan::quick(&entry.info, engine),
            Profile::Deep => Plan::deep(&entry.info, engine),
            Profile::Complete => Plan::complete(&entry.info, engine),
        };
        let Limits { shard, within, native } = self.limits;
        let runs = native.filter(|_| engine == Engine::Native);
        Plan {
            shard: shard.filter(|_| engine == Engine::Explorer),
            within,
            executions: runs.unwrap_or(plan.executions),
            ..plan
        }
    }

    /// Runs everything, on all cores, or to compare times one after the other.
    ///
    /// # Errors
    /// If it could not be run at all.
    pub(crate) fn run(self) -> Result<Report, String> {
        let start = Instant::now();
        let itself = std::env::current_exe().map_err(|e| format!("who am I? {e}"))?;
        let mut report = Report {
            schema: SCHEMA,
            provenance: Provenance::collect()?,
            profile: match self.profile {
                Profile::Quick => "quick",
                Profile::Deep => "deep",
                Profile::Complete => "complete",
            }
            .into(),
            only: self.only.clone(),
            shard: self.limits.shard,
            interrupted: false,
            calibration: Vec::new(),
            verdicts: Vec::new(),
            comparisons: Vec::new(),
            planted: Vec::new(),
            errors: Vec::new(),
            seconds: 0.0,
            held: false,
        };
        let tasks = self.tasks();
        let progress = Progress::new(tasks.len());
        let (patched, plain): (Vec<_>, Vec<_>) =
            tasks.into_iter().partition(|task| task.patched().is_some());
        let patched = patched.iter().filter_map(Task::patched).cloned().collect();
        // Patched copies are built one after the other, beside the searches.
        let queue = Mutex::new(plain.into_iter());
        let findings = Mutex::new(Vec::new());
        let work = || {
            while let Some(task) = { lock(&queue).next() }
                && !engine::is_interrupted()
            {
                let finding = self.perform(&task, &itself, &progress);
                lock(&findings).push((task, finding));
            }
        };
        let build = |patched: Vec<Bug>| {
            for (bugs, worker) in build_all(patched, &progress) {
                if engine::is_interrupted() {
                    return;
                }
                for bug in bugs {
                    let task = Task::Hunt(Box::new(bug));
                    let finding =
                        worker.clone().and_then(|worker| self.perform(&task, &worker, &progress));
                    lock(&findings).push((task, finding));
                }
            }
            work();
        };
        thread::scope(|scope| {
            let cores = thread::available_parallelism().map_or(1, usize::from);
            let others = if self.profile == Profile::Complete { 0 } else { cores - 1 };
            for _ in 0..others {
                scope.spawn(work);
            }
            build(patched);
        });
        for (task, finding) in findings.into_inner().unwrap_or_else(PoisonError::into_inner) {
            file(&mut report, task, finding);
        }
        report.interrupted = engine::is_interrupted();
        report.seconds = start.elapsed().as_secs_f64();
        report.conclude();
        Ok(report)
    }

    fn perform(&self, task: &Task, program: &Path, progress: &Progress) -> Finding {
        let job = match task {
            Task::Calibrate(row, engine) => match row.job(*engine) {
                Some(job) => Ok(job),
                None => return Ok(None),
            },
            Task::Verify(entry, engine) => Ok(Job {
                scenario: entry.info.name.into(),
                plan: self.plan(entry, *engine),
                mutation: None,
            }),
            Task::Hunt(bug) => bug.job(),
        };
        let what = task.to_string();
        progress.starts(&what);
        let verdict =
            job.and_then(|job| job.run_in(program, |vitals| progress.goes_on(&what, vitals)));
        let (well, how) = match (&verdict, task) {
            (Err(error), _) => (false, format!("NO VERDICT: {error}")),
            (Ok(Verdict { bound: Bound::Interrupted, .. }), _) => (false, "interrupted".into()),
            (Ok(verdict), Task::Hunt(_)) => {
                (!verdict.held(), if verdict.held() { "MISSED" } else { "caught" }.into())
            }
            (Ok(verdict), Task::Calibrate(row, engine)) => {
                let right = row.judge(*engine, verdict).right;
                (right, if right { "as expected" } else { "WRONG" }.into())
            }
            (Ok(verdict), Task::Verify(..)) => {
                (verdict.held(), if verdict.held() { "held" } else { "FAILED" }.into())
            }
        };
        let seen = verdict.as_ref().map_or(0, |verdict| verdict.executions);
        let seconds = verdict.as_ref().map_or(0.0, |verdict| verdict.seconds);
        progress.ends(&format!("{what}: {how}, {seen} executions, {seconds:.1} s"), well);
        verdict.map(Some)
    }
}

/// What a task found; nothing where an engine has no part in it.
type Finding = Result<Option<Verdict>, String>;

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Builds a worker for each round of patched bugs, lazily.
fn build_all<'a>(
    bugs: Vec<Bug>,
    progress: &'a Progress,
) -> impl Iterator<Item = (Vec<Bug>, Result<PathBuf, String>)> + 'a {
    let copy = if bugs.is_empty() { Err(String::new()) } else { PatchedCopy::new() };
    planted::rounds(bugs).into_iter().map(move |bugs| {
        let names: Vec<&str> = bugs.iter().map(|bug| bug.name.as_str()).collect();
        progress.starts(&format!("building {}", names.join(", ")));
        let patches: Vec<&str> = bugs.iter().filter_map(Bug::patch).collect();
        let worker =
            copy.as_ref().map_err(Clone::clone).and_then(|copy| copy.build(names[0], &patches));
        (bugs, worker)
    })
}

impl Task {
    /// The bug, if it is one that a patched copy must be built for.
    fn patched(&self) -> Option<&Bug> {
        match self {
            Self::Hunt(bug) if bug.patch().is_some() => Some(bug),
            _ => None,
        }
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Calibrate(row, engine) => {
                write!(f, "calibrate {engine}: {}", row.entry.info.name)
            }
            Self::Verify(entry, engine) => write!(f, "{engine}: {}", entry.info.name),
            Self::Hunt(bug) => write!(f, "planted {}: {}", bug.name, bug.scenario),
        }
    }
}

/// Puts a finding where it belongs.
fn file(report: &mut Report, task: Task, finding: Finding) {
    let name = task.to_string();
    match (task, finding) {
        (_, Ok(None)) => {}
        // What was cut short is told where it stands for itself; it calibrates nothing and hunts nothing.
        (
            Task::Calibrate(..) | Task::Hunt(_),
            Ok(Some(Verdict { bound: Bound::Interrupted, .. })),
        ) => {}
        (Task::Calibrate(row, engine), Ok(Some(verdict))) => {
            report.calibration.push(row.judge(engine, &verdict));
        }
        (Task::Verify(..), Ok(Some(verdict))) => report.verdicts.push(verdict),
        (Task::Hunt(bug), finding) => {
            let verdict = finding.and_then(|v| v.ok_or_else(|| "nothing was run".into()));
            report.planted.push(bug.judge(verdict));
        }
        (_, Err(error)) => report.errors.push(format!("{name}: {error}")),
    }
}
