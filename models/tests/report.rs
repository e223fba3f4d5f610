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
        deaths: BTreeMap::new(),
        outcomes: outcomes.iter().map(|&o| (o.to_owned(), 1)).collect::<BTreeMap<_, _>>(),
        bound,
        shard: None,
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
        shard: None,
        interrupted: false,
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
        schedule: vec!["   producer".into(), "1  spsc/P4 store rel 1".into()],
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

/// The whole report of a campaign, as its shards say it, one outcome each.
fn shard(index: u32, outcome: &str, executions: u64) -> Report {
    let part = Some(format!("{index}/2").parse().expect("a shard"));
    let verdict = Verdict {
        shard: part,
        executions,
        ..verdict(Engine::Explorer, Bound::Spurious(1), &[outcome], None)
    };
    let mut report = report(vec![verdict]);
    report.shard = part;
    report.conclude();
    report
}

const FIFO: [&str; 3] = ["pushed 2, popped []", "pushed 2, popped [1]", "pushed 2, popped [1, 2]"];

#[test]
fn merged_shards_are_the_whole_and_only_then_is_something_missed() {
    let mut second = shard(2, FIFO[1], 20);
    second.verdicts[0].outcomes.insert(FIFO[2].into(), 1);
    let whole = Report::merge(vec![shard(1, FIFO[0], 10), second]).expect("both are there");
    assert!(whole.held && whole.shard.is_none(), "{whole}");
    let verdict = &whole.verdicts[0];
    assert_eq!((verdict.executions, &verdict.bound), (30, &Bound::Spurious(1)));
    let missed = Report::merge(vec![shard(1, FIFO[0], 10), shard(2, FIFO[1], 20)]);
    let missed = missed.expect("both are there");
    assert_eq!(
        missed.verdicts[0].failure.as_ref().unwrap().message,
        format!("never reached: {}", FIFO[2])
    );
}

#[test]
fn an_interrupted_shard_makes_the_whole_incomplete() {
    let mut cut = shard(2, FIFO[1], 20);
    cut.interrupted = true;
    cut.verdicts[0].bound = Bound::Interrupted;
    let whole = Report::merge(vec![shard(1, FIFO[0], 10), cut]).expect("both are there");
    assert_eq!((whole.held, &whole.verdicts[0].bound), (false, &Bound::Interrupted));
}

#[test]
fn what_is_not_all_shards_of_one_campaign_is_not_merged() {
    let refused = |reports| Report::merge(reports).expect_err("they do not fit");
    let first = || shard(1, FIFO[0], 10);
    assert_eq!(refused(vec![first()]), "shard 2/2 is there 0 times, not once");
    assert_eq!(refused(vec![first(), first()]), "shard 1/2 is there 2 times, not once");
    assert_eq!(refused(vec![report(Vec::new())]), "a report of a whole run has no other part");
    let mut other = shard(2, FIFO[1], 20);
    other.provenance.commit = "89ab".into();
    assert_eq!(refused(vec![first(), other]), "the reports are of different sources or campaigns");
}
