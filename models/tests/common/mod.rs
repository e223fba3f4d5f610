//! Scenarios and calibration programs as named tests, one engine a test program: shuttle's panic
//! hook and loom's do not mix.

use libtest_mimic::{Arguments, Failed, Trial};
use selvedge_models::{
    calibration,
    engine::{self, Engine, Entry, Plan},
    report::Counterexample,
    scenario,
};

/// Calibration programs that take loom most of its time: `cargo verify` runs them, and here
/// `--include-ignored`.
const LONG_FOR_LOOM: [&str; 3] = ["litmus/isa2", "litmus/RWC+scfs", "litmus/cumul-release"];

/// A test a scenario, and one a calibration program.
pub(crate) fn main(engine: Engine) {
    let runnable = scenario::protocols().into_iter().filter(|entry| entry.info.runs_on(engine));
    let scenarios = runnable.map(|entry| {
        Trial::test(entry.info.name, move || holds(&entry, &Plan::quick(&entry.info, engine)))
    });
    let calibration = calibration::table().into_iter().filter_map(|row| {
        let plan = row.job(engine)?.plan;
        let name = format!("calibration/{}", row.entry.info.name);
        let long = engine == Engine::Loom && LONG_FOR_LOOM.contains(&row.entry.info.name);
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
    let tests = scenarios.chain(calibration).collect();
    libtest_mimic::run(&Arguments::from_args(), tests).exit();
}

fn holds(entry: &Entry, plan: &Plan) -> Result<(), Failed> {
    let verdict = engine::run(entry, plan, None)?;
    if verdict.held() { Ok(()) } else { Err(Counterexample(&verdict).to_string().into()) }
}
