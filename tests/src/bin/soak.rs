//! `soak [--seconds N] [--seed N] [PROTOCOL…]`: workers are killed at random, and everything stays
//! accounted for. Ends with status 1 if it did not.
#![allow(clippy::print_stdout, reason = "its report")]

use std::{
    env,
    process::ExitCode,
    time::{Duration, Instant, SystemTime},
};

use selvedge_tests::soak::{
    Desks, Figures, Random, Trial, mpmc::Records, mutex::Changes, permits::OwnedPermits, round,
    semaphore::Permits, spsc::Stream,
};

/// How long a protocol has the machine to itself.
const TURN: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let (mut seconds, mut protocols) = (60, Vec::new());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    let mut seed = now.as_secs();
    let mut args = env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut number = || args.next().and_then(|n| n.parse().ok()).expect("a number");
        match &*arg {
            "--seconds" => seconds = number(),
            "--seed" => seed = number(),
            _ => protocols.push(arg),
        }
    }
    let mut trials: Vec<Box<dyn Trial>> = vec![
        Box::new(Permits::new()),
        Box::new(Stream::new()),
        Box::new(Records::new()),
        Box::new(Changes::new()),
        Box::new(OwnedPermits::new()),
    ];
    trials.retain(|trial| protocols.is_empty() || protocols.iter().any(|p| p == trial.name()));
    println!("seed {seed}, {seconds} s");
    soak(&mut trials, Duration::from_secs(seconds), Random::new(seed))
}

fn soak(trials: &mut [Box<dyn Trial>], time: Duration, mut random: Random) -> ExitCode {
    let end = Instant::now() + time;
    let desks = Desks::new(48);
    let mut figures = vec![Figures::default(); trials.len()];
    let mut green = !trials.is_empty();
    while green && Instant::now() < end {
        for (trial, figures) in trials.iter_mut().zip(&mut figures) {
            // Rounds are not equally long.
            let turn = Instant::now() + TURN;
            while green && Instant::now() < turn.min(end) {
                if let Err(harm) = round(&mut **trial, &desks, &mut random, figures) {
                    println!("{}, after {figures}: {harm}", trial.name());
                    green = false;
                }
            }
        }
    }
    for (trial, figures) in trials.iter().zip(&figures) {
        green &= figures.any();
        println!("{}: {figures}", trial.name());
    }
    println!("{}", if green { "everything is accounted for" } else { "FAILED" });
    if green { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
