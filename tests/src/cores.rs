//! Which core a process runs on.

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};

/// The cores that this process may use: at least one.
///
/// # Panics
/// If the kernel does not tell.
#[must_use]
pub fn allowed_cores() -> Vec<usize> {
    let allowed = sched_getaffinity(Pid::from_raw(0)).expect("it is about this process");
    (0..CpuSet::count()).filter(|core| allowed.is_set(*core) == Ok(true)).collect()
}

/// Lets the one thread of `process` run on `core` alone, and whatever it starts from now on.
///
/// # Panics
/// If the core is not to be had.
pub fn stay_on(core: usize, process: Pid) {
    let mut one = CpuSet::new();
    one.set(core).expect("a core's number");
    sched_setaffinity(process, &one).expect("an allowed core, and a process that is ours");
}
