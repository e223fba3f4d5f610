//! A segment in words.

use selvedge::{
    inspect::{Inspection, State},
    platform::Owner,
    protocol::{mutex::Condition, spsc::Claim},
    segment::AttachError,
};
use serde_json::{Value, json};

/// What was found at a name.
type Found = Result<Inspection, AttachError>;

const fn kind(state: &State) -> &'static str {
    match state {
        State::Ring { .. } => "ring",
        State::Queue { .. } => "queue",
        State::Semaphore { .. } => "semaphore",
        State::Mutex { .. } => "mutex",
        State::Permits { .. } => "permits",
        State::Latest { .. } => "latest",
        State::Cells { .. } => "cells",
        State::Signals { .. } => "signals",
        _ => "unknown",
    }
}

/// Those whom the state names.
fn named(state: &State) -> Vec<Owner> {
    match state {
        State::Ring { ends, .. } => {
            let owner =
                |end: &Claim| if let Claim::Owned(owner) = end { Some(*owner) } else { None };
            ends.iter().filter_map(owner).collect()
        }
        State::Queue { claims, .. } => claims.clone(),
        State::Mutex { holder, .. } => holder.iter().copied().collect(),
        State::Permits { holders, .. } => holders.clone(),
        _ => Vec::new(),
    }
}

/// Those of them who are dead.
fn dead(found: &Inspection) -> Vec<Owner> {
    let mut dead = named(&found.state);
    dead.retain(|owner| !found.lives(*owner));
    dead.sort();
    dead.dedup();
    dead
}

fn fill(found: &Inspection) -> String {
    match &found.state {
        State::Ring { records, .. } | State::Queue { records, .. } => {
            format!("{records} of {}", found.elements)
        }
        State::Semaphore { free, max, .. } => format!("{free} of {max} free"),
        State::Permits { holders, .. } => {
            format!(
                "{} of {} free",
                found.elements.saturating_sub(holders.len() as u64),
                found.elements
            )
        }
        State::Mutex { holder, condition, .. } => {
            let held = if holder.is_some() { "held" } else { "free" };
            match condition {
                Condition::Consistent => held.into(),
                _ => format!("{held}, {}", word(*condition)),
            }
        }
        State::Latest { version } => format!("version {version}"),
        State::Cells { .. } => format!("{} cells", found.elements),
        State::Signals { pending, .. } => format!("{} pending", pending.iter().count()),
        _ => "?".into(),
    }
}

/// What waits to be received.
pub(super) fn records(found: &Inspection) -> u64 {
    match found.state {
        State::Signals { pending, .. } => pending.iter().count() as u64,
        State::Ring { ends: [_, Claim::Closed], .. } => 0,
        State::Ring { records, .. } | State::Queue { records, .. } => records,
        _ => 0,
    }
}

/// Who waits at all of them, registered by words that may be anything.
pub(super) fn waiters(all: &[&Inspection]) -> u64 {
    let at = |found: &&Inspection| match &found.state {
        State::Ring { waiters, .. } | State::Queue { waiters, .. } => waiters.to_vec(),
        State::Semaphore { waiters, .. }
        | State::Mutex { waiters, .. }
        | State::Permits { waiters, .. }
        | State::Signals { waiters, .. } => vec![*waiters],
        _ => Vec::new(),
    };
    all.iter().flat_map(at).map(u64::from).sum()
}

const fn word(condition: Condition) -> &'static str {
    match condition {
        Condition::Consistent => "consistent",
        Condition::Inconsistent => "inconsistent",
        Condition::Unrecoverable => "unrecoverable",
    }
}

/// How many owners live, in all of them, and how many do not.
pub(super) fn owners(all: &[&Inspection]) -> String {
    let alive: usize = all.iter().map(|found| found.living.len()).sum();
    match all.iter().map(|found| dead(found).len()).sum() {
        0 => format!("{alive} alive"),
        dead => format!("{alive} alive, {dead} dead"),
    }
}

/// The columns of a line.
pub(super) fn in_a_line(name: &str, found: &Found) -> [String; 7] {
    let found = match found {
        Ok(found) => found,
        Err(error) => {
            let mut row = [const { String::new() }; 7];
            (row[0], row[1], row[6]) = (name.into(), "foreign".into(), error.to_string());
            return row;
        }
    };
    [
        name.into(),
        kind(&found.state).into(),
        found.size.to_string(),
        fill(found),
        owners(&[found]),
        waiters(&[found]).to_string(),
        if found.in_use { "in use".into() } else { "nobody".into() },
    ]
}

fn end(claim: Claim, found: &Inspection) -> Value {
    match claim {
        Claim::Vacant => json!("vacant"),
        Claim::Abandoned => json!("abandoned"),
        Claim::Closed => json!("closed"),
        Claim::Owned(owner) => holder(owner, found),
    }
}

fn holder(owner: Owner, found: &Inspection) -> Value {
    json!({ "owner": owner.0, "lives": found.lives(owner) })
}

/// All that was found.
pub(super) fn in_full(name: &str, found: &Found) -> Value {
    let found = match found {
        Ok(found) => found,
        Err(error) => return json!({ "name": name, "error": error.to_string() }),
    };
    let all =
        |owners: &[Owner]| owners.iter().map(|owner| holder(*owner, found)).collect::<Vec<_>>();
    let state = match &found.state {
        State::Ring { ends: [producer, consumer], records, waiters: [producers, consumers] } => {
            json!({
                "producer": end(*producer, found),
                "consumer": end(*consumer, found),
                "records": records,
                "producers_waiting": producers,
                "consumers_waiting": consumers,
            })
        }
        State::Queue { records, claims, waiters: [producers, consumers] } => json!({
            "records": records,
            "claims": all(claims),
            "producers_waiting": producers,
            "consumers_waiting": consumers,
        }),
        State::Semaphore { free, max, waiters } => {
            json!({ "free": free, "max": max, "waiting": waiters })
        }
        State::Mutex { holder: owner, condition, waiters } => json!({
            "holder": owner.map(|owner| holder(owner, found)),
            "condition": word(*condition),
            "waiting": waiters,
        }),
        State::Permits { holders, waiters } => {
            json!({ "holders": all(holders), "waiting": waiters })
        }
        State::Latest { version } => json!({ "version": version }),
        State::Cells { values } => json!({ "values": values }),
        State::Signals { pending, waiters } => {
            json!({ "pending": pending.iter().collect::<Vec<_>>(), "waiting": waiters })
        }
        _ => Value::Null,
    };
    json!({
        "name": name,
        "kind": kind(&found.state),
        "protocol": found.protocol.to_string(),
        "record": {
            "name": found.record.id.to_string(),
            "bytes": found.record.size,
            "alignment": found.record.alignment,
        },
        "elements": found.elements,
        "bytes": found.size,
        "in_use": found.in_use,
        "registry": {
            "slots": found.owners,
            "living": found.living.iter().map(|owner| owner.0).collect::<Vec<_>>(),
        },
        "state": state,
    })
}

/// Prints it, a line a thing, what belongs together below each other.
pub(super) fn print(all: &Value) {
    fn lines(value: &Value, indent: usize) {
        let Value::Object(fields) = value else { return };
        for (key, value) in fields {
            let key = format!("{:indent$}{}", "", key.replace('_', " "));
            match value {
                Value::Object(_) => {
                    println!("{key}:");
                    lines(value, indent + 2);
                }
                Value::String(text) => println!("{key}: {text}"),
                value => println!("{key}: {value}"),
            }
        }
    }
    lines(all, 0);
}
