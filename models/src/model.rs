//! What a scenario needs of an engine beside [`Platform`]: actors, and a clock that can be moved.

use std::{cell::Cell, time::Duration};

use selvedge::platform::Platform;

/// A platform on which scenarios run.
pub trait Model: Platform {
    /// A started actor.
    type Join<R: Send + 'static>;

    /// The surroundings of one execution.
    fn surroundings() -> Self::Ctx;

    /// Starts an actor.
    fn spawn<R: Send + 'static>(
        ctx: &Self::Ctx,
        name: &'static str,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> Self::Join<R>;

    /// Waits for an actor and returns what it returned.
    fn join<R: Send + 'static>(join: Self::Join<R>) -> R;

    /// Lets a moment pass, long enough for a spinning loop's condition to change.
    fn give_way();

    /// Moves the clock past every deadline taken before. A native clock moves by itself.
    fn expire(ctx: &Self::Ctx);
}

/// One execution of a scenario: its surroundings and its actors.
#[derive(Debug)]
pub struct World<M: Model> {
    ctx: M::Ctx,
    actors: Cell<usize>,
}

impl<M: Model> World<M> {
    /// A world without actors.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { ctx: M::surroundings(), actors: Cell::new(0) }
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
        M::deadline(&self.ctx, Duration::from_millis(1))
    }

    /// How many actors the scenario has started.
    pub fn actors(&self) -> usize {
        self.actors.get()
    }
}
