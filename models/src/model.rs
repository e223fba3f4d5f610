//! What a scenario is, and what it needs of an engine beside [`Platform`]: actors, and a clock that
//! can be moved.

pub mod directory;
pub(crate) mod slot;

use std::{cell::Cell, iter::repeat, time::Duration};

use selvedge::platform::{Owner, Platform};

use crate::engine::Engine;

/// A platform on which scenarios run.
pub trait Model: Platform {
    /// Is a data race of payload defined here: found, or at least without harm?
    const DEFINES_RACES: bool;

    /// A started actor.
    type Join<R: Send + 'static>;
    /// What actors take turns at.
    type Turns: Default + Send + Sync + 'static;
    /// A moment of an actor.
    type Mark: Send + Sync + 'static;

    /// The surroundings of one execution.
    fn surroundings(info: &Info) -> Self::Ctx;

    /// Starts an actor.
    fn spawn<R: Send + 'static>(
        ctx: &Self::Ctx,
        name: &'static str,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> Self::Join<R>;

    /// Starts an actor that dies as `victim` says; it returns nothing then.
    fn victim<R: Send + 'static>(
        ctx: &Self::Ctx,
        name: &'static str,
        victim: Victim,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> Self::Join<Option<R>>;

    /// Waits for an actor and returns what it returned.
    fn join<R: Send + 'static>(join: Self::Join<R>) -> R;

    /// Moves the clock past every deadline taken before. A native clock moves by itself.
    fn expire(ctx: &Self::Ctx);

    /// Takes a turn: the engine tries every order of the turns, and what happened before a turn is
    /// visible after each later one.
    #[track_caller]
    fn take_turn(turns: &Self::Turns);

    /// Reads a word as payload is read, in a program that accesses it atomically too. It is for engines
    /// that find races between the two; the others refuse such programs.
    #[track_caller]
    fn read_plainly(_word: &Self::U32) -> u32 {
        panic!("this engine has no plain accesses to words")
    }

    /// Writes a word as payload is written; see [`read_plainly`](Self::read_plainly).
    #[track_caller]
    fn write_plainly(_word: &Self::U32, _value: u32) {
        panic!("this engine has no plain accesses to words")
    }

    /// A number below `options`: each is tried. Only the explorer chooses; see [`Info::explorer_only`].
    #[track_caller]
    fn choose(_options: usize) -> usize {
        panic!("only the explorer chooses: the scenario's `explorer_only` says so")
    }

    /// What the kernel does for the present actor, also when that is dead: nobody dies in the middle of it.
    fn in_the_kernel<R>(what: impl FnOnce() -> R) -> R {
        what()
    }

    /// Says what the present step did that is no access to a word, if the execution is recorded.
    #[track_caller]
    fn note(_what: impl FnOnce() -> String) {}

    /// The present moment of the present actor.
    fn mark() -> Self::Mark;

    /// Does that moment, which has been, happen-before the present one of the present actor? An engine
    /// answers without ordering anything. Natively the caller has ordered them by a lock.
    fn precedes(mark: &Self::Mark) -> bool;
}

/// An actor's death.
#[derive(Clone, Copy, Debug)]
pub struct Victim {
    /// Who is dead then; nobody in particular if actors [join](Info::joins).
    pub owner: Owner,
    /// When it dies.
    pub dies: Dies,
}

/// When an actor dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dies {
    /// After this step of a card, `protocol/step`.
    After(&'static str),
    /// After any one of its accesses, before the first one, asleep, or not at all; in the explorer also in
    /// the middle of a write of payload. loom and shuttle let one actor die in an execution: loom each of them
    /// after each of its accesses in turn, shuttle any of them at random.
    Anywhere,
}

/// One execution of a scenario: its surroundings and its actors.
#[derive(Debug)]
pub struct World<M: Model> {
    ctx: M::Ctx,
    actors: Cell<usize>,
}

impl<M: Model> World<M> {
    /// The world of a scenario, without actors.
    pub fn new(info: &Info) -> Self {
        Self { ctx: M::surroundings(info), actors: Cell::new(0) }
    }

    /// A context for a handle.
    pub fn ctx(&self) -> M::Ctx {
        self.ctx.clone()
    }

