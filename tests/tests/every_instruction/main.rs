//! A process dies at every instruction of every operation, and the others get on.
//!
//! `cargo test --release -p selvedge-tests --test every_instruction [-- [--list] [--step] [--all] [--every N]
//! [--interrupt] FILTER…]`

mod event;
mod mpmc;
mod mutex;
mod naming;
mod permits;
mod pipe;
mod refused;
mod semaphore;
mod shared_memory;
mod signals;
mod spsc;

use std::process::ExitCode;

use selvedge_tests::deaths;

#[global_allocator]
static ALLOCATOR: deaths::Allocator = deaths::Allocator;

fn main() -> ExitCode {
    let mut subjects = Vec::new();
    subjects.extend(semaphore::operations());
    subjects.extend(spsc::operations());
    subjects.extend(event::operations());
    subjects.extend(naming::operations());
    subjects.extend(mpmc::operations());
    subjects.extend(mutex::operations());
    subjects.extend(permits::operations());
    subjects.extend(pipe::operations());
    subjects.extend(shared_memory::operations());
    subjects.extend(signals::operations());
    subjects.extend(refused::programs());
    deaths::main(&subjects)
}
