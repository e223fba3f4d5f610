//! Runs one job, given as JSON in the only argument, and prints its verdict, or why there is none,
//! as JSON.

use std::process::ExitCode;

use selvedge_models::job::Job;

fn main() -> ExitCode {
    let argument = std::env::args().nth(1).unwrap_or_default();
    let job = serde_json::from_str::<Job>(&argument);
    let answer = job.map_err(|e| format!("the argument is no job: {e}")).and_then(|job| job.run());
    let printed = serde_json::to_writer(std::io::stdout(), &answer);
    // The answer tells whether things held; the exit code only whether there is one.
    if printed.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
