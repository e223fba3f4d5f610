//! Runs a table of operations, and judges the history that comes of it.

use std::sync::Arc;

use selvedge::platform::{AtomicWord, Ordering, Owner};

use crate::{
    model::{Info, Model, Scenario, World},
    recorder::Recorder,
    spec::{Judgement, Spec},
};

/// An object whose histories are taken.
pub(super) trait Subject: Copy + Send + Sync + 'static {
    /// What it owes.
    type Spec: Spec<Op: Send + Sync, Answer: Send> + Copy + Send + Sync + 'static;
    /// What an actor has of it.
    type Handle<M: Model>: Send + 'static;

    /// What this one owes.
    fn spec(&self) -> Self::Spec;

    /// A new one, and a handle for each of so many actors.
    fn handles<M: Model>(&self, world: &World<M>, actors: usize) -> Vec<Self::Handle<M>>;

    /// Calls an operation.
    fn call<M: Model>(
        handle: &mut Self::Handle<M>,
        op: <Self::Spec as Spec>::Op,
    ) -> <Self::Spec as Spec>::Answer;
}

/// What an actor does in its turn.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn<O> {
    /// An operation.
    Call(O),
    /// Tells, beside the object, that it has come so far.
    Tell,
    /// Looks whether somebody has told: what was before is before what comes now.
    Look,
}

/// An actor's name and turns.
pub(super) type Part<S> = (&'static str, &'static [Turn<<<S as Subject>::Spec as Spec>::Op>]);

/// Actors with their turns, on one object.
#[derive(Clone, Copy)]
pub(super) struct Histories<S: Subject> {
    pub(super) info: Info,
    pub(super) subject: S,
    /// What the first actor has done before the others start.
    pub(super) before: &'static [<S::Spec as Spec>::Op],
    pub(super) actors: &'static [Part<S>],
    pub(super) death: Option<Death<S>>,
}

/// An actor may die.
#[derive(Clone, Copy)]
pub(super) struct Death<S: Subject> {
    pub(super) of: usize,
    /// What another does at last, who knows whether it has died.
    pub(super) then: (usize, &'static [<S::Spec as Spec>::Op]),
}

impl<S: Subject> Scenario for Histories<S> {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let names: Vec<&str> = self.actors.iter().map(|(name, _)| *name).collect();
        let recorder = Recorder::<M, S::Spec>::new(&names);
        let told = Arc::new(M::U32::new(0));
        let mut handles = self.subject.handles(world, self.actors.len());
        for op in self.before {
            recorder.call(0, *op, || S::call::<M>(&mut handles[0], *op));
        }
        let mortal = self.death.map(|death| death.of);
        let started: Vec<_> = (self.actors.iter().zip(handles).enumerate())
            .map(|(actor, ((name, turns), mut handle))| {
                let (recorder, told) = (recorder.clone(), told.clone());
                world.participant(name, Owner(actor as u32), mortal == Some(actor), move || {
                    for turn in *turns {
                        match *turn {
                            Turn::Call(op) => {
                                recorder.call(actor, op, || S::call::<M>(&mut handle, op));
                            }
                            Turn::Tell => told.store(1, Ordering::Release),
                            Turn::Look => drop(told.load(Ordering::Acquire)),
                        }
                    }
                    handle
                })
            })
            .collect();
        let mut handles: Vec<_> = started.into_iter().map(M::join).collect();
        let dead = handles.iter().position(Option::is_none);
        if let Some(actor) = dead {
            recorder.death(actor);
        }
        if let Some(Death { then: (actor, ops), .. }) = self.death {
            let handle = handles[actor].as_mut().expect("a survivor");
            ops.iter().for_each(|op| recorder.call(actor, *op, || S::call::<M>(handle, *op)));
        }
        let died = if dead.is_some() { "a death; " } else { "" };
        recorder.judge(|history| {
            let refused = match &*history.refusals() {
                [] => "nothing refused".to_owned(),
                refusals => refusals.join(", "),
            };
            match history.judge(&self.subject.spec()) {
                Judgement::Linearizable => format!("{died}linearizable; {refused}"),
                Judgement::EachRefusalApart => format!("{died}each refusal apart; {refused}"),
                Judgement::Refuted(why) => why.to_string(),
            }
        })
    }
}
