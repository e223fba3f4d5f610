//! The protocols' cards, read from their source: what a site is called, and what is promised.

pub mod ordering;

use std::{ops::RangeInclusive, panic::Location, sync::LazyLock};

/// A file of a protocol's source; its first file has the card.
struct Source {
    protocol: &'static str,
    file: &'static str,
    text: &'static str,
}

/// Names a file of `core/src/protocol` and takes its text in.
macro_rules! source {
    ($protocol:literal, $file:literal) => {
        Source {
            protocol: $protocol,
            file: concat!("core/src/protocol/", $file),
            text: include_str!(concat!("../../core/src/protocol/", $file)),
        }
    };
}

const SOURCES: [Source; 15] = [
    source!("cells", "cells.rs"),
    source!("event", "event.rs"),
    source!("latest", "latest.rs"),
    source!("mpmc", "mpmc.rs"),
    source!("mpmc", "mpmc/producer.rs"),
    source!("mpmc", "mpmc/consumer.rs"),
    source!("mutex", "mutex.rs"),
    source!("naming", "naming.rs"),
    source!("permits", "permits.rs"),
    source!("registry", "registry.rs"),
    source!("semaphore", "semaphore.rs"),
    source!("signals", "signals.rs"),
    source!("spsc", "spsc.rs"),
    source!("spsc", "spsc/producer.rs"),
    source!("spsc", "spsc/consumer.rs"),
];

/// A pair of steps that orders what came before the one with what comes after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Its name, unique in its protocol.
    pub name: String,
    /// The releasing step.
    pub release: String,
    /// The acquiring step.
    pub acquire: String,
    /// The scenario that fails without it.
    pub scenario: String,
}

/// A promise and what shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Its id, unique in the project.
    pub id: String,
    /// What is promised.
    pub promise: String,
    /// Scenarios (`protocol/name`) and tests (`test:file/function`).
    pub evidence: Vec<String>,
}

/// What a protocol's card says.
#[derive(Clone, Debug)]
pub struct Card {
    /// The protocol.
    pub protocol: &'static str,
    /// The steps, in the order of the card.
    pub steps: Vec<String>,
    /// The invariants.
    pub invariants: Vec<String>,
    /// The edges.
    pub edges: Vec<Edge>,
    /// The steps of which the card says what a death leaves behind.
    pub deaths: Vec<String>,
    /// The promises.
    pub claims: Vec<Claim>,
    /// The code, without the card.
    pub code: Vec<&'static str>,
}

/// Every protocol's card.
pub fn all() -> &'static [Card] {
    static CARDS: LazyLock<Vec<Card>> =
        LazyLock::new(|| SOURCES.chunk_by(|a, b| a.protocol == b.protocol).map(parse).collect());
    &CARDS
}

fn parse(files: &[Source]) -> Card {
    let is_head = |line: &&str| line.starts_with("//!");
    let head = files[0].text.lines().take_while(is_head);
    let card: Vec<&str> = head.map(|line| &line["//!".len()..]).collect();
    let code = files.iter().flat_map(|file| file.text.lines().skip_while(is_head)).collect();
    let first = |heading| rows(&card, heading).into_iter().map(|row| row[0].clone()).collect();
    let invariants = section(&card, "Invariants").filter_map(|line| line.strip_prefix("- `"));
    Card {
        protocol: files[0].protocol,
        steps: first("Steps"),
        invariants: invariants.filter_map(|l| Some(l.split_once('`')?.0.to_owned())).collect(),
        edges: (rows(&card, "Edges").into_iter())
            .map(|row| Edge {
                name: row[0].clone(),
                release: row[1].clone(),
                acquire: row[2].clone(),
                scenario: row[4].clone(),
            })
            .collect(),
        deaths: first("If a process dies"),
        claims: (rows(&card, "Guarantees").into_iter())
            .map(|row| Claim {
                id: row[0].clone(),
                promise: row[1].clone(),
                evidence: row[2].split(", ").map(|name| name.replace('`', "")).collect(),
            })
            .collect(),
        code,
    }
}

/// The lines of a section of a card.
fn section<'a>(card: &'a [&'a str], heading: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = card.iter().map(|line| line.trim());
    let mut lines = lines.skip_while(move |line| line.strip_prefix("## ") != Some(heading));
    lines.next();
    lines.take_while(|line| !line.starts_with("## "))
}

