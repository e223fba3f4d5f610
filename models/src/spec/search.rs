//! The search for an order: depth first, remembering what has been in vain.

use std::collections::HashSet;

use super::{
    Spec,
    explain::{self, Refutation},
    history::{Call, History},
};

/// A step in the order that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Whose step.
    pub actor: usize,
    /// Of which of its operations.
    pub call: usize,
    /// What it does.
    pub does: &'static str,
}

/// How far an actor is: operations that are over, and steps made of the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct At {
    pub(super) calls: usize,
    pub(super) steps: usize,
}

/// How far each actor is. Together with the state, all that the rest of the search depends on.
pub(super) type Progress = Box<[At]>;

struct Frame<S: Spec> {
    progress: Progress,
    state: S::State,
    /// The step that led here.
    by: Option<Placed>,
    /// The next actor whose step is to be tried.
    next: usize,
}

pub(super) fn search<S: Spec>(history: &History<S>, spec: &S) -> Result<Vec<Placed>, Refutation> {
    let start = Frame {
        progress: vec![At::default(); history.actors.len()].into(),
        state: spec.initial(),
        by: None,
        next: 0,
    };
    let mut seen: HashSet<(Progress, S::State)> = HashSet::new();
    let mut path: Vec<Frame<S>> = vec![start];
    let mut best: (Vec<Placed>, Progress, String) = Default::default();
    while let Some(frame) = path.last_mut() {
        if frame.next == 0 && is_over(history, &frame.progress) {
            return Ok(path.iter().filter_map(|frame| frame.by).collect());
        }
        let actor = frame.next;
        if actor == history.actors.len() {
            if path.len() > best.0.len() + 1 || best.1.is_empty() {
                let frame = &path[path.len() - 1];
                let steps = path.iter().filter_map(|frame| frame.by).collect();
                best = (steps, frame.progress.clone(), format!("{:?}", frame.state));
            }
            path.pop();
            continue;
        }
        frame.next += 1;
        if let Some(next) = step(history, spec, frame, actor)
            && seen.insert((next.progress.clone(), next.state.clone()))
        {
            path.push(next);
        }
    }
    let (order, progress, state) = best;
    Err(explain::refutation(history, &order, &progress, &state))
}

/// Has every operation that returned taken its effect?
fn is_over<S: Spec>(history: &History<S>, progress: &Progress) -> bool {
    let left = history.actors.iter().zip(progress).flat_map(|(actor, at)| &actor.calls[at.calls..]);
    left.into_iter().all(|call| call.answer.is_none())
}

/// May this operation take its first step?
fn is_due<S: Spec>(call: &Call<S>, progress: &Progress) -> bool {
    call.after.iter().zip(progress).all(|(&before, at)| at.calls >= before)
}

fn step<S: Spec>(
    history: &History<S>,
    spec: &S,
    frame: &Frame<S>,
    actor: usize,
) -> Option<Frame<S>> {
    let At { calls, steps } = frame.progress[actor];
    let call = history.actors[actor].calls.get(calls)?;
    if steps == 0 && !is_due(call, &frame.progress) {
        return None;
    }
    let step = spec.step(&frame.state, call, steps)?;
    let mut progress = frame.progress.clone();
    progress[actor] =
        if step.last { At { calls: calls + 1, steps: 0 } } else { At { calls, steps: steps + 1 } };
    let by = Some(Placed { actor, call: calls, does: step.does });
    Some(Frame { progress, state: step.state, by, next: 0 })
}
