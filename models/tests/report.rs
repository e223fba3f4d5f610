//! The report's shape, as the schema in `REPORT.md` describes it.

use std::collections::{BTreeMap, BTreeSet};

use selvedge_models::{
    calibration::Calibrated,
    engine::{Bound, Engine, Failure, Verdict},
    planted::Hunt,
    report::{Provenance, Report, SCHEMA},
};

fn verdict(engine: Engine, bound: Bound, outcomes: &[&str], failure: Option<Failure>) -> Verdict {
    Verdict {
        protocol: "spsc".into(),
        scenario: "spsc/fifo".into(),
        claims: vec!["SPSC-1".into()],
        engine,
        planted: None,
        executions: 7032,
        outcomes: outcomes.iter().map(|&o| (o.to_owned(), 1)).collect::<BTreeMap<_, _>>(),
        bound,
        seconds: 0.5,
        failure,
    }
}

fn report(verdicts: Vec<Verdict>) -> Report {
    let set = || BTreeSet::from(["0 0".to_owned()]);
    let mut report = Report {
        schema: SCHEMA,
        provenance: Provenance {
            commit: "0123".into(),
            dirty: false,
            cargo_lock: "4567".into(),
            core_src: "89ab".into(),
            toolchain: "rustc 1.95.0".into(),
        },
        profile: "quick".into(),
        only: Vec::new(),
        calibration: vec![Calibrated {
            program: "litmus/SB+4sc".into(),
            family: "store buffering".into(),
            engine: Engine::Loom,
            executions: 348,
            bound: Bound::Complete,
            seconds: 0.1,
            expected: set(),
            seen: set(),
            blind: vec!["loom: SeqCst accesses".into()],
            right: true,
        }],
        verdicts,
        comparisons: Vec::new(),
        planted: vec![Hunt {
            bug: "spsc-wrap-around".into(),
            what: "positions are compared as if they never wrapped".into(),
            scenario: "spsc/positions_wrap".into(),
            engine: Engine::Shuttle,
            planted_by: "patch".into(),
            caught: true,
            said: "never reached: x".into(),
            executions: 40_000,
            seconds: 0.2,
        }],
        errors: Vec::new(),
        seconds: 1.0,
        held: false,
    };
    report.conclude();
    report
}

#[test]
fn the_shape_of_the_report() {
    let failure = Failure {
        message: "forbidden outcome: b".into(),
        execution: Some(3),
        schedule: vec!["producer   spsc/P4                store Release 1".into()],
        replay: Some("spsc/fifo@loom#3".into()),
    };
    let verdicts = vec![
        verdict(Engine::Loom, Bound::Preemptions(2), &["a"], Some(failure)),
        verdict(Engine::Shuttle, Bound::Schedules { seed: 1, executions: 2 }, &["a"], None),
    ];
    let report = report(verdicts);
    assert!(!report.held);
    insta::assert_json_snapshot!(report);
    insta::assert_snapshot!(report.to_string());
}

#[test]
fn an_outcome_that_only_the_weaker_engine_should_lack_makes_the_report_red() {
    let shuttle = || verdict(Engine::Shuttle, Bound::Runs(1), &["a", "b"], None);
    let red = report(vec![verdict(Engine::Explorer, Bound::Complete, &["a"], None), shuttle()]);
    assert!(!red.held);
    let incomparable =
        report(vec![verdict(Engine::Explorer, Bound::Executions(1), &["a"], None), shuttle()]);
    assert!(incomparable.held, "a bounded search is not comparable");
    assert_eq!(incomparable.comparisons[0].only_inner, None);
}
