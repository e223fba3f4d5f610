//! loom 0.7: exhaustive search of a C++11-like memory model, with its exploration hole closed.
//!
//! loom remembers one last access per object. After a thread's own `load x`, its following store to
//! `x` is compared with that load only, and the race with another thread's earlier load of `x` is
//! never explored (tokio-rs/loom issues 166 and 392). Every word therefore has a *companion*,
//! written before each access to the word and never read: the stores to the companion conflict with
//! each other, so loom tries every order of the accesses. See `GAPS.md` for what remains.

use std::cell::Cell;

use loom::{
    cell::UnsafeCell,
    sync::atomic::{AtomicU32, AtomicU64, fence},
    thread,
};
use selvedge::platform::{AtomicWord, Ordering, Pod, Rmw, Strength};

use super::{
    Bound, Plan, Search, Tally, death,
    modelled::{Checked, Modelled, Runtime},
    setting::quietly,
};
use crate::model::{Model, Scenario};

/// loom's platform.
pub type Loom = Modelled<LoomRuntime>;

/// loom, as the engines' common platform wants it.
#[derive(Debug)]
pub struct LoomRuntime;

macro_rules! word {
    ($name:ident, $atomic:ty, $value:ty) => {
        #[doc = concat!("loom's `", stringify!($atomic), "` and its companion.")]
        #[derive(Debug)]
        pub struct $name {
            value: $atomic,
            companion: AtomicU32,
        }

        impl $name {
            fn announced(&self) -> &$atomic {
                self.companion.store(0, Ordering::Relaxed);
                &self.value
            }
        }

        impl AtomicWord<$value> for $name {
            fn new(value: $value) -> Self {
                Self { value: <$atomic>::new(value), companion: AtomicU32::new(0) }
            }

            fn load(&self, order: Ordering) -> $value {
                self.announced().load(order)
            }

            fn store(&self, value: $value, order: Ordering) {
                self.announced().store(value, order);
            }

            fn rmw(&self, op: Rmw, operand: $value, order: Ordering) -> $value {
                let word = self.announced();
                match op {
                    Rmw::Add => word.fetch_add(operand, order),
                    Rmw::Sub => word.fetch_sub(operand, order),
                    Rmw::Or => word.fetch_or(operand, order),
                    Rmw::And => word.fetch_and(operand, order),
                    Rmw::Swap => word.swap(operand, order),
                }
            }

            fn cas(
                &self,
                strength: Strength,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                let word = self.announced();
                match strength {
                    Strength::Weak => word.compare_exchange_weak(current, new, success, failure),
                    Strength::Strong => word.compare_exchange(current, new, success, failure),
                }
            }
        }
    };
}
word!(LoomU32, AtomicU32, u32);
word!(LoomU64, AtomicU64, u64);

/// Memory in which loom finds data races.
#[derive(Debug)]
pub struct RaceChecked<T>(UnsafeCell<T>);

// SAFETY: loom runs one thread at a time, on one thread of the machine, and panics on an access that
// is not ordered with the others.
unsafe impl<T: Send> Sync for RaceChecked<T> {}

impl<T: Pod> Checked<T> for RaceChecked<T> {
    fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    fn get(&self) -> T {
        // SAFETY: loom panics first if another thread may write meanwhile.
        self.0.with(|value| unsafe { value.read() })
    }

    fn set(&self, new: T) {
        // SAFETY: loom panics first if another thread may access it meanwhile.
        self.0.with_mut(|value| unsafe { value.write(new) });
    }

    /// Reads it: loom panics exactly if a write does not happen-before the read. Neither the read nor
    /// the panic orders anything, or lets another thread run; the cell can still be read, though not
    /// written, after it.
    fn is_settled(&self) -> bool {
        let Err(panic) = quietly(|| self.0.with(|_| ())) else { return true };
        let message = panic.downcast_ref::<String>().map_or("", String::as_str);
        assert!(message.contains("Causality violation"), "loom refused a read: {message}");
        false
    }
}

/// Turns are read-modify-writes of one atomic and nothing else: each conflicts with the one before it,
/// so loom tries every order of them without a companion.
#[derive(Debug, Default)]
pub struct Turns(AtomicU32);

