//! Runs one job, given as JSON after the word `worker`, and prints its verdict, or why there is none,
//! as JSON.

use std::process::ExitCode;

fn main() -> ExitCode {
    let argument = std::env::args().nth(2).unwrap_or_default();
    selvedge_models::job::worker(&argument)
}
