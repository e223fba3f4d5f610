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
    /// The next move to be tried: each of the three for each actor.
    next: usize,
}

/// The ways to go on, for each actor.
const MOVES: [Move; 3] = [Move::Step, Move::Death, Move::Undoing];

/// What comes next.
#[derive(Clone, Copy)]
enum Move {
    /// An operation's next step.
    Step,
    /// The death of its process.
    Death,
    /// What a dead process's operation has left is undone by survivors.
    Undoing,
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
        let (kind, actor) = (frame.next / history.actors.len(), frame.next % history.actors.len());
        let Some(kind) = MOVES.get(kind) else {
            if path.len() > best.0.len() + 1 || best.1.is_empty() {
                let frame = &path[path.len() - 1];
                let steps = path.iter().filter_map(|frame| frame.by).collect();
                best = (steps, frame.progress.clone(), format!("{:?}", frame.state));
            }
            path.pop();
            continue;
        };
        frame.next += 1;
        if let Some(next) = go(history, spec, frame, *kind, actor)
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

/// May this operation take its first step? What comes before it is over; and who knows of a death finds what that
/// has left undone.
fn is_due<S: Spec>(history: &History<S>, spec: &S, frame: &Frame<S>, call: &Call<S>) -> bool {
    let before = history.actors.iter().zip(&frame.progress).zip(&call.after);
    before.into_iter().all(|((actor, at), after)| {
        let undone = || match actor.last_words() {
            Some(left) if *after == actor.calls.len() && spec.clears(call, left) => {
                spec.undo(&frame.state, left).is_none()
            }
            _ => true,
        };
        at.calls >= *after && undone()
    })
}

fn go<S: Spec>(
    history: &History<S>,
    spec: &S,
    frame: &Frame<S>,
    kind: Move,
    actor: usize,
) -> Option<Frame<S>> {
    let At { calls, steps } = frame.progress[actor];
    let all = &history.actors[actor];
    let over = At { calls: calls + 1, steps: 0 };
    let (call, does, state, at) = match kind {
        Move::Step => {
            let call = all.calls.get(calls)?;
            if steps == 0 && !is_due(history, spec, frame, call) {
                return None;
            }
            let step = spec.step(&frame.state, call, steps)?;
            let at = if step.last { over } else { At { calls, steps: steps + 1 } };
            (calls, step.does, step.state, at)
        }
        Move::Death => {
            all.last_words().filter(|_| calls + 1 == all.calls.len())?;
            (calls, "dies", frame.state.clone(), over)
        }
        Move::Undoing => {
            let call = all.last_words().filter(|_| calls == all.calls.len())?;
            (calls - 1, "is undone", spec.undo(&frame.state, call)?, frame.progress[actor])
        }
    };
    let mut progress = frame.progress.clone();
    progress[actor] = at;
    Some(Frame { progress, state, by: Some(Placed { actor, call, does }), next: 0 })
}
