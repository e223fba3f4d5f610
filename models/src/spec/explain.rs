//! Why a history is refused, in few lines.

use std::fmt;

use super::{
    Spec,
    history::History,
    search::{Placed, Progress},
};

/// How far the best attempt to put a history in order came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refutation(String);

impl fmt::Display for Refutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// So many steps of the best attempt are shown: the end is where it went wrong.
const SHOWN: usize = 16;

pub(super) fn refutation<S: Spec>(
    history: &History<S>,
    order: &[Placed],
    progress: &Progress,
    state: &str,
) -> Refutation {
    let name = |actor: usize| &*history.actors[actor].name;
    let width = history.actors.iter().map(|actor| actor.name.len()).max().unwrap_or(0);
    let skipped = order.len().saturating_sub(SHOWN);
    let mut lines =
        vec!["not linearizable; the longest order that explains the answers:".to_owned()];
    if skipped > 0 {
        lines.push(format!("  ({skipped} earlier steps)"));
    }
    for Placed { actor, call, does } in &order[skipped..] {
        let call = &history.actors[*actor].calls[*call];
        lines.push(format!("  {:<width$}  {does:<9}  {call}", name(*actor)));
    }
    lines.push(format!("after which the state is {state}, and none of these can go on:"));
    for (actor, at) in progress.iter().enumerate() {
        if let Some(call) = history.actors[actor].calls.get(at.calls) {
            let waits = at.steps == 0
                && call.after.iter().zip(progress).any(|(&before, at)| at.calls < before);
            let why = if waits { "  (others come before it)" } else { "" };
            lines.push(format!("  {:<width$}  {call}{why}", name(actor)));
        }
    }
    Refutation(lines.join("\n"))
}
