//! The other process: this program again, in a part of its own, on the other core.

use std::{
    env,
    io::{BufRead, BufReader, Lines, Write, stdin},
    process::{ChildStdin, ChildStdout, Command},
    time::{Duration, Instant},
};

use nix::unistd::{Pid, alarm};
use selvedge_tests::{Children, stay_on};

use crate::{machine, memory, mutex, pipe, queue, semaphore, socket};

/// What tells this program that it is the other process, and in which part.
const PART: &str = "SELVEDGE_BENCH_PART";

/// What the other process may be there for.
const PARTS: [(&str, fn()); 10] = [
    ("count bytes", pipe::count),
    ("echo bytes", pipe::echo),
    ("count messages", queue::count),
    ("echo messages", queue::echo),
    ("hand back", semaphore::hand_back),
    ("lock", mutex::lock),
    ("write", memory::write),
    ("count bytes of a socket", socket::count),
    ("echo bytes of a socket", socket::echo),
    ("connect", socket::connect_each),
];

/// Seconds after which a measurement that stands still ends this process, and so the other.
const LIMIT: u32 = 60;

/// Is this the other process? Then its part is over.
pub(crate) fn is_this() -> bool {
    let Ok(part) = env::var(PART) else { return false };
    let (_, play) = PARTS.iter().find(|(name, _)| *name == part).expect("a part's name");
    play();
    true
}

/// The other process, as this one sees it.
pub(crate) struct Peer {
    /// It ends with this.
    _children: Children,
    told: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts it in this part, with what `hand_over` tells it of.
    pub(crate) fn start(part: &str, hand_over: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(env::current_exe().expect("it runs"));
        hand_over(command.env(PART, part));
        let mut children = Children::new();
        let child = children.talk_to(part, &mut command);
        let [_, other] = machine::cores();
        stay_on(other, Pid::from_raw(child.id().cast_signed()));
        let (told, says) = (child.stdin.take(), child.stdout.take());
        let says = BufReader::new(says.expect("piped")).lines();
        Self { _children: children, told: told.expect("piped"), says }
    }

    /// What it says next.
    pub(crate) fn hear(&mut self) -> String {
        self.says.next().expect("it is alive").expect("it says text")
    }

    /// Both do so many rounds, of which it is to count `each`: how long it took until it said so.
    pub(crate) fn rounds(&mut self, rounds: u64, each: u64, mine: impl FnOnce()) -> Duration {
        watched(|| {
            writeln!(self.told, "{rounds}").expect("it is alive");
            assert_eq!(self.hear(), "ready");
            let start = Instant::now();
            mine();
            let counted = self.hear();
            let took = start.elapsed();
            assert_eq!(counted, (rounds * each).to_string(), "not all has come");
            took
        })
    }
}

/// Does something that ends within the limit, or this process does.
pub(crate) fn watched<R>(measure: impl FnOnce() -> R) -> R {
    alarm::set(LIMIT);
    let result = measure();
    alarm::cancel();
    result
}

/// In the other process: says that what was asked for begins.
pub(crate) fn ready() {
    println!("ready");
}

/// In the other process: does as many rounds as it is told, and says what came.
pub(crate) fn serve(mut rounds: impl FnMut(u64) -> u64) {
    for line in stdin().lines() {
        let count = line.expect("text").parse().expect("a number");
        ready();
        println!("{}", rounds(count));
    }
}
