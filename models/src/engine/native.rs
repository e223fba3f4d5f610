//! The machine itself: real threads, real futexes, many times. Not a model checker: it shows that an
//! outcome happens, and that the engines' allowed outcomes cover what the machine does.
//!
//! Starting a thread takes longer than what an actor does, so threads started one after the other hardly
//! meet. Actors are therefore handed to threads that live as long as the searching thread, and wait for
//! each other at a starting line.

use std::{
    any::Any,
    cell::{Cell, RefCell},
    hash::{BuildHasher, RandomState},
    hint, iter,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};
use selvedge::platform::{
    Ordering::Relaxed,
    Platform,
    native::{Native, NativeCtx},
};

use super::{
    Bound, Plan, Search, Tally,
    setting::{keep_panic, keep_quiet},
};
use crate::model::{Info, Model, Scenario, Victim};

/// What a hand is to do.
type Job = Box<dyn FnOnce() + Send>;

thread_local! {
    /// Hands of this thread that have nothing to do. A hand ends when its sender is dropped.
    static IDLE: RefCell<Vec<Sender<Job>>> = const { RefCell::new(Vec::new()) };
    /// The actors that this thread has started since it last joined one.
    static HEAT: RefCell<Heat> = RefCell::default();
}

#[derive(Default)]
struct Heat {
    line: Arc<Line>,
    started: u32,
}

impl Heat {
    /// Nobody else starts from this thread's line.
    fn is_complete() {
        let Self { line, started } = HEAT.take();
        line.expected.store(started, Relaxed); // Relaxed, count: no data hangs on it.
    }
}

/// Where actors wait until all who are expected have come, or for a short while.
#[derive(Default)]
struct Line {
    /// 0 until it is known.
    expected: <Native as Platform>::U32,
    arrived: <Native as Platform>::U32,
}

impl Line {
    fn wait(&self) {
        self.arrived.fetch_add(1, Relaxed); // Relaxed, count: no data hangs on it.
        _ = shortly(|| {
            let expected = self.expected.load(Relaxed);
            (expected > 0 && self.arrived.load(Relaxed) >= expected).then_some(())
        });
    }
}

/// Asks until there is an answer, for a short while: first in haste, then letting others have the core.
/// Where they are many that takes milliseconds, and whoever sleeps instead is sooner served.
fn shortly<T>(mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    const HASTY: u32 = 50;
    const WHILE: Duration = Duration::from_micros(30);
    let hastily = (0..HASTY).find_map(|_| {
        hint::spin_loop();
        ask()
    });
    hastily.or_else(|| {
        let start = Instant::now();
        iter::repeat_with(thread::yield_now)
            .take_while(|()| start.elapsed() < WHILE)
            .find_map(|()| ask())
    })
}

/// A new hand: a thread that does what it is sent, on a core of its own as far as there are enough.
fn hand() -> Sender<Job> {
    thread_local! {
        static HANDS: Cell<usize> = const { Cell::new(0) };
    }
    let number = HANDS.replace(HANDS.get() + 1);
    let (sender, jobs) = mpsc::channel::<Job>();
    let body = move || {
        // Two on one core would run one after the other. Where it is refused, that may be.
        _ = stay_on_a_core(number);
        // Whoever joins an actor says what it panicked with.
        keep_quiet();
        while let Some(job) = shortly(|| jobs.try_recv().ok()).or_else(|| jobs.recv().ok()) {
            job();
        }
    };
    let thread = thread::Builder::new().name("actors".into());
    thread.spawn(body).expect("the machine has a thread to spare");
    sender
}

/// Binds this thread to one of its cores.
fn stay_on_a_core(number: usize) -> nix::Result<()> {
    let this = Pid::from_raw(0);
    let all = sched_getaffinity(this)?;
    let cores: Vec<_> = (0..CpuSet::count()).filter(|core| all.is_set(*core) == Ok(true)).collect();
    let mut one = CpuSet::new();
    one.set(cores[number % cores.len()])?;
    sched_setaffinity(this, &one)
}

/// Wastes up to some hundred nanoseconds, so that it is not always the same actor that is ahead.
fn dawdle() {
    thread_local! {
        static STATE: Cell<u64> = Cell::new(RandomState::new().hash_one(()) | 1);
    }
    // xorshift64 (Marsaglia, 2003).
    let mut state = STATE.get();
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    STATE.set(state);
    (0..state % 256).for_each(|n| _ = hint::black_box(n));
}

/// An actor under way.
#[derive(Debug)]
pub struct Actor<R> {
    hand: Sender<Job>,
    result: Receiver<thread::Result<R>>,
}

impl Model for Native {
    const DEFINES_RACES: bool = false;

    type Join<R: Send + 'static> = Actor<R>;
    /// The machine's threads come in some order by themselves.
    type Turns = Mutex<()>;
    type Mark = ();

    fn surroundings(_: &Info) -> NativeCtx {
        HEAT.take(); // An execution that panicked may have left it half full.
        NativeCtx::default()
    }

    fn spawn<R: Send + 'static>(
        _: &NativeCtx,
        _: &'static str,
        body: impl FnOnce() -> R + Send + 'static,
    ) -> Actor<R> {
        let line = HEAT.with_borrow_mut(|heat| {
            heat.started += 1;
            heat.line.clone()
        });
        let (sender, result) = mpsc::channel();
        let job = move || {
            line.wait();
            dawdle();
            // Nobody hears it where an earlier actor's panic has ended the search.
            _ = sender.send(catch_unwind(AssertUnwindSafe(body)));
        };
        let hand = IDLE.with_borrow_mut(Vec::pop).unwrap_or_else(hand);
        hand.send(Box::new(job)).expect("a hand lives as long as its sender");
        Actor { hand, result }
    }

    /// A thread does not die alone; see [`Info::deaths`].
    fn victim<R: Send + 'static>(
        _: &NativeCtx,
        name: &'static str,
        _: Victim,
        _: impl FnOnce() -> R + Send + 'static,
    ) -> Actor<Option<R>> {
        panic!("{name} cannot die on the machine: the scenario's `deaths` says that it does")
    }

    fn join<R: Send + 'static>(Actor { hand, result }: Actor<R>) -> R {
        Heat::is_complete();
        let result = shortly(|| result.try_recv().ok())
            .unwrap_or_else(|| result.recv().expect("a hand survives what it does"));
        IDLE.with_borrow_mut(|idle| idle.push(hand));
        result.unwrap_or_else(|panic| {
            // The hook was not to hear it: it is this thread that has a plan.
            keep_panic(message(&*panic));
            resume_unwind(panic)
        })
    }

    fn expire(_: &NativeCtx) {}

    fn take_turn(turns: &Mutex<()>) {
        drop(turns.lock());
    }

    fn mark() {}

    fn precedes((): &()) -> bool {
        true
    }
}

/// What an actor panicked with.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref().map(String::as_str)).unwrap_or("panic").to_owned()
}

/// Runs the scenario as often as the plan says. A run of the machine cannot be recorded.
pub(super) fn explore(scenario: impl Scenario, plan: &Plan) -> Search {
    let drive = |tally: &Tally| {
        (0..plan.executions).for_each(|_| tally.execute::<Native>(scenario, None));
    };
    Tally::of(drive, Bound::Runs(plan.executions))
}
