//! A platform whose accesses pass a hook.

use std::{fmt::Debug, marker::PhantomData, panic::Location, time::Duration};

use selvedge::platform::{
    AtomicWord, LockMode, Ordering, Owner, Platform, Pod, Rmw, Strength, Wait,
};

use crate::model::{Info, Model, Victim};

/// Where an access stands in the source.
pub type Site = &'static Location<'static>;

/// What a wrapper changes. The defaults change nothing.
pub trait Hook: 'static {
    /// The ordering that an access really gets.
    fn ordering(_site: Site, order: Ordering) -> Ordering {
        order
    }

    /// The ordering that a fence really gets; `None` removes it.
    fn fence(_site: Site, order: Ordering) -> Option<Ordering> {
        Some(order)
    }

    /// How many waiters are really told; 0 loses the wake.
    fn wakes(_site: Site, count: u32) -> u32 {
        count
    }
}

/// `P`, with the accesses changed as `H` says.
#[derive(Debug)]
pub struct Hooked<P, H>(PhantomData<(P, H)>);

/// A word of `Hooked`.
#[derive(Debug)]
pub struct Word<W, H>(W, PhantomData<fn() -> H>);

impl<V: Copy + Eq + Debug, W: AtomicWord<V>, H: Hook> AtomicWord<V> for Word<W, H> {
    fn new(value: V) -> Self {
        Self(W::new(value), PhantomData)
    }

    fn load(&self, order: Ordering) -> V {
        self.0.load(H::ordering(Location::caller(), order))
    }

    fn store(&self, value: V, order: Ordering) {
        self.0.store(value, H::ordering(Location::caller(), order));
    }

    fn rmw(&self, op: Rmw, operand: V, order: Ordering) -> V {
        self.0.rmw(op, operand, H::ordering(Location::caller(), order))
    }

    fn cas(
        &self,
        strength: Strength,
        current: V,
        new: V,
        success: Ordering,
        failure: Ordering,
    ) -> Result<V, V> {
        let success = H::ordering(Location::caller(), success);
        self.0.cas(strength, current, new, success, failure)
    }
}

impl<P: Platform, H: Hook> Platform for Hooked<P, H> {
    type U32 = Word<P::U32, H>;
    type U64 = Word<P::U64, H>;
    type Cell<T: Pod> = P::Cell<T>;
    type Racy<T: Pod> = P::Racy<T>;
    type Ctx = P::Ctx;
    type Instant = P::Instant;

    fn fence(order: Ordering) {
        if let Some(order) = H::fence(Location::caller(), order) {
            P::fence(order);
        }
    }

    fn spin(ctx: &P::Ctx, round: u32) -> bool {
        P::spin(ctx, round)
    }

    fn give_way() {
        P::give_way();
    }

    fn now(ctx: &P::Ctx) -> P::Instant {
        P::now(ctx)
    }

    fn deadline(ctx: &P::Ctx, timeout: Duration) -> Option<P::Instant> {
        P::deadline(ctx, timeout)
    }

    fn wait(ctx: &P::Ctx, word: &Self::U32, expected: u32, until: Option<P::Instant>) -> Wait {
        P::wait(ctx, &word.0, expected, until)
    }

    fn wait_low(ctx: &P::Ctx, word: &Self::U64, expected: u32, until: Option<P::Instant>) -> Wait {
        P::wait_low(ctx, &word.0, expected, until)
    }

    fn wake(ctx: &P::Ctx, word: &Self::U32, count: u32) {
        match H::wakes(Location::caller(), count) {
            0 => {}
            count => P::wake(ctx, &word.0, count),
        }
    }

    fn wake_low(ctx: &P::Ctx, word: &Self::U64, count: u32) {
        match H::wakes(Location::caller(), count) {
            0 => {}
            count => P::wake_low(ctx, &word.0, count),
        }
    }

    fn try_lock(ctx: &P::Ctx, slot: Owner, mode: LockMode) -> bool {
        P::try_lock(ctx, slot, mode)
    }

    fn unlock(ctx: &P::Ctx, slot: Owner) {
        P::unlock(ctx, slot);
    }
}

impl<P: Model, H: Hook> Model for Hooked<P, H> {
    const DEFINES_RACES: bool = P::DEFINES_RACES;

    type Join<R: Send + 'static> = P::Join<R>;
    type Turns = P::Turns;
    type Mark = P::Mark;

    fn surroundings(info: &Info) -> P::Ctx {
        P::surroundings(info)
    }

    fn spawn<R: Send + 'static>(
        ctx: &P::Ctx,
        name: &'static str,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> P::Join<R> {
        P::spawn(ctx, name, body)
    }

    fn victim<R: Send + 'static>(
        ctx: &P::Ctx,
        name: &'static str,
        victim: Victim,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> P::Join<Option<R>> {
        P::victim(ctx, name, victim, body)
    }

    fn join<R: Send + 'static>(join: P::Join<R>) -> R {
        P::join(join)
    }

    fn expire(ctx: &P::Ctx) {
        P::expire(ctx);
    }

    fn take_turn(turns: &P::Turns) {
        P::take_turn(turns);
    }

    fn read_plainly(word: &Self::U32) -> u32 {
        P::read_plainly(&word.0)
    }

    fn write_plainly(word: &Self::U32, value: u32) {
        P::write_plainly(&word.0, value);
    }

    fn choose(options: usize) -> usize {
        P::choose(options)
    }

    fn in_the_kernel<R>(what: impl FnOnce() -> R) -> R {
        P::in_the_kernel(what)
    }

    fn note(what: impl FnOnce() -> String) {
        P::note(what);
    }

    fn mark() -> P::Mark {
        P::mark()
    }

    fn precedes(mark: &P::Mark) -> bool {
        P::precedes(mark)
    }
}
