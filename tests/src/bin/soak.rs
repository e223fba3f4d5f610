//! `soak`: workers are killed at random, and everything stays accounted for.
#![allow(clippy::print_stdout, reason = "its report")]

use std::{
    process::ExitCode,
    time::{Duration, Instant, SystemTime},
};

use clap::{Parser, builder::PossibleValuesParser};
use selvedge_tests::soak::{
    Desks, Figures, Hits, Random, Steps, Trial, mpmc::Records, mutex::Changes,
    permits::OwnedPermits, round, semaphore::Permits, spsc::Stream,
};

/// How long a protocol has the machine to itself.
const TURN: Duration = Duration::from_secs(1);

/// The protocols, in the order of their turns.
const PROTOCOLS: [&str; 5] = ["semaphore", "spsc", "mpmc", "mutex", "permits"];

/// Kills workers at random, round after round, and checks that everything stays accounted for.
///
/// About half of them die where they happen to be; the others are stepped on to where few have died.
///
/// Says at which steps of the protocols' cards they were killed. Of kills inside the kernel that is known to best
/// effort. Exit code 0: green. 1: something was lost, doubled, wedged or corrupt, or was not tested. 2: the
/// arguments are wrong, or the kernel does not let a complete soak be.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// How long, over all protocols.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u64,
    /// Where the random numbers begin; the time, unless it is said. No run repeats another exactly.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Red, too, unless 1,000 workers of each protocol were killed inside operations, and some at each step of
    /// its card; and at each step of `event` and `registry`, under all the protocols that run on them.
    #[arg(long)]
    complete: bool,
    /// Only these; all of them, unless some are named.
    #[arg(value_name = "PROTOCOL", value_parser = PossibleValuesParser::new(PROTOCOLS))]
    protocols: Vec<String>,
}

fn trial(protocol: &str) -> Box<dyn Trial> {
    match protocol {
        "semaphore" => Box::new(Permits::new()),
        "spsc" => Box::new(Stream::new()),
        "mpmc" => Box::new(Records::new()),
        "mutex" => Box::new(Changes::new()),
        "permits" => Box::new(OwnedPermits::new()),
        _ => unreachable!("not one of {PROTOCOLS:?}"),
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let seed = arguments.seed.unwrap_or(now.as_secs());
    let steps = match Steps::new() {
        Ok(steps) => Some(steps),
        Err(error) => {
            println!("where workers die can be neither told nor chosen: {error}");
            None
        }
    };
    if arguments.complete && steps.is_none() {
        println!("FAILED: nothing was run, because it cannot be complete");
        return ExitCode::from(2);
    }
    let chosen = |name: &&str| {
        arguments.protocols.is_empty() || arguments.protocols.iter().any(|chosen| chosen == name)
    };
    let mut trials: Vec<_> = PROTOCOLS.iter().copied().filter(chosen).map(trial).collect();
    println!("seed {seed}, {} s", arguments.seconds);
    let time = Duration::from_secs(arguments.seconds);
    let (unharmed, figures) = soak(&mut trials, steps.as_ref(), time, Random::new(seed));
    let complete = report(&trials, &figures, steps.is_some());
    let verdict = match (unharmed, complete) {
        (false, _) => "FAILED",
        (true, true) => "everything is accounted for, with deaths at every step",
        (true, false) if arguments.complete => "FAILED: not complete",
        (true, false) => "everything is accounted for",
    };
    println!("{verdict}");
    if verdict.starts_with("FAILED") { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Whether nothing was harmed, and what was done.
fn soak(
    trials: &mut [Box<dyn Trial>],
    steps: Option<&Steps>,
    time: Duration,
    mut random: Random,
) -> (bool, Vec<Figures>) {
    let end = Instant::now() + time;
    let desks = Desks::new(48);
    let mut figures = vec![Figures::default(); trials.len()];
    let mut green = true;
    while green && Instant::now() < end {
        for (trial, figures) in trials.iter_mut().zip(&mut figures) {
            // Rounds are not equally long.
            let turn = Instant::now() + TURN;
            while green && Instant::now() < turn.min(end) {
                if let Err(harm) = round(&mut **trial, &desks, steps, &mut random, figures) {
                    println!("{}, after {figures}: {harm}", trial.name());
                    green = false;
                }
            }
        }
    }
    for (trial, _) in trials.iter().zip(&figures).filter(|(_, figures)| !figures.any()) {
        println!("{}: nothing was tested", trial.name());
        green = false;
    }
    (green, figures)
}

/// Prints the figures; whether they are those of a complete soak.
fn report(trials: &[Box<dyn Trial>], figures: &[Figures], told: bool) -> bool {
    let mut complete = told;
    for (trial, figures) in trials.iter().zip(figures) {
        println!("{}: {figures}", trial.name());
        for protocol in [trial.name()].iter().chain(trial.runs_on()).filter(|_| told) {
            println!("{}", figures.hits().report(protocol));
        }
        complete &= figures.complete(trial.name());
    }
    for shared in ["event", "registry"].into_iter().filter(|_| told) {
        let runs_on = |trial: &dyn Trial| trial.runs_on().contains(&shared);
        let mut hits = Hits::default();
        let mut used = false;
        for (_, figures) in trials.iter().zip(figures).filter(|(trial, _)| runs_on(&***trial)) {
            used = true;
            hits.add(figures.hits());
        }
        if used {
            println!("{shared}, under all of them:\n{}", hits.report(shared));
            complete &= hits.missing(shared).is_empty();
        }
    }
    complete
}
