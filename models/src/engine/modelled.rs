//! The platform of the engines: one implementation over what each engine provides ([`Runtime`]).

use std::{
    fmt::{self, Debug},
    marker::PhantomData,
    panic::Location,
    sync::Arc,
    time::Duration,
};

use selvedge::platform::{
    AtomicWord, DataCell, LockMode, Ordering, Owner, Platform, Pod, Rmw, Strength, Wait,
};

use super::{
    death::{self, Doom},
    pulse,
    racy::Racy,
    sleepers::{Sleep, Sleepers},
    trace::{self, short},
};
use crate::{
    card,
    model::{
        Dies, Info, Model, Victim,
        slot::{SLOTS, locked, unlocked},
    },
};

/// What an engine provides.
pub trait Runtime: Sized + Send + Sync + 'static {
    /// A 32-bit word.
    type U32: AtomicWord<u32>;
    /// A 64-bit word.
    type U64: AtomicWord<u64>;
    /// Memory that the engine checks for data races, if it can.
    type Checked<T: Pod>: Checked<T>;
    /// What threads take turns at.
    type Turns: Default + Send + Sync + 'static;
    /// A thread.
    type Thread: Clone + PartialEq + Debug + Send + Sync;
    /// A started thread.
    type Join<R: Send + 'static>;

    /// A fence.
    fn fence(order: Ordering);
    /// Takes a turn; see [`Model::take_turn`].
    fn take_turn(turns: &Self::Turns);
    /// The present thread.
    fn current() -> Self::Thread;
    /// A number for a thread, unique in its execution.
    fn number(thread: &Self::Thread) -> usize;
    /// The present thread, asleep, lets others run; it may come back at any time.
    fn doze();
    /// `thread` should look whether it is awake.
    fn rouse(thread: &Self::Thread);
    /// The present thread lets others run.
    fn yield_now();
    /// After how many accesses a mortal actor dies, the `number`th of its execution.
    fn fuse(number: usize) -> Option<usize>;
    /// Starts a thread.
    fn spawn<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> Self::Join<R>;
    /// Waits for a thread.
    fn join<R: Send + 'static>(join: Self::Join<R>) -> R;
}

/// Memory whose accesses an engine can check for data races.
pub trait Checked<T>: Send + Sync {
    /// Memory that holds `value`.
    fn new(value: T) -> Self;
    /// Reads it.
    #[track_caller]
    fn get(&self) -> T;
    /// Writes it.
    #[track_caller]
    fn set(&self, value: T);
    /// Does all that was written to it happen-before the present moment? The question orders nothing.
    /// An engine in which all that has been is before answers yes.
    fn is_settled(&self) -> bool;
}

/// [`Platform`] and [`Model`] over an engine's [`Runtime`].
#[derive(Debug)]
pub struct Modelled<R>(PhantomData<R>);

/// What surrounds the handles of one execution.
pub struct Surroundings<R: Runtime> {
    sleepers: Sleepers<R::Thread>,
    /// Moments passed; a word of the engine, so that the engine tries every order of its changes
    /// and of the looks at it.
    clock: R::U64,
    /// A bit for each owner who is dead; likewise a word of the engine.
    dead: R::U64,
    /// The locks of the registry's slots, if actors join; likewise.
    slots: Option<[R::U64; SLOTS]>,
}

impl<R: Runtime> Debug for Surroundings<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings").field("sleepers", &self.sleepers).finish_non_exhaustive()
    }
}

/// How far ahead of the clock every deadline lies.
const ONE_MOMENT: u64 = 1;

/// The owner's bit among the dead.
fn bit(owner: Owner) -> u64 {
    1_u64.checked_shl(owner.0).expect("models have few owners")
}

/// Records an access, if the present execution is recorded.
#[track_caller]
fn record<R: Runtime>(what: impl FnOnce() -> String) {
    if trace::is_on() {
        let (actor, site) = (R::number(&R::current()), card::site(Location::caller()));
        trace::tell(|trace| trace.record(actor, site, what()));
    }
}

