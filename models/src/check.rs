//! Protocols of one's own, checked in plain tests.

use std::{process, sync::Once};

use crate::{
    engine::{self, Counterexample, Engine, Entry, Plan, Verdict, pulse},
    model::Scenario,
};

/// Explores every execution of a scenario that RC11 allows, within the bounds of its
/// [`Info`](crate::model::Info): at most one spurious wake-up and one spurious failure of a weak
/// compare-exchange a thread, unless it says otherwise.
///
/// # Panics
/// With the message and the execution, access by access, if one of them panics, races, comes to a halt, or
/// has an outcome that the scenario does not list; or if a listed outcome is never reached.
///
pub fn check(scenario: impl Scenario) -> Verdict {
    check_on(Engine::Explorer, scenario)
}

/// Ends the process if an actor goes on for ever without a word: nothing else could.
fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        pulse::watch(|vitals| match vitals.alarm() {
            None => true,
            Some(alarm) => {
                eprintln!("selvedge-models: {alarm}");
                process::abort()
            }
        });
    });
}

/// Likewise, on another engine, as far as that can see.
///
/// # Panics
/// As [`check`]; and if the engine is not part of this build.
pub fn check_on(engine: Engine, scenario: impl Scenario) -> Verdict {
    let entry = Entry::of(scenario);
    let plan = Plan::quick(&entry.info, engine);
    watch();
    let verdict = engine::run(&entry, &plan, None).unwrap_or_else(|why| panic!("{why}"));
    assert!(verdict.held(), "{}", Counterexample(&verdict));
    verdict
}