    /// Starts an actor in a thread of its own.
    pub fn actor<R: Send + 'static>(
        &self,
        name: &'static str,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> M::Join<R> {
        self.actors.set(self.actors.get() + 1);
        M::spawn(&self.ctx, name, body)
    }

    /// Starts an actor in a thread of its own, which dies as `victim` says.
    pub fn victim<R: Send + 'static>(
        &self,
        name: &'static str,
        victim: Victim,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> M::Join<Option<R>> {
        self.actors.set(self.actors.get() + 1);
        M::victim(&self.ctx, name, victim, body)
    }

    /// Starts an actor in a thread of its own, which may die anywhere if it is mortal.
    pub fn participant<R: Send + 'static>(
        &self,
        name: &'static str,
        owner: Owner,
        mortal: bool,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> M::Join<Option<R>> {
        if mortal {
            self.victim(name, Victim { owner, dies: Dies::Anywhere }, body)
        } else {
            self.actor(name, || Some(body()))
        }
    }

    /// Runs `count` workers, called by the owners 0 and up, until each has ended; says how many of them died,
    /// and what the others returned. They are alike, so it is the last of them who are mortal: as many as
    /// may die.
    pub fn workers<R: Send + 'static, W: FnOnce() -> R + Send + 'static>(
        &self,
        count: u32,
        deaths: usize,
        work: impl Fn(Owner) -> W,
    ) -> (usize, Vec<R>) {
        let names = ["worker 1", "worker 2", "worker 3"].into_iter().chain(repeat("worker"));
        let start = |(owner, name): (u32, _)| {
            let mortal = (count - owner) as usize <= deaths;
            self.participant(name, Owner(owner), mortal, work(Owner(owner)))
        };
        let workers: Vec<_> = (0..count).zip(names).map(start).collect();
        let all = workers.len();
        let returned: Vec<R> = workers.into_iter().filter_map(M::join).collect();
        (all - returned.len(), returned)
    }

    /// Runs an actor in the main thread.
    pub fn main_actor<R>(&self, body: impl FnOnce() -> R) -> R {
        self.actors.set(self.actors.get() + 1);
        body()
    }

    /// An actor that lets every deadline pass, at some moment.
    pub fn clock(&self) -> M::Join<()> {
        let ctx = self.ctx();
        M::spawn(&self.ctx, "clock", move || M::expire(&ctx))
    }

    /// A deadline: passed once the [`clock`](Self::clock) actor has run, or natively in a moment.
    pub fn deadline(&self) -> Option<M::Instant> {
        M::deadline(&self.ctx, Duration::from_micros(20))
    }

    /// How many actors the scenario has started.
    pub fn actors(&self) -> usize {
        self.actors.get()
    }
}

/// What is known of a scenario beside its program.
#[derive(Clone, Copy, Debug)]
pub struct Info {
    /// `protocol/what_it_shows`, as its file.
    pub name: &'static str,
    /// What it does, in a line.
    pub does: &'static str,
    /// The claims that it is evidence for.
    pub claims: &'static [&'static str],
    /// Outcomes that every engine must reach. If neither this nor `weak` lists any, all are allowed.
    pub reach: &'static [&'static str],
    /// Outcomes that an engine with weak memory must reach, and that no other can. Every outcome
    /// that stands in neither list is forbidden.
    pub weak: &'static [&'static str],
    /// loom has two ways to sleep. A sleeper that *yields* gets no ordering from its wake, as with a
    /// futex, but with two sleepers at a time the search has no end. A sleeper that *parks* costs
    /// nothing while asleep, but loom's `unpark` orders the waker's past before its future, which
    /// hides missing orderings after a sleep. So: yield, unless two sleep at a time.
    pub parks: bool,
    /// How many actors die in one execution, at most. The machine's threads do not die, so a scenario of
    /// deaths is not run natively.
    pub deaths: usize,
    /// Does the news of a death carry nothing of what the dead did? It is *assumed* to carry everything
    /// (`DEATH-VISIBLE`); such a scenario shows what does not rest on that.
    pub unseen: bool,
    /// Do actors take registry slots, also those of the dead? Otherwise owners are there from the start,
    /// and who is dead remains so, which has fewer executions.
    pub joins: bool,
    /// Only the explorer runs it: the scenario [chooses](Model::choose), or is too much for the others.
    pub explorer_only: bool,
    /// explorer, in the quick profile: spurious events of each kind in a thread. With `--deep` it is one.
    pub spurious: usize,
    /// explorer, in the quick profile: the search is cut after so many executions; `None` is a complete
    /// search, as with `--deep`.
    pub cut: Option<u64>,
    /// loom's preemption bound in the quick profile; `None` is a complete search.
    pub quick: Option<usize>,
    /// loom's preemption bound with `--deep`.
    pub deep: Option<usize>,
}

impl Info {
    /// The protocol whose name comes first.
    pub fn protocol(&self) -> &'static str {
        self.name.split('/').next().unwrap_or(self.name)
    }

    /// May this outcome happen?
    pub fn allows(&self, outcome: &str) -> bool {
        let listed = self.reach.iter().chain(self.weak);
        listed.clone().next().is_none() || listed.copied().any(|known| known == outcome)
    }

    /// Can `engine` run it?
    pub fn runs_on(&self, engine: Engine) -> bool {
        match engine {
            Engine::Explorer => true,
            Engine::Loom | Engine::Shuttle => !self.explorer_only,
            Engine::Native => !self.explorer_only && self.deaths == 0 && !self.joins,
        }
    }

    /// A scenario that claims nothing, with a complete search; for `..` in definitions.
    pub const DEFAULT: Self = Self {
        name: "",
        does: "",
        claims: &[],
        reach: &[],
        weak: &[],
        parks: false,
        deaths: 0,
        joins: false,
        unseen: false,
        explorer_only: false,
        spurious: 1,
        cut: None,
        quick: None,
        deep: None,
    };
}

/// A concurrent program, generic over the platform.
pub trait Scenario: Copy + Send + Sync + 'static {
    /// What is known of it.
    fn info(&self) -> Info;

    /// One execution; returns its outcome.
    fn run<M: Model>(&self, world: &World<M>) -> String;
}