impl Runtime for LoomRuntime {
    type U32 = LoomU32;
    type U64 = LoomU64;
    type Checked<T: Pod> = RaceChecked<T>;
    type Turns = Turns;
    type Thread = WakeableThread;
    type Join<R: Send + 'static> = thread::JoinHandle<R>;

    fn fence(order: Ordering) {
        fence(order);
    }

    fn take_turn(turns: &Turns) {
        turns.0.fetch_add(1, Ordering::AcqRel);
    }

    fn current() -> WakeableThread {
        WakeableThread(thread::current())
    }

    fn number(thread: &WakeableThread) -> usize {
        // The number is public only in this form.
        let text = format!("{:?}", thread.0.id());
        text.bytes().filter(u8::is_ascii_digit).fold(0, |n, d| n * 10 + usize::from(d - b'0'))
    }

    fn doze() {
        if PARKS.get() {
            thread::park();
        } else {
            thread::yield_now();
        }
    }

    fn rouse(thread: &WakeableThread) {
        if PARKS.get() {
            thread.0.unpark();
        }
    }

    fn yield_now() {
        thread::yield_now();
    }

    fn fuse(number: usize) -> Option<usize> {
        let (victim, accesses) = CRASH.get()?;
        (victim == number).then_some(accesses)
    }

    fn spawn<R: Send + 'static>(
        body: impl FnOnce() -> R + Send + 'static,
    ) -> thread::JoinHandle<R> {
        thread::spawn(body)
    }

    fn join<R: Send + 'static>(join: thread::JoinHandle<R>) -> R {
        join.join().expect("loom ends the execution when an actor panics")
    }
}

/// A thread of loom, compared by its number.
#[derive(Clone, Debug)]
pub struct WakeableThread(thread::Thread);

impl PartialEq for WakeableThread {
    fn eq(&self, other: &Self) -> bool {
        self.0.id() == other.0.id()
    }
}

thread_local! {
    /// Which mortal actor dies in the present search, and after how many accesses.
    static CRASH: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
    /// Does a sleeper park? See [`Info::parks`](crate::model::Info::parks).
    static PARKS: Cell<bool> = const { Cell::new(false) };
}

/// Variables that would cut or change a search behind our back.
pub(super) const VARIABLES: [&str; 8] = [
    "LOOM_MAX_BRANCHES",
    "LOOM_MAX_DURATION",
    "LOOM_MAX_PERMUTATIONS",
    "LOOM_MAX_PREEMPTIONS",
    "LOOM_CHECKPOINT_FILE",
    "LOOM_CHECKPOINT_INTERVAL",
    "LOOM_LOCATION",
    "LOOM_LOG",
];

/// Accesses in one execution; a longer one is reported as a livelock, never passed over.
const LONGEST_EXECUTION: usize = 20_000;

/// Explores the scenario on `M`, which is loom or a wrapper around it.
pub(super) fn explore<M: Model>(scenario: impl Scenario, plan: &Plan) -> Search {
    PARKS.set(plan.parks);
    let mut builder = loom::model::Builder::new();
    builder.max_branches = LONGEST_EXECUTION;
    builder.preemption_bound = plan.preemptions;
    builder.checkpoint_interval = 1; // The limit on executions is looked at this often.
    builder.max_permutations = usize::try_from(plan.executions).ok();
    let (traced, limit) = (plan.traced, plan.executions);
    let bound = plan.preemptions.map_or(Bound::Complete, Bound::Preemptions);
    let drive = |tally: &Tally| {
        let check = || {
            let tally = tally.clone();
            builder.check(move || tally.execute::<M>(scenario, traced));
        };
        CRASH.set(None);
        check();
        // A search for each mortal actor and each of its accesses, as long as there are any.
        for victim in 0..death::mortals() {
            for accesses in 0.. {
                CRASH.set(Some((victim, accesses)));
                death::STRUCK.set(false);
                check();
                if !death::STRUCK.get() {
                    break;
                }
            }
        }
        CRASH.set(None);
    };
    let search = Tally::of(drive, bound);
    // loom stops one short of its limit, without a word.
    let cut = search.executions + 1 >= limit;
    Search { bound: if cut { Bound::Executions(limit) } else { search.bound }, ..search }
}
