//! The names in cards, code, scenarios and tests are one set: nothing dangles, nothing is unnamed.

use std::{collections::BTreeSet, ffi::OsStr, fs, path::Path};

use selvedge_models::{
    card::{
        self, Card, label,
        ordering::{self, Ordered},
    },
    planted, scenario,
};

/// The distinct ones of `items`.
fn set<'a>(items: impl IntoIterator<Item = &'a str>) -> BTreeSet<&'a str> {
    items.into_iter().collect()
}

fn code_words(card: &Card) -> impl Iterator<Item = &str> {
    let comments = card.code.iter().filter_map(|line| Some(line.split_once("//")?.1));
    comments.flat_map(|text| text.split(|c: char| !c.is_ascii_alphanumeric()))
}

#[test]
fn every_step_of_a_card_is_labelled_in_the_code_and_the_other_way_round() {
    for card in card::all() {
        let labels = set(card.code.iter().filter_map(|line| label(line)));
        assert_eq!(labels, set(card.steps.iter().map(String::as_str)), "{}", card.protocol);
        assert!(!labels.is_empty(), "{}", card.protocol);
    }
}

#[test]
fn every_step_has_a_row_in_the_table_of_deaths() {
    for card in card::all() {
        assert_eq!(card.deaths, card.steps, "{}", card.protocol);
    }
}

#[test]
fn every_invariant_is_cited_and_every_citation_exists() {
    for card in card::all() {
        let is_invariant =
            |word: &&str| word.strip_prefix('I').is_some_and(|n| n.parse::<u32>().is_ok());
        let cited = set(code_words(card).filter(is_invariant));
        assert_eq!(cited, set(card.invariants.iter().map(String::as_str)), "{}", card.protocol);
    }
}

/// `edge NAME to X` at the releasing step, `edge NAME from X` at the acquiring one.
#[test]
fn both_ends_of_every_edge_say_its_name_and_partner() {
    for card in card::all() {
        let mut said = BTreeSet::new();
        let mut at = "";
        for line in &card.code {
            at = label(line).unwrap_or(at);
            let mentions = line.match_indices("edge ").map(|(i, word)| &line[i + word.len()..]);
            for mention in mentions.filter(|_| line.trim().starts_with("//")) {
                said.insert(format!("{at}: {}", mention.split(&[':', '.'][..]).next().unwrap()));
            }
        }
        let expected: BTreeSet<String> = (card.edges.iter())
            .flat_map(|edge| {
                let (release, acquire) = (&edge.release, &edge.acquire);
                [
                    format!("{release}: {} to {acquire}", edge.name),
                    format!("{acquire}: {} from {release}", edge.name),
                ]
            })
            .collect();
        assert_eq!(said, expected, "{}", card.protocol);
    }
}

/// An ordering that is not `Relaxed` belongs to an edge, so that weakening it is a planted bug.
#[test]
fn every_release_and_acquire_is_an_end_of_an_edge() {
    let ends = card::all().iter().flat_map(|card| {
        let ends = card.edges.iter().flat_map(|edge| [&edge.release, &edge.acquire]);
        ends.map(|step| format!("{}/{step}", card.protocol))
    });
    let strong = ordering::all().filter(|ordered| ordered.order != "Relaxed");
    let used: BTreeSet<_> = strong.map(|ordered| ordered.site).collect();
    assert_eq!(used, ends.collect());
}

/// Every access names its ordering's reason, one of the five where it is `Relaxed`.
#[test]
fn every_ordering_has_a_reason() {
    let reasons = ["own", "hint", "chain", "count", "exclusive"];
    for Ordered { site, order, why } in ordering::all() {
        let why = why.unwrap_or_else(|| panic!("{site}: nothing is said of {order}"));
        let word = why.split(|c: char| !c.is_alphabetic()).next().unwrap();
        let expected = if order == "Relaxed" { &reasons[..] } else { &["edge"] };
        assert!(expected.contains(&word), "{site}: {order}, {why}");
    }
}

#[test]
fn every_claim_has_evidence_that_exists_and_names_it_back() {
    let scenarios = scenario::protocols();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tests");
    let mut ids = BTreeSet::new();
    for claim in card::all().iter().flat_map(|card| &card.claims) {
        assert!(ids.insert(claim.id.as_str()), "{} is there twice", claim.id);
        let mut shown = false;
        for evidence in &claim.evidence {
            if let Some(test) = evidence.strip_prefix("test:") {
                let (file, function) = test.split_once('/').unwrap_or_else(|| panic!("{test}"));
                let text = fs::read_to_string(tests.join(format!("{file}.rs")));
                let text = text.unwrap_or_else(|e| panic!("{}: {test}: {e}", claim.id));
                assert!(text.contains(&format!("fn {function}(")), "{}: no {test}", claim.id);
            } else {
                let entry = scenarios.iter().find(|entry| entry.info.name == evidence);
                let entry = entry.unwrap_or_else(|| panic!("{}: no {evidence}", claim.id));
                let back = entry.info.claims.contains(&claim.id.as_str());
                assert!(back, "{evidence} does not say that it shows {}", claim.id);
                shown = true;
            }
        }
        assert!(shown, "{} is shown by no scenario", claim.id);
    }
    for entry in &scenarios {
        for id in entry.info.claims {
            let claim = card::all().iter().flat_map(|card| &card.claims).find(|c| c.id == *id);
            let claim = claim.unwrap_or_else(|| panic!("{}: no claim {id}", entry.info.name));
            let named = claim.evidence.iter().any(|evidence| evidence == entry.info.name);
            assert!(named, "{id} does not name {}", entry.info.name);
        }
    }
}

#[test]
fn scenarios_are_named_once_and_planted_bugs_name_scenarios_and_every_patch_is_planted() {
    for entry in scenario::protocols() {
        assert!(!entry.info.reach.is_empty(), "{} forbids nothing", entry.info.name);
    }
    let names: Vec<&str> = scenario::protocols().iter().map(|entry| entry.info.name).collect();
    assert_eq!(set(names.iter().copied()).len(), names.len());
    let bugs = planted::all();
    for bug in &bugs {
        assert!(names.contains(&bug.scenario.as_str()), "{}: no {}", bug.name, bug.scenario);
    }
    for patch in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/bugs")).unwrap() {
        let path = patch.unwrap().path();
        let name = path.file_stem().and_then(OsStr::to_str).expect("a name");
        assert!(bugs.iter().any(|bug| bug.name == name), "nobody applies {}", path.display());
    }
}

/// Where an engine is known to be blind, `GAPS.md` has a section that explains it.
#[test]
fn every_listed_blindness_is_explained() {
    let gaps = include_str!("../GAPS.md");
    for blind in scenario::litmus::rows().iter().flat_map(|row| row.blind) {
        let heading = format!("## {}", blind.why);
        assert!(gaps.lines().any(|line| line == heading), "GAPS.md has no section `{}`", blind.why);
    }
}
