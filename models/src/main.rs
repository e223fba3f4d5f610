//! `cargo verify`: runs the scenarios on the engines, hunts the planted bugs, says what was verified.
#![allow(clippy::print_stdout, reason = "a program that reports")]

mod audit;
mod campaign;
mod litmus_report;
mod progress;

use std::{path::PathBuf, process::ExitCode};

use campaign::{Campaign, Limits, Profile};
use clap::{Parser, Subcommand};
use selvedge_models::{
    engine::{self, Counterexample, Engine, Replay, Shard},
    job::{self, Job},
    report::Report,
};
use signal_hook::{consts::SIGINT, flag};

/// Verifies selvedge's protocols: every scenario on every engine, and every planted bug.
///
/// Exit code 0: everything held. 1: something did not. 2: it could not be run as asked. 130: Ctrl-C; what was
/// found until then is reported.
#[derive(Debug, Parser)]
#[command(name = "cargo verify", bin_name = "cargo verify", version)]
#[command(args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// Say what there is, and run nothing.
    #[arg(long)]
    list: bool,
    /// Only what has this in its name: protocol, scenario, claim or planted bug. Repeatable.
    #[arg(long, value_name = "TEXT")]
    only: Vec<String>,
    /// Only this engine. Repeatable.
    #[arg(long, value_name = "ENGINE")]
    engine: Vec<Engine>,
    /// Larger bounds: for a night, not for a coffee.
    #[arg(long)]
    deep: bool,
    /// No bounds: loom without one on preemptions, shuttle with every schedule, and no spurious events, which
    /// only the explorer has. One search at a time, so that their times compare; no calibration, and nothing
    /// natively.
    #[arg(long, conflicts_with_all = ["deep", "native", "shard"])]
    complete: bool,
    /// A search that takes longer ends, and says so.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    within: Option<u64>,
    /// Run each scenario so often natively, rather than 2,000 times or, with `--deep`, 1,000,000 times.
    #[arg(long, value_name = "RUNS", value_parser = clap::value_parser!(u64).range(1..))]
    native: Option<u64>,
    /// Only a part of the work, as 2/8: the second of eight. The parts are always the same ones; `merge` puts
    /// their reports together.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show one execution again, by the token that a failure printed.
    Replay {
        /// `scenario@engine/bound#execution`
        token: Replay,
    },
    /// Explore litmus tests in herd7's C11 format, under RC11 and under sequential consistency.
    Litmus {
        /// The tests.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// A line of JSON a test: name, and by model executions, whether a final state is as the condition
        /// says, and whether plain accesses race.
        #[arg(long)]
        json: bool,
        /// Run each so often on the machine too, unless it has plain accesses: what the machine shows must be
        /// what RC11 allows.
        #[arg(long, value_name = "RUNS", value_parser = clap::value_parser!(u64).range(1..))]
        native: Option<u64>,
    },
    /// Say of each part of the protocols whether it is needed.
    Audit {
        /// What to look at.
        what: audit::What,
        /// Only steps with this in their name, as `spsc` or `mpmc/P2`. Repeatable.
        #[arg(long, value_name = "TEXT")]
        only: Vec<String>,
    },
    /// Put the reports of all shards together.
    Merge {
        /// The reports, `target/selvedge/report-I-of-N.json` of each.
        #[arg(required = true, value_name = "FILE")]
        reports: Vec<PathBuf>,
    },
    /// Run one job given as JSON: what `cargo verify` starts itself with.
    #[command(hide = true)]
    Worker {
        /// The job.
        job: String,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let Arguments { command, list, only, engine, shard, within, native, .. } = arguments;
    let is_worker = matches!(command, Some(Command::Worker { .. }));
    if let Err(error) = hear_ctrl_c(is_worker) {
        eprintln!("cargo verify: {error}");
        return 2.into();
    }
    let profile = match (arguments.deep, arguments.complete) {
        (true, _) => Profile::Deep,
        (_, true) => Profile::Complete,
        _ => Profile::Quick,
    };
    let limits = Limits { shard, within, native };
    let held = match command {
        Some(Command::Worker { job }) => return job::worker(&job),
        Some(Command::Replay { token }) => replay(&token),
        Some(Command::Audit { what: audit::What::Orderings, only }) => audit::orderings(&only),
        Some(Command::Litmus { files, json, native }) => {
            litmus_report::explore(&files, json, native)
        }
        Some(Command::Merge { reports }) => merge(&reports),
        None => Campaign::new(profile, only, &engine, limits).and_then(|campaign| {
            if list {
                campaign.list();
                return Ok(true);
            }
            verify(campaign)
        }),
    };
    match held {
        Ok(_) if engine::is_interrupted() => INTERRUPTED.into(),
        Ok(true) => 0.into(),
        Ok(false) => 1.into(),
        Err(error) => {
            eprintln!("cargo verify: {error}");
            2.into()
        }
    }
}

/// What a shell takes an interrupted program's exit code to be.
const INTERRUPTED: u8 = 130;

/// The first Ctrl-C ends the searches, which tell what they have seen; the second one ends the program. To a
/// worker the second one says no more than the first: it may get both for one.
fn hear_ctrl_c(is_worker: bool) -> Result<(), String> {
    let interruption = engine::interruption();
    if !is_worker {
        flag::register_conditional_shutdown(SIGINT, INTERRUPTED.into(), interruption.clone())
            .map_err(|e| format!("cannot hear Ctrl-C: {e}"))?;
    }
    flag::register(SIGINT, interruption).map_err(|e| format!("cannot hear Ctrl-C: {e}"))?;
    Ok(())
}

/// Puts reports together; did everything hold?
fn merge(files: &[PathBuf]) -> Result<bool, String> {
    let reports = files.iter().map(|file| Report::read(file)).collect::<Result<_, _>>()?;
    show(&Report::merge(reports)?)
}

/// Runs the campaign and reports; did everything hold?
fn verify(campaign: Campaign) -> Result<bool, String> {
    engine::refuse_environment()?;
    show(&campaign.run()?)
}

/// Writes the report and shows it; did everything hold?
fn show(report: &Report) -> Result<bool, String> {
    let file = report.write()?;
    println!("{report}Report: {}", file.display());
    Ok(report.held)
}

/// Shows one execution again; does it hold now?
fn replay(token: &Replay) -> Result<bool, String> {
    engine::refuse_environment()?;
    let verdict = Job::replaying(token)?.run()?;
    if verdict.held() {
        println!("{token}: held, in {} executions.", verdict.executions);
    } else {
        print!("{}", Counterexample(&verdict));
    }
    Ok(verdict.held())
}
