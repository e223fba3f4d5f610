//! What processes hold that has no name, in words.

use std::collections::BTreeMap;

use comfy_table::{Table, presets::NOTHING};
use selvedge::{
    inspect::State,
    protocol::spsc::Claim,
    segment::{Object, SpscRing},
    socket::local::{SERVER, server_of},
};
use serde_json::{Value, json};

use crate::{
    Done, describe,
    held::{Held, Holder, Survey},
};

type Pipe = SpscRing<u8>;

/// What is shown together: a segment; or the two pipes of a connection, the one first into which the process with the
/// lower pid writes, if that is known.
type Row = Vec<Held>;

/// Prints what processes hold: any, or one of these.
pub(super) fn run(pids: &[u32], json: bool) -> Done {
    let Survey { held, hidden } = Survey::make().map_err(|error| format!("/proc: {error}"))?;
    let is_asked_for =
        |held: &Held| pids.is_empty() || pids.iter().any(|pid| held.holders.contains_key(pid));
    let rows = rows(held.into_values().filter(is_asked_for));
    if json {
        println!("{}", rows.iter().map(|row| in_full(row)).collect::<Value>());
    } else {
        let mut table = Table::new();
        table
            .load_preset(NOTHING)
            .set_header(["KIND", "BYTES", "FILL", "OWNERS", "WAITERS", "HELD BY"])
            .add_rows(rows.iter().map(|row| in_a_line(row)));
        println!("{table}");
    }
    match hidden {
        0 => {}
        1 => eprintln!("selvedge: 1 process may not be looked at"),
        _ => eprintln!("selvedge: {hidden} processes may not be looked at"),
    }
    Ok(())
}

/// By the pids of those who hold what is in them.
fn rows(all: impl Iterator<Item = Held>) -> Vec<Row> {
    let mut between = BTreeMap::<_, Row>::new();
    for held in all {
        between.entry(pair(&held)).or_default().push(held);
    }
    let mut rows = Vec::new();
    for (pair, mut held) in between {
        if pair.is_some() && is_connection(&held) {
            if leads_forth(&held[0]) == Some(false) || leads_forth(&held[1]) == Some(true) {
                held.reverse();
            }
            rows.push(held);
        } else {
            rows.extend(held.into_iter().map(|one| vec![one]));
        }
    }
    rows.sort_by_cached_key(|row| row[0].holders.keys().copied().collect::<Vec<_>>());
    rows
}

/// Of a pipe that two processes hold: what it is called, and who they are.
fn pair(held: &Held) -> Option<(String, [u32; 2])> {
    let found = held.found.as_ref().ok()?;
    let is_pipe = found.protocol == Pipe::PROTOCOL && found.record == Pipe::RECORD;
    let pids: Vec<_> = held.holders.keys().copied().collect();
    let pair = pids.try_into().ok().filter(|_| is_pipe)?;
    Some((held.name.clone(), pair))
}

/// Are these pipes of one name, between the same two processes, the two of a connection? Not if they are known to lead
/// the same way; of more than two it cannot be told which belong together.
fn is_connection(pipes: &[Held]) -> bool {
    let [one, other] = pipes else { return false };
    leads_forth(one).is_none_or(|way| leads_forth(other) != Some(way))
}

/// Does the first of a pipe's holders write into it? That is known while either end has an owner.
fn leads_forth(pipe: &Held) -> Option<bool> {
    let State::Ring { ends, .. } = pipe.found.as_ref().ok()?.state else { return None };
    let [writer, reader] = ends.map(|end| {
        let Claim::Owned(owner) = end else { return None };
        pipe.holders.iter().position(|(pid, holder)| match server_of(&pipe.name) {
            Some(server) => (*pid == server) == (owner == SERVER),
            None => holder.owners.contains(&owner.0),
        })
    });
    writer.map(|nth| nth == 0).or_else(|| reader.map(|nth| nth != 0))
}

fn ways_are_known(row: &[Held]) -> bool {
    row.iter().any(|pipe| leads_forth(pipe).is_some())
}

/// The columns of a line.
fn in_a_line(row: &[Held]) -> [String; 6] {
    let named = |(pid, Holder { command, .. }): (&u32, &Holder)| format!("{command} {pid}");
    let held_by = row[0].holders.iter().map(named).collect::<Vec<_>>().join(", ");
    let found: Vec<_> = row.iter().flat_map(|held| &held.found).collect();
    if let [one, other] = found[..] {
        let [there, back] = [one, other].map(describe::records);
        // Who has a lifeline takes no lock, and is no less alive.
        let is_locked = found.iter().any(|pipe| !pipe.living.is_empty());
        return [
            "connection".into(),
            (one.size + other.size).to_string(),
            if ways_are_known(row) {
                format!("{there} forth, {back} back")
            } else {
                format!("{there} and {back}")
            },
            if is_locked { describe::owners(&found) } else { String::new() },
            describe::waiters(&found).to_string(),
            held_by,
        ];
    }
    let [_, kind, bytes, fill, owners, waiters, why] =
        describe::in_a_line(&row[0].name, &row[0].found);
    let held_by = if found.is_empty() { format!("{held_by}: {why}") } else { held_by };
    [kind, bytes, fill, owners, waiters, held_by]
}

/// All that was found.
fn in_full(row: &[Held]) -> Value {
    match row {
        [one, other] => {
            let from = |nth: usize| ways_are_known(row).then(|| row[0].holders.keys().nth(nth));
            let pipe = |pipe, nth| {
                let mut all = segment(pipe);
                all["from"] = json!(from(nth));
                all
            };
            json!({ "kind": "connection", "pipes": [pipe(one, 0), pipe(other, 1)] })
        }
        _ => segment(&row[0]),
    }
}

fn segment(held: &Held) -> Value {
    let mut all = describe::in_full(&held.name, &held.found);
    let fields = all.as_object_mut().expect("it has a name");
    // That is known of named ones alone.
    fields.shift_remove("in_use");
    fields.insert("inode".into(), held.inode.into());
    let holder = |(pid, Holder { command, owners }): (&u32, &Holder)| json!({ "pid": pid, "command": command, "owners": owners });
    fields.insert("processes".into(), held.holders.iter().map(holder).collect());
    all
}
