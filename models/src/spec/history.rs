//! Histories: who called what, with which answer, and what came before what.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Judgement, Placed, Refutation, Spec, search};

/// An operation of a history.
pub struct Call<S: Spec + ?Sized> {
    /// Its number, unique in its history.
    pub id: usize,
    /// What was asked.
    pub op: S::Op,
    /// What was answered; `None` if the operation has not returned.
    pub answer: Option<S::Answer>,
    /// For each actor, how many of its operations had returned before this one was called.
    pub(super) after: Vec<usize>,
}

impl<S: Spec + ?Sized> Clone for Call<S> {
    fn clone(&self) -> Self {
        Self { id: self.id, op: self.op, answer: self.answer, after: self.after.clone() }
    }
}

impl<S: Spec + ?Sized> fmt::Display for Call<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.answer {
            Some(answer) => write!(f, "{}: {answer}", self.op),
            None => write!(f, "{}, which did not return", self.op),
        }
    }
}

/// One actor's operations, one after the other.
pub(super) struct Actor<S: Spec + ?Sized> {
    pub(super) name: String,
    pub(super) calls: Vec<Call<S>>,
    /// It died: the last of its calls took effect before that, or never will.
    pub(super) dead: bool,
}

impl<S: Spec + ?Sized> Actor<S> {
    /// The call that it died in.
    pub(super) fn last_words(&self) -> Option<&Call<S>> {
        self.calls.last().filter(|call| self.dead && call.answer.is_none())
    }
}

/// The operations of some actors on one object.
pub struct History<S: Spec> {
    pub(super) actors: Vec<Actor<S>>,
}

impl<S: Spec> fmt::Debug for History<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for actor in &self.actors {
            let calls: Vec<String> = actor.calls.iter().map(ToString::to_string).collect();
            map.entry(&actor.name, &calls);
        }
        map.finish()
    }
}

/// An operation with the moments of its call and its return, on a clock that all actors share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped<O, A> {
    /// The moment of its call.
    pub start: u64,
    /// The moment of its return; no two moments are equal.
    pub end: u64,
    /// What was asked.
    pub op: O,
    /// What was answered.
    pub answer: A,
}

/// One actor's operations, stamped, each in its order.
pub type Calls<S> = Vec<Stamped<<S as Spec>::Op, <S as Spec>::Answer>>;

impl<S: Spec> History<S> {
    /// A history in which nothing happens, of actors with these names.
    pub fn of(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let actor = |name: _| Actor { name: Into::into(name), calls: Vec::new(), dead: false };
        Self { actors: names.into_iter().map(actor).collect() }
    }

    /// The history of actors with these names and operations.
    pub fn stamped(actors: &[(&str, Calls<S>)]) -> Self {
        let mut history = Self::of(actors.iter().map(|(name, _)| *name));
        for (actor, (_, calls)) in actors.iter().enumerate() {
            for call in calls {
                let before = |(_, other): &(_, Calls<S>)| {
                    other.partition_point(|other| other.end < call.start)
                };
                history.call(actor, call.op, actors.iter().map(before).collect());
                history.answer(actor, call.answer);
            }
        }
        history
    }

    /// `actor` calls an operation; `after` says how many of each actor's had returned before.
    pub fn call(&mut self, actor: usize, op: S::Op, after: Vec<usize>) {
        let id = self.len();
        self.actors[actor].calls.push(Call { id, op, answer: None, after });
    }

    /// The last operation that `actor` called returns.
    ///
    /// # Panics
    /// If it called none.
    pub fn answer(&mut self, actor: usize, answer: S::Answer) {
        let last = self.actors[actor].calls.last_mut().expect("it has called something");
        last.answer = Some(answer);
    }

    /// `actor` has died. Who is told of that comes after whatever it did.
    pub fn death(&mut self, actor: usize) {
        self.actors[actor].dead = true;
    }

    /// The number of `actor`'s operations.
    pub fn calls(&self, actor: usize) -> usize {
        self.actors[actor].calls.len()
    }

    /// The number of operations.
    pub fn len(&self) -> usize {
        self.actors.iter().map(|actor| actor.calls.len()).sum()
    }

    /// Is there no operation?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The distinct refusals, in the order of their words.
    pub fn refusals(&self) -> Vec<String> {
        let mut refusals: Vec<String> = (self.answers())
            .filter(|(_, answer)| S::refuses(answer))
            .map(|(_, answer)| answer.to_string())
            .collect();
        refusals.sort();
        refusals.dedup();
        refusals
    }

    fn answers(&self) -> impl Iterator<Item = (usize, S::Answer)> {
        let calls = self.actors.iter().flat_map(|actor| &actor.calls);
        calls.filter_map(|call| Some((call.id, call.answer?)))
    }

    /// An order that explains all answers.
    ///
    /// # Errors
    /// If there is none, how far the best attempt came.
    pub fn linearize(&self, spec: &S) -> Result<Vec<Placed>, Refutation> {
        search::search(self, spec)
    }

    /// The same history, to be held against another spec.
    pub fn held_against<T>(&self) -> History<T>
    where
        T: Spec<Op = S::Op, Answer = S::Answer>,
    {
        let call = |call: &Call<S>| Call {
            id: call.id,
            op: call.op,
            answer: call.answer,
            after: call.after.clone(),
        };
        let actor = |actor: &Actor<S>| Actor {
            name: actor.name.clone(),
            calls: actor.calls.iter().map(call).collect(),
            dead: actor.dead,
        };
        History { actors: self.actors.iter().map(actor).collect() }
    }

    /// Is there an order that explains all answers, or at least each refusal?
    pub fn judge(&self, spec: &S) -> Judgement {
        let Err(refutation) = self.linearize(spec) else { return Judgement::Linearizable };
        let refusals = self.answers().filter(|(_, answer)| S::refuses(answer));
        let refusals: Vec<usize> = refusals.map(|(id, _)| id).collect();
        if refusals.len() < 2 {
            return Judgement::Refuted(refutation);
        }
        for kept in refusals.iter().copied() {
            let apart = self.without(|id| id != kept && refusals.contains(&id));
            if let Err(refutation) = apart.linearize(spec) {
                return Judgement::Refuted(refutation);
            }
        }
        Judgement::EachRefusalApart
    }

    /// This history without the operations whose numbers are `dropped`.
    fn without(&self, dropped: impl Fn(usize) -> bool) -> Self {
        let kept = |actor: usize, first: usize| {
            self.actors[actor].calls[..first].iter().filter(|call| !dropped(call.id)).count()
        };
        let actor = |actor: &Actor<S>| {
            let calls = actor.calls.iter().filter(|call| !dropped(call.id)).map(|call| {
                let after = call.after.iter().enumerate().map(|(actor, &n)| kept(actor, n));
                Call { after: after.collect(), ..call.clone() }
            });
            Actor { name: actor.name.clone(), calls: calls.collect(), dead: actor.dead }
        };
        Self { actors: self.actors.iter().map(actor).collect() }
    }
}
