//! The explorer as a platform: every access is an event that the machine is asked for.

use std::{
    fmt::Debug,
    panic::Location,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use selvedge::platform::{
    AtomicWord, DataCell, LockMode, Ordering, Owner, Platform, Pod, Rmw, Strength, Wait,
};

use super::{
    ask::Ask,
    event::{About, EventId, Kind, Loc, Order, Purpose},
    machine::{self, request},
    mortal,
    value::{Bits, decode, encode},
};
use crate::{
    engine::{death, racy::Racy},
    model::{
        Info, Model, Victim,
        slot::{SLOTS, locked, unlocked},
    },
    wrap::is_bounded,
};

/// The explorer's platform.
#[derive(Debug)]
pub struct Explorer(());

/// A word: a location, the queue of its futex next to it, and its first value.
#[derive(Debug)]
pub struct Word<V> {
    loc: Loc,
    first: V,
}

impl<V: Bits> Word<V> {
    fn queue(&self) -> Loc {
        Loc { index: self.loc.index + 1, ..self.loc }
    }

    #[track_caller]
    fn read(&self, order: Ordering, purpose: Purpose) -> machine::Answer {
        let first = self.first.bits();
        let ask = Ask::Read { loc: self.loc, order: order.into(), purpose, first };
        request(ask, Location::caller())
    }

    #[track_caller]
    fn write(&self, value: u64, order: Ordering) {
        let (loc, order, half) = (self.loc, order.into(), machine::section());
        request(Ask::Write { loc, order, value, half }, Location::caller());
    }

    /// A relaxed load inside the kernel, where nobody dies.
    #[track_caller]
    fn peek(&self) -> u64 {
        let (order, purpose, first) = (Order::Relaxed, Purpose::Load, self.first.bits());
        machine::grant(Ask::Read { loc: self.loc, order, purpose, first }, Location::caller()).value
    }

    /// Both halves of a read-modify-write, or the first alone.
    #[track_caller]
    fn update(&self, purpose: Purpose, success: Ordering, failure: Ordering) -> Result<V, V> {
        let machine::Answer { value, updates } = self.read(failure, purpose);
        let found = V::of(value);
        if !updates {
            return Err(found);
        }
        self.write(purpose.writes(value).expect("updates write"), success);
        Ok(found)
    }
}

impl<V: Bits> AtomicWord<V> for Word<V> {
    fn new(value: V) -> Self {
        Self { loc: machine::locate(2), first: value }
    }

    fn load(&self, order: Ordering) -> V {
        assert!(!matches!(order, Ordering::Release | Ordering::AcqRel), "a load cannot release");
        V::of(self.read(order, Purpose::Load).value)
    }

    fn store(&self, value: V, order: Ordering) {
        assert!(!matches!(order, Ordering::Acquire | Ordering::AcqRel), "a store cannot acquire");
        self.write(value.bits(), order);
    }

    fn rmw(&self, op: Rmw, operand: V, order: Ordering) -> V {
        let purpose = Purpose::Update { op, operand: operand.bits(), mask: V::MASK };
        self.update(purpose, order, order).unwrap_or_else(|found| found)
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
        let purpose = Purpose::Compare {
            current: current.bits(),
            new: new.bits(),
            weak: strength == Strength::Weak,
            success: success.into(),
            failure: failure.into(),
        };
        self.update(purpose, success, failure)
    }
}

/// Exclusive payload: a location that is checked for data races.
#[derive(Debug)]
pub struct Cell<T> {
    loc: Loc,
    first: T,
}

impl<T: Pod> DataCell<T> for Cell<T> {
    fn new(value: T) -> Self {
        Self { loc: machine::locate(1), first: value }
    }

    unsafe fn read(&self) -> T {
        let (loc, first) = (self.loc, encode(&self.first));
        let ask = Ask::Read { loc, order: Order::Plain, purpose: Purpose::Load, first };
        decode(request(ask, Location::caller()).value)
    }

    unsafe fn write(&self, value: T) {
        let (loc, value) = (self.loc, encode(&value));
        let ask = Ask::Write { loc, order: Order::Plain, value, half: None };
        request(ask, Location::caller());
    }
}

/// What surrounds the handles of one execution.
#[derive(Debug)]
pub struct Surroundings {
    /// Moments passed.
    clock: Word<u64>,
    /// A bit for each owner, or thread, that is dead.
    dead: Word<u64>,
    /// Does learning of a death show what the dead did?
    unseen: bool,
    /// The locks of the registry's slots, if actors join.
    slots: Option<[Word<u64>; SLOTS]>,
}

/// How far ahead of the clock every deadline lies.
const ONE_MOMENT: u64 = 1;

/// The owner's bit among the dead.
fn bit(owner: Owner) -> u64 {
    1_u64.checked_shl(owner.0).expect("models have few owners")
}

impl Explorer {
    /// A stay in a futex's queue, which nobody else can come between; says who was in it.
    #[track_caller]
    fn stay(queue: Loc, order: Order, purpose: Purpose, sleepers: impl FnOnce(u64) -> u64) -> u64 {
        let found = request(Ask::Read { loc: queue, order, purpose, first: 0 }, Location::caller());
        let (value, half) = (sleepers(found.value), machine::section());
        request(Ask::Write { loc: queue, order, value, half }, Location::caller());
        found.value
    }

    /// A step of the kernel on a lock, which nobody else can come between; returns what it found.
    #[track_caller]
    fn step(lock: &Word<u64>, after: impl FnOnce(u64) -> u64) -> u64 {
        Self::stay(lock.loc, Order::AcqRel, Purpose::Enter, after)
    }

    /// A waiter goes into the queue, or comes out of it by itself.
    #[track_caller]
    fn change(queue: Loc, op: Rmw, operand: u64) -> u64 {
        let purpose = Purpose::Update { op, operand, mask: u64::MAX };
        let sleepers = |found| purpose.writes(found).expect("an update writes");
        Self::stay(queue, Order::Queue, purpose, sleepers)
    }

    #[track_caller]
    fn choose(about: About, options: u8) -> u8 {
        if options < 2 {
            return 0;
        }
        request(Ask::Choose { about, options }, Location::caller()).value as u8
    }

    #[track_caller]
    fn sleep<V: Bits>(
        ctx: &Surroundings,
        word: &Word<V>,
        holds: impl FnOnce(u64) -> bool,
        until: Option<u64>,
    ) -> Wait {
        let (queue, me) = (word.queue(), 1 << machine::current());
        // The kernel looks inside the queue. That it does shows only if it sleeps then: see `is_told_off`.
        if !holds(word.read(Ordering::Relaxed, Purpose::Check).value) {
            return Wait::Mismatch;
        }
        Self::change(queue, Rmw::Or, me);
        let slept = machine::last();
        let Some(end) = Self::choose_end(until.is_some()) else {
            let until = until.map(|until| (ctx.clock.loc, until));
            request(Ask::Wake { queue, slept, until, dead: ctx.dead.loc }, Location::caller());
            return Wait::Woken;
        };
        let comes = match end {
            Alone::TimedOut => until.is_some_and(|until| ctx.clock.peek() >= until),
            Alone::Slice => mortal::notice(ctx.dead.peek()),
            Alone::Spurious => machine::may_wake(true),
            Alone::Dies => true,
        };
        if !comes {
            request(Ask::Never, Location::caller());
        }
        if Self::change(queue, Rmw::And, !me) & me == 0 {
            // Told meanwhile: that is the execution in which it sleeps on until then.
            request(Ask::Never, Location::caller());
        }
        match end {
            Alone::TimedOut => Wait::TimedOut,
            Alone::Slice | Alone::Spurious => Wait::Woken,
            Alone::Dies => {
                mortal::set_mortal(false);
                death::die()
            }
        }
    }

    /// How the sleep of the present thread ends, if not by a wake.
    #[track_caller]
    fn choose_end(has_deadline: bool) -> Option<Alone> {
        if mortal::is_mortal() && Self::choose(About::Death, 2) == 1 {
            return Some(Alone::Dies);
        }
        let ends = [
            has_deadline.then_some(Alone::TimedOut),
            machine::may_wake(false).then_some(Alone::Spurious),
            (mortal::allows_deaths() && is_bounded(Location::caller())).then_some(Alone::Slice),
        ];
        let mut ends = ends.into_iter().flatten();
        let choice = Self::choose(About::Sleep, 1 + ends.clone().count() as u8);
        let at = choice.checked_sub(1)?;
        Some(ends.nth(at.into()).expect("one of the ends was chosen"))
    }

    #[track_caller]
    fn rouse(queue: Loc, count: u32) {
        // Who finds nobody leaves its mark too: who enters later has seen at least what it knew.
        Self::stay(queue, Order::Wake, Purpose::Enter, |sleepers| {
            let mut groups = groups(sleepers, count);
            let options = groups.clone().count() as u8;
            let chosen = Self::choose(About::Sleepers, options);
            let told = groups.nth(chosen.into()).expect("one of the groups was chosen");
            sleepers & !told
        });
    }
}

/// How a sleep ends without a wake.
#[derive(Clone, Copy, Debug)]
enum Alone {
    TimedOut,
    Spurious,
    /// By the kernel's bound on a sleep, after a death that the thread had not noticed before.
    Slice,
    /// With the thread.
    Dies,
}

/// Every set of `count` sleepers, or all of them if there are not more.
fn groups(sleepers: u64, count: u32) -> impl Iterator<Item = u64> + Clone {
    let size = count.min(sleepers.count_ones());
    (0..=sleepers).filter(move |set| set & !sleepers == 0 && set.count_ones() == size)
}

impl Platform for Explorer {
    type U32 = Word<u32>;
    type U64 = Word<u64>;
    type Cell<T: Pod> = Cell<T>;
    type Racy<T: Pod> = Racy<Word<u64>, T>;
    type Ctx = Arc<Surroundings>;
    type Instant = u64;

    fn fence(order: Ordering) {
        request(Ask::Plainly(Kind::Fence(order.into())), Location::caller());
    }

    /// Never: spinning adds executions and shows nothing that sleeping does not.
    fn spin(_: &Self::Ctx, _: u32) -> bool {
        false
    }

    fn give_way() {
        request(Ask::Plainly(Kind::Pause), Location::caller());
    }

    fn now(ctx: &Self::Ctx) -> u64 {
        ctx.clock.load(Ordering::Relaxed)
    }

    fn deadline(ctx: &Self::Ctx, _: Duration) -> Option<u64> {
        Some(Self::now(ctx) + ONE_MOMENT)
    }

    fn wait(ctx: &Self::Ctx, word: &Self::U32, expected: u32, until: Option<u64>) -> Wait {
        Self::sleep(ctx, word, |found| found == u64::from(expected), until)
    }

    fn wait_low(ctx: &Self::Ctx, word: &Self::U64, expected: u32, until: Option<u64>) -> Wait {
        Self::sleep(ctx, word, |found| found as u32 == expected, until)
    }

    fn wake(_: &Self::Ctx, word: &Self::U32, count: u32) {
        Self::rouse(word.queue(), count);
    }

    fn wake_low(_: &Self::Ctx, word: &Self::U64, count: u32) {
        Self::rouse(word.queue(), count);
    }

    /// Late, perhaps; never wrong: see `victim`.
    fn try_lock(ctx: &Self::Ctx, slot: Owner, mode: LockMode) -> bool {
        let granted = match &ctx.slots {
            Some(slots) => {
                let after = |found| locked(found, machine::current().into(), mode);
                let found =
                    Self::step(&slots[slot.0 as usize], |found| after(found).unwrap_or(found));
                let granted = after(found).is_some();
                if granted {
                    mortal::hold(slot.0, true);
                }
                granted
            }
            None => {
                assert_eq!(mode, LockMode::Shared, "actors join: the scenario's `joins` says so");
                let order = if ctx.unseen { Ordering::Relaxed } else { Ordering::Acquire };
                ctx.dead.load(order) & bit(slot) != 0
            }
        };
        machine::note(Location::caller(), || {
            let said = if granted { "granted" } else { "refused" };
            format!("lock {mode:?} of slot {}: {said}", slot.0).to_lowercase()
        });
        granted
    }

    fn unlock(ctx: &Self::Ctx, slot: Owner) {
        if let Some(slots) = &ctx.slots {
            let thread = machine::current().into();
            Self::step(&slots[slot.0 as usize], |found| unlocked(found, thread));
            mortal::hold(slot.0, false);
        }
    }
}

/// A started thread, and where it leaves its result.
#[derive(Debug)]
pub struct Join<R> {
    child: u8,
    result: Arc<Mutex<Option<R>>>,
}

/// What actors take turns at.
#[derive(Debug)]
pub struct Turns(Word<u64>);

impl Default for Turns {
    fn default() -> Self {
        Self(Word::new(0))
    }
}

/// A moment of an actor.
#[derive(Clone, Copy, Debug)]
pub struct Mark(EventId);

impl Model for Explorer {
    type Join<R: Send + 'static> = Join<R>;
    type Turns = Turns;
    type Mark = Mark;

    const DEFINES_RACES: bool = true;

    fn surroundings(info: &Info) -> Self::Ctx {
        let (clock, dead) = (Word::new(0), Word::new(0));
        let slots = info.joins.then(|| core::array::from_fn(|_| Word::new(0)));
        Arc::new(Surroundings { clock, dead, unseen: info.unseen, slots })
    }

    fn spawn<R: Send + 'static>(
        _: &Self::Ctx,
        name: &'static str,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> Join<R> {
        let child = request(Ask::Spawn, Location::caller()).value as u8;
        let result = Arc::new(Mutex::new(None));
        let returned = result.clone();
        machine::start(child, name, move || {
            let value = body();
            *returned.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
        });
        Join { child, result }
    }

    fn victim<R: Send + 'static>(
        ctx: &Self::Ctx,
        name: &'static str,
        victim: Victim,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> Join<Option<R>> {
        let after = ctx.clone();
        Self::spawn(ctx, name, move || {
            let value = mortal::live(victim.dies, body);
            if value.is_none() {
                machine::note(Location::caller(), || "is dead from here on".into());
                let me = machine::current();
                for (slot, lock) in (0..).zip(after.slots.iter().flatten()) {
                    if mortal::holds(slot) {
                        Self::step(lock, |found| unlocked(found, me.into()));
                    }
                }
                // All that it did comes before what a survivor does who learns of it.
                let who = if after.slots.is_some() { Owner(me.into()) } else { victim.owner };
                after.dead.rmw(Rmw::Or, bit(who), Ordering::Release);
            }
            value
        })
    }

    fn join<R: Send + 'static>(join: Join<R>) -> R {
        request(Ask::Plainly(Kind::Join { child: join.child }), Location::caller());
        let value = join.result.lock().unwrap_or_else(PoisonError::into_inner).take();
        value.expect("a thread that has ended has left its result")
    }

    fn expire(ctx: &Self::Ctx) {
        machine::note(Location::caller(), || "every deadline passes".into());
        ctx.clock.rmw(Rmw::Add, ONE_MOMENT, Ordering::Relaxed);
    }

    fn take_turn(turns: &Turns) {
        turns.0.rmw(Rmw::Add, 1, Ordering::AcqRel);
    }

    fn read_plainly(word: &Word<u32>) -> u32 {
        let (loc, first) = (word.loc, word.first.bits());
        let ask = Ask::Read { loc, order: Order::Plain, purpose: Purpose::Load, first };
        u32::of(request(ask, Location::caller()).value)
    }

    fn write_plainly(word: &Word<u32>, value: u32) {
        let (loc, value) = (word.loc, value.bits());
        let ask = Ask::Write { loc, order: Order::Plain, value, half: None };
        request(ask, Location::caller());
    }

    fn choose(options: usize) -> usize {
        let options = options.try_into().expect("a model chooses among few");
        Self::choose(About::Scenario, options).into()
    }

    fn in_the_kernel<R>(what: impl FnOnce() -> R) -> R {
        let was = mortal::set_mortal(false);
        let result = what();
        mortal::set_mortal(was);
        result
    }

    fn note(what: impl FnOnce() -> String) {
        machine::note(Location::caller(), what);
    }

    fn mark() -> Mark {
        Mark(machine::moment())
    }

    fn precedes(Mark(moment): &Mark) -> bool {
        machine::precedes(*moment)
    }
}