/// The cells of a section's table, without its head; backticks around a whole cell are dropped.
fn rows(card: &[&str], heading: &str) -> Vec<Vec<String>> {
    let table = section(card, heading).filter(|line| line.starts_with('|')).skip(2);
    let cell = |cell: &str| match cell.trim().strip_prefix('`').and_then(|c| c.strip_suffix('`')) {
        Some(name) if !name.contains('`') => name.to_owned(),
        _ => cell.trim().to_owned(),
    };
    table.map(|line| line.trim_matches('|').split('|').map(cell).collect()).collect()
}

/// The label at the start of a comment: `// A2  ORDERING: …`.
pub fn label(line: &str) -> Option<&str> {
    let comment = line.trim().strip_prefix("// ")?;
    let (label, _) = comment.split_once("  ")?;
    let (letter, digits) = label.split_at_checked(1)?;
    let is_label = letter.bytes().all(|b| b.is_ascii_uppercase())
        && !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit());
    is_label.then_some(label)
}

/// The lines that a label speaks for: from its comment to the next one, or the function's end.
fn labelled(source: &Source) -> Vec<(&'static str, RangeInclusive<u32>)> {
    let mut found: Vec<(&str, RangeInclusive<u32>)> = Vec::new();
    let mut open = None;
    let lines: Vec<&str> = source.text.lines().collect();
    for (line, number) in lines.iter().zip(1..) {
        let ends = line.contains("fn ") || line.trim().starts_with("// ORDERING:");
        if label(line).is_some() || ends {
            if let Some((label, start)) = open.take() {
                found.push((label, start..=number - 1));
            }
            open = label(line).map(|label| (label, number));
        }
    }
    found.extend(open.map(|(label, start)| (label, start..=u32::MAX)));
    found
}

fn places() -> &'static [(&'static Source, &'static str, RangeInclusive<u32>)] {
    static PLACES: LazyLock<Vec<(&Source, &str, RangeInclusive<u32>)>> = LazyLock::new(|| {
        let all = SOURCES.iter().flat_map(|source| {
            labelled(source).into_iter().map(move |(label, lines)| (source, label, lines))
        });
        all.collect()
    });
    &PLACES
}

/// Where a step's accesses stand.
#[derive(Clone, Debug)]
pub struct Place(Vec<(&'static str, RangeInclusive<u32>)>);

impl Place {
    /// Is this site one of them?
    pub fn contains(&self, site: &Location<'_>) -> bool {
        self.0
            .iter()
            .any(|(file, lines)| lines.contains(&site.line()) && site.file().ends_with(file))
    }
}

/// Where the accesses of a step, called `protocol/label`, stand.
pub fn place(step: &str) -> Option<Place> {
    let (protocol, label) = step.split_once('/')?;
    let mine =
        places().iter().filter(|(source, name, _)| source.protocol == protocol && *name == label);
    let lines: Vec<_> = mine.map(|(source, _, lines)| (source.file, lines.clone())).collect();
    (!lines.is_empty()).then_some(Place(lines))
}

/// The step that a line belongs to, called `protocol/label`. `file` is a path that ends as the source's does.
pub fn step_at(file: &str, line: u32) -> Option<String> {
    let (source, label, _) = places()
        .iter()
        .find(|(source, _, lines)| lines.contains(&line) && file.ends_with(source.file))?;
    Some(format!("{}/{label}", source.protocol))
}

/// A site's public name: protocol and step, or file and line where a site has no label.
pub fn site(location: &Location<'_>) -> String {
    step_at(location.file(), location.line()).unwrap_or_else(|| {
        let file = location.file().rsplit('/').next().unwrap_or_default();
        format!("{file}:{}", location.line())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_belongs_to_the_step_whose_label_stands_above_it_and_to_none_outside_a_step() {
        for source in &SOURCES {
            let path = format!("/somewhere/{}", source.file);
            for (line, number) in source.text.lines().zip(1..) {
                if let Some(label) = label(line) {
                    let step = format!("{}/{label}", source.protocol);
                    assert_eq!(step_at(&path, number + 1), Some(step));
                }
            }
            assert_eq!(step_at(&path, 1), None);
        }
        assert_eq!(step_at("core/src/protocol.rs", 1), None);
    }
}
