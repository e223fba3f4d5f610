//! Real deaths: a process is stepped to an instruction of an operation, killed there with SIGKILL, and
//! those who are left must get on, with everything accounted for.
//!
//! A program of these tests has one thread, because it forks; hence none of the usual test runner's.
//! It runs on one core with its children, so that a step is a switch between two processes and no
//! more. It needs a kernel that lets it trace its children; where that is refused, it says so and ends
//! with status 2. A test that has seen no death is none.
//!
//! # What is stepped
//!
//! All of user space between two marks, at which the victim stops itself: the operation, and the few
//! instructions of the marks. A call of the kernel is one step: death comes before it, after it, and,
//! where it sleeps, in its middle.
//!
//! To step from the mark to each instruction anew would take the square of their number, and an
//! operation that spins before it sleeps has thousands. So the way is recorded once, step by step, and
//! a victim then runs to a breakpoint of the processor that is close to its last instruction, and is
//! stepped the rest (x86-64; elsewhere, or with `--step`, all is stepped). It is where it should be, or
//! it starts anew and is stepped all the way.
//!
//! Instead of being killed, a victim can be interrupted there: a handler raises a real signal in a set
//! (`Signals::raise_on`), and the operation goes on, to the result that it has without. That is tried at a few
//! instructions, unless `--every` is given, and with `--interrupt` nothing else, at as many as that says.
//!
//! Of a loop's repetitions, which differ in a counter, the first few and the last few are died in; with
//! `--all`, each. How many were left out is printed.
//!
//! On aarch64 a loop of load- and store-exclusive never ends under single steps: it takes a processor
//! with atomic instructions (ARMv8.1).

mod allocator;
mod arguments;
mod bystander;
mod every;
mod grid;
pub mod mutex;
mod path;
pub mod permits;
pub mod queue;
mod tracee;

use core::{cell::Cell, fmt, mem::forget};
use std::{
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};

pub use allocator::Allocator;
pub use arguments::Arguments;
pub use bystander::Bystander;
pub use every::Operation;
pub use grid::{Actor, Fate, Grid};
use nix::{
    sched::{CpuSet, sched_getcpu, sched_setaffinity},
    unistd::{Pid, alarm},
};
use selvedge::{
    platform::Ordering,
    segment::{Shared, sealed},
    signal::{Set, Signal, Signals},
};
pub use tracee::{corpse, die_when};

use crate::{Words, words::Word};

/// How long one death with all that follows may take; afterwards the program ends by SIGALRM.
const HANGS: Duration = Duration::from_secs(120);

/// The deadline of whoever waits for what must come: so far away that it is given up before.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How long a death may remain unknown to those who look: the kernel frees a dead process's locks in its
/// own time.
const UNKNOWN: Duration = Duration::from_millis(10);

/// Makes an attempt that depends on a death's being known, again if need be.
///
/// # Errors
/// The last attempt's.
pub fn patiently<T, E>(mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E> {
    let end = Instant::now() + UNKNOWN;
    loop {
        match attempt() {
            Err(_) if Instant::now() < end => thread::sleep(Duration::from_micros(200)),
            done => return done,
        }
    }
}

/// How a victim died.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// What its operation had returned, if it had: what others were told by it.
    pub returned: Option<u64>,
}

/// What a death must not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Harm {
    /// Survivors cannot go on.
    Wedged(String),
    /// More is gone than the card allows.
    Lost(String),
    /// Something is there twice.
    Doubled(String),
    /// Something is there that nobody made, or an operation says that memory is corrupt.
    Corrupt(String),
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wedged(how) => write!(f, "wedged: {how}"),
            Self::Lost(what) => write!(f, "lost: {what}"),
            Self::Doubled(what) => write!(f, "doubled: {what}"),
            Self::Corrupt(what) => write!(f, "corrupt: {what}"),
        }
    }
}

/// The survivors' account: how many permits or records are gone with the dead, of those that the card
/// allows to be.
pub type Account = Result<u64, Harm>;

/// Something that is run by its name.
pub trait Subject {
    /// The protocol, then the operation.
    fn name(&self) -> &str;

    /// Runs it, and says in a line what came of it; `Err` if it is red.
    ///
    /// # Errors
    /// The same line, and what was wrong.
    fn run(&self, arguments: &Arguments) -> Result<String, String>;
}

/// The main function of a program of these tests: runs those subjects that the arguments select.
#[allow(clippy::print_stdout, reason = "a test program's report")]
pub fn main(subjects: &[Box<dyn Subject>]) -> ExitCode {
    let arguments = Arguments::parse();
    let selected = || subjects.iter().filter(|subject| arguments.select(subject.name()));
    if arguments.list {
        selected().for_each(|subject| println!("{}: test", subject.name()));
        return ExitCode::SUCCESS;
    }
    stay_on_one_core();
    // A panic would be shown as a test's, whereas most are a child's.
    let (mut failed, mut run) = (0, 0);
    for subject in selected() {
        run += 1;
        match subject.run(&arguments) {
            Ok(line) => println!("{line}"),
            Err(lines) => {
                failed += 1;
                println!("{lines}");
            }
        }
    }
    println!("{run} of {} run, {failed} failed", subjects.len());
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Ends the program: without tracing there is no test.
fn refused(error: &tracee::Astray) -> ! {
    eprintln!("{error}: nothing was tested");
    std::process::exit(2)
}

fn stay_on_one_core() {
    let mut one = CpuSet::new();
    // Without it, it is only slower.
    let pinned = sched_getcpu().and_then(|core| one.set(core));
    let _ = pinned.and_then(|()| sched_setaffinity(Pid::from_raw(0), &one));
}

/// Ends the program if what follows hangs; until it is called again.
fn watch() {
    alarm::set(HANGS.as_secs() as u32);
}

/// Where victims leave what their operations returned, and what they were interrupted by.
struct Told {
    words: Shared<Words>,
    /// Where a handler raises that interrupts them.
    raised: Signals,
    /// What the operation comes to if nobody interrupts it.
    expected: Cell<Option<Death>>,
}

/// What interrupts victims.
const INTERRUPT: Signal = Signal::SIGUSR1;

impl Told {
    fn new() -> Self {
        let (words, _) = sealed::create::<Words>(2).expect("two words of memory");
        let (raised, _) = Signals::anonymous().expect("a set's memory");
        Self { words, raised, expected: Cell::default() }
    }

    fn word(&self, victim: usize) -> &Word {
        &self.words[victim]
    }

    fn clear(&self) {
        self.words.iter().for_each(|word| word.store(0, Ordering::Relaxed));
        self.raised.take(Set::ALL);
    }

    /// The calling victim can be interrupted, for as long as it lives.
    fn handle(&self) {
        forget(self.raised.raise_on(INTERRUPT, Set::of(0)).expect("a handler"));
    }

    fn death(&self, victim: usize) -> Death {
        let word = self.word(victim).load(Ordering::Acquire);
        Death { returned: word.checked_sub(1) }
    }
}

/// The victim's process: gets ready, and operates between two marks.
fn perform<V>(told: &Word, ready: impl FnOnce() -> V, operate: fn(&mut V) -> u64) {
    let me = Pid::this();
    allocator::begin();
    let mut victim = ready();
    tracee::mark(me);
    let returned = operate(&mut victim);
    told.store(returned + 1, Ordering::Release);
    tracee::mark(me);
}
