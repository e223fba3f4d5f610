//! `cargo verify`: runs the scenarios on the engines, hunts the planted bugs, says what was verified.
#![allow(clippy::print_stdout, reason = "a program that reports")]

mod audit;
mod campaign;
mod litmus_report;
mod progress;

use std::{path::PathBuf, process::ExitCode};

use campaign::{Campaign, Profile};
use clap::{Parser, Subcommand};
use selvedge_models::{
    engine::{self, Counterexample, Engine, Replay},
    job::{self, Job},
};

/// Verifies selvedge's protocols: every scenario on every engine, and every planted bug.
///
/// Exit code 0: everything held. 1: something did not. 2: it could not be run as asked.
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
    /// Run one job given as JSON: what `cargo verify` starts itself with.
    #[command(hide = true)]
    Worker {
        /// The job.
        job: String,
    },
}

fn main() -> ExitCode {
    let Arguments { command, list, only, engine, deep } = Arguments::parse();
    let profile = if deep { Profile::Deep } else { Profile::Quick };
    let held = match command {
        Some(Command::Worker { job }) => return job::worker(&job),
        Some(Command::Replay { token }) => replay(&token),
        Some(Command::Audit { what: audit::What::Orderings, only }) => audit::orderings(&only),
        Some(Command::Litmus { files, json, native }) => {
            litmus_report::explore(&files, json, native)
        }
        None => Campaign::new(profile, only, &engine).and_then(|campaign| {
            if list {
                campaign.list();
                return Ok(true);
            }
            verify(campaign)
        }),
    };
    match held {
        Ok(true) => 0.into(),
        Ok(false) => 1.into(),
        Err(error) => {
            eprintln!("cargo verify: {error}");
            2.into()
        }
    }
}

/// Runs the campaign and reports; did everything hold?
fn verify(campaign: Campaign) -> Result<bool, String> {
    engine::refuse_environment()?;
    let report = campaign.run()?;
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