/// The present thread has made an access; was it its last?
#[track_caller]
fn survive<R: Runtime>() {
    pulse::access(Location::caller());
    if death::is_near() {
        death::strike(R::number(&R::current()), Location::caller());
    }
}

/// A word that records its accesses and rejects orderings that C++ forbids.
pub struct Word<R, W>(W, PhantomData<fn() -> R>);

impl<R: Runtime, V: Copy + Eq + Debug, W: AtomicWord<V>> AtomicWord<V> for Word<R, W> {
    fn new(value: V) -> Self {
        Self(W::new(value), PhantomData)
    }

    fn load(&self, order: Ordering) -> V {
        assert!(!matches!(order, Ordering::Release | Ordering::AcqRel), "a load cannot release");
        let value = self.0.load(order);
        record::<R>(|| format!("load {} {value:?}", short(order)));
        survive::<R>();
        value
    }

    fn store(&self, value: V, order: Ordering) {
        assert!(!matches!(order, Ordering::Acquire | Ordering::AcqRel), "a store cannot acquire");
        self.0.store(value, order);
        record::<R>(|| format!("store {} {value:?}", short(order)));
        survive::<R>();
    }

    fn rmw(&self, op: Rmw, operand: V, order: Ordering) -> V {
        let before = self.0.rmw(op, operand, order);
        record::<R>(|| {
            format!("{op:?} {operand:?} {}, was {before:?}", short(order)).to_lowercase()
        });
        survive::<R>();
        before
    }

    fn cas(
        &self,
        strength: Strength,
        current: V,
        new: V,
        success: Ordering,
        failure: Ordering,
    ) -> Result<V, V> {
        assert!(
            !matches!(failure, Ordering::Release | Ordering::AcqRel),
            "a failing compare-exchange cannot release"
        );
        let result = self.0.cas(strength, current, new, success, failure);
        record::<R>(|| match result {
            Ok(_) => format!("cas {} {current:?} -> {new:?}", short(success)),
            Err(found) => format!("cas {} for {current:?} finds {found:?}", short(failure)),
        });
        survive::<R>();
        result
    }
}

/// Exclusive payload: one checked location a value.
pub struct Cell<R, C>(C, PhantomData<fn() -> R>);

impl<R: Runtime, T: Pod, C: Checked<T>> DataCell<T> for Cell<R, C> {
    fn new(value: T) -> Self {
        Self(C::new(value), PhantomData)
    }

    unsafe fn read(&self) -> T {
        record::<R>(|| "read payload".into());
        let value = self.0.get();
        survive::<R>();
        value
    }

    unsafe fn write(&self, value: T) {
        record::<R>(|| format!("write payload {value:?}"));
        self.0.set(value);
        survive::<R>();
    }
}

impl<R: Runtime> Modelled<R> {
    /// A step of the kernel on a lock, if `after` has a value for it.
    fn step(lock: &R::U64, after: impl Fn(u64) -> Option<u64>) -> bool {
        let mut found = lock.rmw(Rmw::Add, 0, Ordering::AcqRel);
        while let Some(value) = after(found) {
            let (acquires, releases) = (Ordering::Acquire, Ordering::AcqRel);
            match lock.cas(Strength::Strong, found, value, releases, acquires) {
                Ok(_) => return true,
                Err(other) => found = other,
            }
        }
        false
    }

