//! Scenarios and calibration programs as named tests, one engine a test program: shuttle's panic
//! hook and loom's do not mix.

use libtest_mimic::{Arguments, Failed, Trial};
use selvedge_models::{
    calibration,
    engine::{self, Counterexample, Engine, Entry, Plan},
    scenario,
};

/// Searches that take loom longest. The explorer completes them here in seconds; loom's are run by
/// `cargo verify`, and here with `--include-ignored`.
const LONG_FOR_THE_EXPLORER: [&str; 7] = [
    "event/notifier_of_two_dies",
    "mpmc/two_by_two",
    "mutex/death_among_three",
    "naming/cleaner_among_three_dies",
    "naming/user_among_three_dies",
    "permits/death_among_three",
    "permits/death_of_one_of_two",
];

/// Likewise.
const LONG_FOR_LOOM: [&str; 20] = [
    "event/no_lost_wakeup",
    "event/timeout",
    "futex/wake_before_wait",
    "litmus/MP+7",
    "litmus/MPU+rel+acqf",
    "litmus/RWC+scfs",
    "litmus/cumul-release",
    "litmus/inc2w",
    "litmus/isa2",
    "mpmc/fifo",
    "mpmc/slot_for_two",
    "mpmc/slow_producer",
    "mpmc/two_by_two",
    "mpmc/two_pops_each",
    "mpmc/two_pushes_each",
    "semaphore/hand_over_of_two",
    "semaphore/timeout",
    "semaphore/two_waiters_two_releases",
    "spsc/blocking",
    "spsc/history_crossed",
];

/// A test a scenario, one a calibration program, and these others.
pub(crate) fn main(engine: Engine, others: Vec<Trial>) {
    let runnable = scenario::protocols().into_iter().filter(|entry| entry.info.runs_on(engine));
    let long = |name| match engine {
        Engine::Explorer => LONG_FOR_THE_EXPLORER.contains(&name),
        Engine::Loom => LONG_FOR_LOOM.contains(&name),
        _ => false,
    };
    let scenarios = runnable.map(|entry| {
        let name = entry.info.name;
        let test = Trial::test(name, move || holds(&entry, &Plan::quick(&entry.info, engine)));
        test.with_ignored_flag(long(name))
    });
    let calibration = calibration::table().into_iter().filter_map(|row| {
        let plan = row.job(engine)?.plan;
        let name = format!("calibration/{}", row.entry.info.name);
        let long = long(row.entry.info.name);
        let test = Trial::test(name, move || {
            let verdict = engine::run(&row.entry, &plan, None)?;
            let result = row.judge(engine, &verdict);
            if result.right {
                return Ok(());
            }
            Err(format!("expected {:?}, saw {:?}", result.expected, result.seen).into())
        });
        Some(test.with_ignored_flag(long))
    });
    let tests = scenarios.chain(calibration).chain(others).collect();
    libtest_mimic::run(&Arguments::from_args(), tests).exit();
}

fn holds(entry: &Entry, plan: &Plan) -> Result<(), Failed> {
    let verdict = engine::run(entry, plan, None)?;
    if verdict.held() { Ok(()) } else { Err(Counterexample(&verdict).to_string().into()) }
}
