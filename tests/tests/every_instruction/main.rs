//! A process dies at every instruction of every operation, and the others get on.
//!
//! `cargo test --release -p selvedge-tests --test every_instruction [-- [--list] [--step] FILTER…]`

mod semaphore;
mod spsc;

use std::process::ExitCode;

use selvedge_tests::deaths;

fn main() -> ExitCode {
    let mut subjects = Vec::new();
    subjects.extend(semaphore::operations());
    subjects.extend(spsc::operations());
    deaths::main(&subjects)
}
