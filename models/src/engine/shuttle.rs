//! shuttle 0.9: random and PCT schedules (Burckhardt et al., ASPLOS 2010), many of them, under
//! sequential consistency. Good at logic and lost wake-ups, blind to orderings; see `GAPS.md`.

use std::cell::UnsafeCell;

use selvedge::platform::{AtomicWord, Ordering, Pod, Rmw, Strength};
use shuttle::{
    Config, FailurePersistence, MaxSteps, Runner,
    rand::{self, Rng},
    scheduler::{DfsScheduler, PctScheduler, RandomScheduler, Scheduler},
    sync::atomic::{AtomicU32, AtomicU64, fence},
    thread,
};

use super::{
    Bound, Plan, Search, Tally, death,
    modelled::{Checked, Modelled, Runtime},
};
use crate::model::{Model, Scenario};

/// shuttle's platform.
pub type Shuttle = Modelled<ShuttleRuntime>;

/// shuttle, as the engines' common platform wants it.
#[derive(Debug)]
pub struct ShuttleRuntime;

macro_rules! word {
    ($name:ident, $atomic:ty, $value:ty) => {
        #[doc = concat!("shuttle's `", stringify!($atomic), "`.")]
        #[derive(Debug)]
        pub struct $name($atomic);

        impl AtomicWord<$value> for $name {
            fn new(value: $value) -> Self {
                Self(<$atomic>::new(value))
            }

            fn load(&self, _: Ordering) -> $value {
                self.0.load(Ordering::SeqCst)
            }

            fn store(&self, value: $value, _: Ordering) {
                self.0.store(value, Ordering::SeqCst);
            }

            fn rmw(&self, op: Rmw, operand: $value, _: Ordering) -> $value {
                match op {
                    Rmw::Add => self.0.fetch_add(operand, Ordering::SeqCst),
                    Rmw::Sub => self.0.fetch_sub(operand, Ordering::SeqCst),
                    Rmw::Or => self.0.fetch_or(operand, Ordering::SeqCst),
                    Rmw::And => self.0.fetch_and(operand, Ordering::SeqCst),
                    Rmw::Swap => self.0.swap(operand, Ordering::SeqCst),
                }
            }

            fn cas(
                &self,
                _: Strength,
                current: $value,
                new: $value,
                _: Ordering,
                _: Ordering,
            ) -> Result<$value, $value> {
                self.0.compare_exchange(current, new, Ordering::SeqCst, Ordering::SeqCst)
            }
        }
    };
}
word!(ShuttleU32, AtomicU32, u32);
word!(ShuttleU64, AtomicU64, u64);

/// Memory that is *not* checked for data races: shuttle cannot.
#[derive(Debug)]
pub struct Unchecked<T>(UnsafeCell<T>);

// SAFETY: shuttle runs one thread at a time, on one thread of the machine, and switches only at its
// own operations, never inside `get` or `set`.
unsafe impl<T: Send> Sync for Unchecked<T> {}

impl<T: Pod> Checked<T> for Unchecked<T> {
    fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    fn get(&self) -> T {
        // SAFETY: nobody else runs.
        unsafe { self.0.get().read() }
    }

    fn set(&self, value: T) {
        // SAFETY: nobody else runs.
        unsafe { self.0.get().write(value) }
    }

    fn is_settled(&self) -> bool {
        true
    }
}

impl Runtime for ShuttleRuntime {
    type U32 = ShuttleU32;
    type U64 = ShuttleU64;
    type Checked<T: Pod> = Unchecked<T>;
    type Turns = AtomicU32;
    type Thread = WakeableThread;
    type Join<R: Send + 'static> = thread::JoinHandle<R>;

    fn fence(_: Ordering) {
        fence(Ordering::SeqCst);
    }

    fn take_turn(turns: &AtomicU32) {
        turns.fetch_add(1, Ordering::SeqCst);
    }

    fn current() -> WakeableThread {
        WakeableThread(thread::current())
    }

    fn number(thread: &WakeableThread) -> usize {
        usize::from(thread.0.id())
    }

    fn doze() {
        thread::park();
    }

    fn rouse(thread: &WakeableThread) {
        thread.0.unpark();
    }

    fn yield_now() {
        thread::yield_now();
    }

    /// Any number, of one mortal actor in two; if it is more than its accesses, it lives.
    fn fuse(_: usize) -> Option<usize> {
        let mut rng = rand::thread_rng();
        let dies = rng.gen_bool(0.5) && death::may_say();
        dies.then(|| rng.gen_range(0..MOST_ACCESSES))
    }

    fn spawn<R: Send + 'static>(
        body: impl FnOnce() -> R + Send + 'static,
    ) -> thread::JoinHandle<R> {
        thread::spawn(body)
    }

    fn join<R: Send + 'static>(join: thread::JoinHandle<R>) -> R {
        join.join().expect("shuttle ends the execution when an actor panics")
    }
}

/// A thread of shuttle, compared by its number.
#[derive(Clone, Debug)]
pub struct WakeableThread(thread::Thread);

impl PartialEq for WakeableThread {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

/// A mortal actor dies before it has made so many accesses, or not at all; an operation makes fewer.
const MOST_ACCESSES: usize = 24;

/// Preemption points that a PCT schedule places.
const PCT_DEPTH: usize = 3;

/// Steps after which a depth-first search leaves a schedule; scenarios that end take less than 200.
const LONGEST_SCHEDULE: usize = 1_000;

/// Explores the scenario on `M`, which is shuttle or a wrapper around it: every schedule, or half the
/// executions by random ones, half by PCT.
pub(super) fn explore<M: Model>(scenario: impl Scenario, plan: &Plan) -> Search {
    let (seed, executions, traced) = (plan.seed, plan.executions, plan.traced);
    if plan.every_schedule {
        // Sleepers may wake for no reason, for ever. Where such a schedule is left, there are more than can
        // be tried: it does not make an end seem complete.
        let steps = MaxSteps::ContinueAfter(LONGEST_SCHEDULE);
        let drive = |tally: &Tally| {
            run::<M>(DfsScheduler::new(None, false), steps, scenario, tally, traced);
        };
        return Tally::of(drive, Bound::Complete);
    }
    let steps = Config::new().max_steps;
    let half = usize::try_from(executions / 2).unwrap_or(usize::MAX);
    let drive = |tally: &Tally| {
        let random = RandomScheduler::new_from_seed(seed, half);
        run::<M>(random, steps, scenario, tally, traced);
        let pct = PctScheduler::new_from_seed(seed, PCT_DEPTH, half);
        run::<M>(pct, steps, scenario, tally, traced);
    };
    Tally::of(drive, Bound::Schedules { seed, executions })
}

fn run<M: Model>(
    scheduler: impl Scheduler + 'static,
    max_steps: MaxSteps,
    scenario: impl Scenario,
    tally: &Tally,
    traced: Option<u64>,
) {
    let mut config = Config::new();
    config.failure_persistence = FailurePersistence::None;
    config.silence_warnings = true;
    config.max_steps = max_steps;
    let tally = tally.clone();
    Runner::new(scheduler, config).run(move || tally.execute::<M>(scenario, traced));
}
