//! Records that workers push and pop, and the account of them: every record whose push returned is
//! delivered once, or was in flight with a dead consumer; each of those may take one along.

use std::collections::HashSet;

use super::{Desk, Life, Settled};
use crate::{Tick, deaths::Harm};

/// What a worker is in the middle of.
pub(super) const JOINING: u64 = 1;
pub(super) const PUSHING: u64 = 2;
pub(super) const POPPING: u64 = 3;
pub(super) const CLOSING: u64 = 4;
pub(super) const OPERATIONS: &[&str] = &["joining", "pushing", "popping", "closing"];

/// A record's number: its life's, then its own. No survivor's has one of these.
const fn number(life: u64, n: u64) -> u64 {
    life << 40 | n
}

/// A worker pushes its next record. `push` says whether it did.
pub(super) fn push(desk: &Desk<'_>, push: impl FnOnce(Tick) -> bool) {
    let (pushed, _) = desk.counted();
    desk.begin(pushed + 1);
    desk.inside(PUSHING);
    if push(Tick::nth(number(desk.life, pushed))) {
        desk.end(pushed + 1);
    }
    desk.inside(0);
}

/// A worker pops a record, if there is one.
pub(super) fn pop(desk: &Desk<'_>, pop: impl FnOnce() -> Option<Tick>) {
    desk.inside(POPPING);
    if let Some(tick) = pop() {
        assert_eq!(tick, Tick::nth(tick.seq), "a torn record");
        desk.list(tick.seq);
    }
    desk.inside(0);
}

/// All that was pushed is delivered, or is `left`, but for what dead consumers may have.
pub(super) fn account(lives: &[Life<'_>], left: Vec<u64>) -> Result<Settled, Harm> {
    let mut delivered = HashSet::new();
    let lists = lives.iter().map(|life| life.desk.entries().collect()).chain([left]);
    for list in lists.collect::<Vec<Vec<u64>>>() {
        // Each producer's in its order.
        let mut next = vec![0; lives.len()];
        for seq in list {
            let (life, n) = (seq >> 40, seq & ((1 << 40) - 1));
            // A record that was being pushed is delivered, or not.
            let begun = lives.get(life as usize).map_or(0, |life| life.desk.counted().1);
            if n >= begun {
                return Err(Harm::Corrupt(format!("record {n} of life {life}, who pushed none")));
            }
            if !delivered.insert(seq) {
                return Err(Harm::Doubled(format!("record {n} of life {life}")));
            }
            if n < next[life as usize] {
                return Err(Harm::Corrupt(format!("record {n} of life {life} out of order")));
            }
            next[life as usize] = n + 1;
        }
    }
    let pushed =
        lives.iter().flat_map(|life| (0..life.desk.counted().0).map(|n| number(life.desk.life, n)));
    let (mut done, mut lost) = (delivered.len() as u64, 0);
    for seq in pushed {
        done += 1;
        lost += u64::from(!delivered.contains(&seq));
    }
    let dead = lives.iter().filter(|life| life.killed && life.desk.operation() == POPPING);
    let most = dead.count() as u64;
    if lost > most {
        return Err(Harm::Lost(format!("{lost} records, with {most} dead consumers")));
    }
    Ok(Settled { done, lost })
}
