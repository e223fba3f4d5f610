//! The tables of deaths: each row is a death that scenarios have, in which the survivors find what they are
//! promised.

use std::collections::{BTreeMap, BTreeSet};

use selvedge_models::{
    card::{self, Card, label},
    engine::{self, Engine, Plan},
    scenario,
};

/// Enough executions for every step of a scenario to be somebody's last.
const EXECUTIONS: u64 = 30_000;

/// Steps that no engine sees by themselves, and where a death after them is to be found.
const ELSEWHERE: [(&str, &[&str]); 10] = [
    // What nobody else can have open takes no turn.
    ("naming/C1", &["start"]),
    ("naming/C2", &["start"]),
    // A fence changes nothing that anybody could find: dead after it is dead after the step before.
    ("latest/W2", &["latest/W1", "latest/W4"]),
    ("latest/R2", &["latest/R1"]),
    ("latest/R4", &["latest/R3"]),
    ("cells/L2", &["cells/L1"]),
    // The caller's steps.
    ("registry/J2", &["permits/S2"]),
    ("registry/D1", &["mpmc/R1", "mutex/L3", "permits/A3"]),
    ("registry/D2", &["mpmc/R2", "mutex/L4", "permits/A4"]),
    ("registry/D3", &["mpmc/R1", "mutex/L3", "permits/A3"]),
];

/// Is this step of a card a notification, of which the accesses are those of `event`?
fn notifies(card: &Card, step: &str) -> bool {
    let mut lines = card.code.iter().skip_while(|line| label(line) != Some(step));
    lines.by_ref().take(4).any(|line| line.contains(".notify("))
}

/// Actors die after each access, also those that nobody else can tell.
#[test]
fn after_each_step_of_each_card_an_actor_dies_in_some_scenario_and_the_others_find_what_is_promised()
 {
    let mut met: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for entry in scenario::protocols().iter().filter(|entry| entry.info.deaths > 0) {
        let quick = Plan::quick(&entry.info, Engine::Explorer);
        let plan = Plan { after_each_access: true, executions: EXECUTIONS, spurious: 0, ..quick };
        let verdict = engine::run(entry, &plan, None).expect("it can be run");
        let failure =
            verdict.failure.filter(|failure| !failure.message.starts_with("never reached"));
        assert!(failure.is_none(), "{}: {failure:?}", entry.info.name);
        met.entry(entry.info.protocol()).or_default().extend(verdict.deaths.into_keys());
    }
    let all: BTreeSet<&str> = met.values().flatten().map(String::as_str).collect();
    let is_met = |card: &Card, step: &str| {
        let row = format!("{}/{step}", card.protocol);
        let elsewhere = ELSEWHERE.iter().find(|(step, _)| *step == row);
        all.contains(row.as_str())
            || notifies(card, step) && met[card.protocol].contains("event/N1")
            || elsewhere.is_some_and(|(_, steps)| steps.iter().all(|step| all.contains(step)))
    };
    let rows = card::all().iter().flat_map(|card| card.deaths.iter().map(move |step| (card, step)));
    let missing = rows.filter(|(card, step)| !is_met(card, step));
    let missing: Vec<String> =
        missing.map(|(card, step)| format!("{}/{step}", card.protocol)).collect();
    assert!(missing.is_empty(), "nobody died after {missing:?}");
}
