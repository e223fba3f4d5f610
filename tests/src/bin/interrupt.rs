//! `interrupt`: the examples and the tool are ended by Ctrl-C at random moments, and leave nothing behind.
#![allow(clippy::print_stdout, reason = "its report")]

use std::{
    process::ExitCode,
    time::{Instant, SystemTime},
};

use clap::Parser;
use selvedge_tests::{
    interrupting::{SCENES, Stage},
    soak::Random,
};

/// Starts the examples and the tool in their roles, again and again, and sends them SIGINT or SIGTERM at random moments.
///
/// Exit code 0: each ended by itself, and nothing was left. 1: otherwise.
#[derive(Debug, Parser)]
struct Arguments {
    /// How often, over all roles.
    times: usize,
    /// Where the random numbers begin; the time, unless it is said.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Only the roles in whose names this occurs.
    #[arg(default_value = "", hide_default_value = true)]
    role: String,
}

fn main() -> ExitCode {
    let Arguments { times, seed, role } = Arguments::parse();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let seed = seed.unwrap_or(now.as_secs());
    let scenes: Vec<_> = SCENES.iter().filter(|scene| scene.name.contains(&role)).collect();
    println!("seed {seed}");
    let (stage, mut random, start) = (Stage::build(), Random::new(seed), Instant::now());
    let mut failed = 0;
    for (n, scene) in scenes.iter().enumerate() {
        let times = times / scenes.len() + usize::from(n < times % scenes.len());
        let played = (0..times).map(|_| scene.play(&stage, &mut random));
        let failures: Vec<_> = played.filter_map(Result::err).collect();
        println!("{:<30} {times:>5} times, {} failed", scene.name, failures.len());
        failures.iter().for_each(|failure| println!("    {failure}"));
        failed += failures.len();
    }
    println!("{times} times in {:.0} s, {failed} failed", start.elapsed().as_secs_f64());
    if failed == 0 && !scenes.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