    /// `look` reads the word as the kernel's check does: the latest value, synchronising with
    /// nothing. An engine's relaxed load could be stale, which the kernel rules out once a wake has
    /// been sent; a read-modify-write that changes nothing is not.
    #[track_caller]
    fn sleep(
        ctx: &Surroundings<R>,
        word: usize,
        look: impl FnOnce() -> bool,
        until: Option<u64>,
    ) -> Wait {
        let (me, site) = (R::current(), Location::caller());
        if !look() {
            record::<R>(|| "wait: the word has changed".into());
            return Wait::Mismatch;
        }
        record::<R>(|| "wait: falls asleep".into());
        ctx.sleepers.sleep(word, me.clone(), site, until);
        if until.is_some() {
            // Asleep already, so that a clock that moves on from here finds the sleeper.
            let now = ctx.clock.rmw(Rmw::Add, 0, Ordering::Relaxed);
            ctx.sleepers.expire(now);
        }
        ctx.sleepers.settle(&me);
        loop {
            match ctx.sleepers.poll(&me) {
                Sleep::Asleep => R::doze(),
                Sleep::Woken => {
                    record::<R>(|| "wait: woken".into());
                    survive::<R>();
                    return Wait::Woken;
                }
                Sleep::TimedOut => {
                    record::<R>(|| "wait: timed out".into());
                    return Wait::TimedOut;
                }
            }
        }
    }

    /// `touch` is an access to the word that changes nothing: it makes the engine try every order
    /// of this wake and the checks of waiters. An access to the clock does the same for this wake and
    /// the end of a deadline, which compete for one sleeper.
    #[track_caller]
    fn rouse(ctx: &Surroundings<R>, word: usize, touch: impl FnOnce(), n: u32) {
        if ctx.sleepers.may_time_out() {
            ctx.clock.rmw(Rmw::Add, 0, Ordering::Relaxed);
        }
        touch();
        let woken = ctx.sleepers.wake(word, n);
        record::<R>(|| format!("wake {n}: {} woken", woken.len()));
        woken.iter().for_each(R::rouse);
    }
}

impl<R: Runtime> Platform for Modelled<R> {
    type U32 = Word<R, R::U32>;
    type U64 = Word<R, R::U64>;
    type Cell<T: Pod> = Cell<R, R::Checked<T>>;
    type Racy<T: Pod> = Racy<Word<R, R::U64>, T>;
    type Ctx = Arc<Surroundings<R>>;
    type Instant = u64;

    fn fence(order: Ordering) {
        R::fence(order);
        record::<R>(|| format!("fence {}", short(order)));
    }

    /// Never: spinning adds executions and shows nothing that sleeping does not.
    fn spin(_: &Self::Ctx, _: u32) -> bool {
        false
    }

    fn give_way() {
        R::yield_now();
    }

    fn now(ctx: &Self::Ctx) -> u64 {
        ctx.clock.rmw(Rmw::Add, 0, Ordering::Relaxed)
    }

    fn deadline(ctx: &Self::Ctx, _: Duration) -> Option<u64> {
        ctx.sleepers.expect_timeouts();
        Some(Self::now(ctx) + ONE_MOMENT)
    }

    fn wait(ctx: &Self::Ctx, word: &Self::U32, expected: u32, until: Option<u64>) -> Wait {
        let look = || word.0.rmw(Rmw::Add, 0, Ordering::Relaxed) == expected;
        Self::sleep(ctx, core::ptr::from_ref(word).addr(), look, until)
    }

    fn wait_low(ctx: &Self::Ctx, word: &Self::U64, expected: u32, until: Option<u64>) -> Wait {
        let look = || word.0.rmw(Rmw::Add, 0, Ordering::Relaxed) as u32 == expected;
        Self::sleep(ctx, core::ptr::from_ref(word).addr(), look, until)
    }

    fn wake(ctx: &Self::Ctx, word: &Self::U32, count: u32) {
        let touch = || {
            word.0.rmw(Rmw::Add, 0, Ordering::Relaxed);
        };
        Self::rouse(ctx, core::ptr::from_ref(word).addr(), touch, count);
    }

    fn wake_low(ctx: &Self::Ctx, word: &Self::U64, count: u32) {
        let touch = || {
            word.0.rmw(Rmw::Add, 0, Ordering::Relaxed);
        };
        Self::rouse(ctx, core::ptr::from_ref(word).addr(), touch, count);
    }

    /// Late, perhaps: the engine may show an older value. Never wrong: see `victim`.
    fn try_lock(ctx: &Self::Ctx, slot: Owner, mode: LockMode) -> bool {
        let granted = match &ctx.slots {
            Some(slots) => {
                let me = R::number(&R::current());
                Self::step(&slots[slot.0 as usize], |found| locked(found, me, mode))
            }
            None => ctx.dead.load(Ordering::Acquire) & bit(slot) != 0,
        };
        record::<R>(|| {
            let said = if granted { "granted" } else { "refused" };
            format!("lock {mode:?} of slot {}: {said}", slot.0).to_lowercase()
        });
        granted
    }

    fn unlock(ctx: &Self::Ctx, slot: Owner) {
        if let Some(slots) = &ctx.slots {
            let me = R::number(&R::current());
            Self::step(&slots[slot.0 as usize], |found| Some(unlocked(found, me)));
        }
    }
}

impl<R: Runtime> Model for Modelled<R> {
    const DEFINES_RACES: bool = true;

    type Join<T: Send + 'static> = R::Join<T>;
    type Turns = R::Turns;
    type Mark = R::Checked<u8>;

    fn surroundings(info: &Info) -> Self::Ctx {
        death::nobody();
        let (clock, dead) = (R::U64::new(0), R::U64::new(0));
        let slots = info.joins.then(|| core::array::from_fn(|_| R::U64::new(0)));
        Arc::new(Surroundings { sleepers: Sleepers::new(), clock, dead, slots })
    }

    fn spawn<T: Send + 'static>(
        ctx: &Self::Ctx,
        name: &'static str,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> R::Join<T> {
        ctx.sleepers.actor_starts(name);
        let ctx = ctx.clone();
        R::spawn(move || {
            trace::tell(|trace| trace.name(R::number(&R::current()), name));
            let value = body();
            ctx.sleepers.actor_ends(name);
            value
        })
    }

    fn victim<T: Send + 'static>(
        ctx: &Self::Ctx,
        name: &'static str,
        victim: Victim,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> R::Join<Option<T>> {
        let after = ctx.clone();
        let fuse = (victim.dies == Dies::Anywhere).then(|| R::fuse(death::next())).flatten();
        Self::spawn(ctx, name, move || {
            let me = R::number(&R::current());
            let value = match victim.dies {
                Dies::After(step) => death::of(me, Doom::after(step), body),
                Dies::Anywhere => match fuse {
                    None => Some(body()),
                    Some(accesses) => death::of(me, Doom::Accesses(accesses), body),
                },
            };
            if value.is_none() {
                record::<R>(|| "dies".into());
                for slot in after.slots.iter().flatten() {
                    Self::step(slot, |found| Some(unlocked(found, me)));
                }
                // All that it did comes before what a survivor does who learns of it.
                after.dead.rmw(Rmw::Or, bit(victim.owner), Ordering::Release);
                after.sleepers.look_again().iter().for_each(R::rouse);
            }
            value
        })
    }

    fn join<T: Send + 'static>(join: R::Join<T>) -> T {
        R::join(join)
    }

    fn expire(ctx: &Self::Ctx) {
        let now = ctx.clock.rmw(Rmw::Add, ONE_MOMENT, Ordering::Relaxed) + ONE_MOMENT;
        record::<R>(|| "every deadline passes".into());
        ctx.sleepers.expire(now).iter().for_each(R::rouse);
    }

    fn take_turn(turns: &R::Turns) {
        R::take_turn(turns);
    }

    fn note(what: impl FnOnce() -> String) {
        record::<R>(what);
    }

    fn mark() -> Self::Mark {
        let mark = Self::Mark::new(0);
        mark.set(0);
        mark
    }

    fn precedes(mark: &Self::Mark) -> bool {
        mark.is_settled()
    }
}
