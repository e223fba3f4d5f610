//! `record_history WHAT NAME CLOCK ACTOR ACTORS COUNT FILE`: once all ACTORS have come, makes COUNT
//! random calls on the object NAME, and writes them to FILE, stamped by CLOCK. WHAT is `producer` or
//! `consumer` (of a ring), `queue` or `semaphore`; `queue-rest` and `semaphore-rest` take what is left.

use std::{error::Error, fs, time::Duration};

use selvedge::{
    protocol::{mpmc, semaphore as sem, spsc},
    segment::{Directory, MpmcQueue, Shared, SpscRing},
    semaphore::SharedSemaphore,
};
use selvedge_models::spec::{Stamped, fifo, semaphore};
use selvedge_tests::{Clock, child};
use serde::Serialize;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Long enough to fall asleep.
const TIMEOUT: Duration = Duration::from_micros(30);

/// Marsaglia's xorshift64.
struct Random(u64);

impl Random {
    fn one_in(&mut self, n: u64) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.is_multiple_of(n)
    }
}

/// What a result is for a history; an error that belongs to none is the program's.
fn answer<T, E: Error + 'static, A>(
    result: Result<T, E>,
    done: impl FnOnce(T) -> A,
    refused: impl FnOnce(&E) -> bool,
    refusal: A,
) -> Outcome<A> {
    match result {
        Ok(value) => Ok(done(value)),
        Err(error) if refused(&error) => Ok(refusal),
        Err(error) => Err(error.into()),
    }
}

/// An actor on its way.
struct Recording {
    name: String,
    clock: Shared<Clock>,
    actor: u32,
    actors: u64,
    count: u32,
    random: Random,
}

impl Recording {
    /// Makes as many calls as it is to.
    fn repeat<O, A>(
        mut self,
        mut call: impl FnMut(&Clock, &mut Random, u32) -> Outcome<Stamped<O, A>>,
    ) -> Outcome<Vec<Stamped<O, A>>> {
        self.clock.meet(self.actors);
        (0..self.count).map(|n| call(&self.clock, &mut self.random, n)).collect()
    }

    fn producer(self) -> Outcome<Vec<Stamped<fifo::Op, fifo::Answer>>> {
        use fifo::{Answer::*, Op::Push};
        use spsc::{PushError as Try, PushTimeoutError as Timeout};
        let mut ring = Directory::shm().attach::<SpscRing<u32>>(&self.name)?.producer()?;
        self.repeat(|clock, random, n| {
            if random.one_in(8) {
                // Whoever has done its part goes; its peer is told so instead of that the ring is full.
                let late = |e: &_| matches!(e, Timeout::TimedOut(_) | Timeout::PeerDead(_));
                return clock.stamped(Push(n), || {
                    answer(ring.push_timeout(n, TIMEOUT), |()| Pushed, late, Full)
                });
            }
            let full = |e: &_| matches!(e, Try::Full(_) | Try::PeerDead(_));
            clock.stamped(Push(n), || answer(ring.try_push(n), |()| Pushed, full, Full))
        })
    }

    fn consumer(self) -> Outcome<Vec<Stamped<fifo::Op, fifo::Answer>>> {
        use fifo::{Answer::*, Op::Pop};
        use spsc::{PopError as Try, PopTimeoutError as Timeout};
        let mut ring = Directory::shm().attach::<SpscRing<u32>>(&self.name)?.consumer()?;
        self.repeat(|clock, random, _| {
            if random.one_in(8) {
                let late = |e: &_| matches!(e, Timeout::TimedOut | Timeout::PeerDead);
                return clock
                    .stamped(Pop, || answer(ring.pop_timeout(TIMEOUT), Popped, late, Empty));
            }
            let empty = |e: &_| matches!(e, Try::Empty | Try::PeerDead);
            clock.stamped(Pop, || answer(ring.try_pop(), Popped, empty, Empty))
        })
    }

    fn queue(self) -> Outcome<Vec<Stamped<fifo::Op, fifo::Answer>>> {
        use fifo::{
            Answer::*,
            Op::{Pop, Push},
        };
        use mpmc::{PopError, PopTimeoutError, PushError, PushTimeoutError};
        let queue = Directory::shm().attach::<MpmcQueue<u32>>(&self.name)?;
        let mut producer = queue.producer()?;
        let mut consumer = queue.consumer()?;
        let first = self.actor << 24;
        self.repeat(|clock, random, n| match (random.one_in(2), random.one_in(8)) {
            (true, true) => clock.stamped(Push(first + n), || {
                let pushed = producer.push_timeout(first + n, TIMEOUT);
                answer(pushed, |()| Pushed, |e| matches!(e, PushTimeoutError::TimedOut(_)), Full)
            }),
            (true, false) => clock.stamped(Push(first + n), || {
                let pushed = producer.try_push(first + n);
                answer(pushed, |()| Pushed, |e| matches!(e, PushError::Full(_)), Full)
            }),
            (false, true) => clock.stamped(Pop, || {
                let popped = consumer.pop_timeout(TIMEOUT);
                answer(popped, Popped, |e| *e == PopTimeoutError::TimedOut, Empty)
            }),
            (false, false) => clock.stamped(Pop, || {
                answer(consumer.try_pop(), Popped, |e| *e == PopError::Empty, Empty)
            }),
        })
    }

    fn queue_rest(self) -> Outcome<Vec<Stamped<fifo::Op, fifo::Answer>>> {
        let queue = Directory::shm().attach::<MpmcQueue<u32>>(&self.name)?;
        let mut consumer = queue.consumer()?;
        self.repeat(|clock, _, _| {
            clock.stamped(fifo::Op::Pop, || {
                let (popped, empty) = (consumer.try_pop(), |e: &_| *e == mpmc::PopError::Empty);
                answer(popped, fifo::Answer::Popped, empty, fifo::Answer::Empty)
            })
        })
    }

    /// Takes and gives at random, or only takes.
    fn semaphore(self, gives: bool) -> Outcome<Vec<Stamped<semaphore::Op, semaphore::Answer>>> {
        use sem::{AcquireTimeoutError, ReleaseError, TryAcquireError};
        use semaphore::{
            Answer::*,
            Op::{Acquire, Release},
        };
        let semaphore = Directory::shm().attach::<SharedSemaphore>(&self.name)?.handle()?;
        self.repeat(|clock, random, _| match (gives && random.one_in(2), random.one_in(8)) {
            (true, _) => clock.stamped(Release(1), || {
                let released = semaphore.release(1);
                answer(released, |()| Released, |e| *e == ReleaseError::Overflow, Overflow)
            }),
            (false, true) => clock.stamped(Acquire, || {
                let acquired = semaphore.acquire_timeout(TIMEOUT);
                let late = |e: &_| *e == AcquireTimeoutError::TimedOut;
                answer(acquired, |()| Acquired, late, NoPermit)
            }),
            (false, false) => clock.stamped(Acquire, || {
                let none = |e: &_| *e == TryAcquireError::NoPermit;
                answer(semaphore.try_acquire(), |()| Acquired, none, NoPermit)
            }),
        })
    }
}

fn write<T: Serialize>(file: &str, calls: &[T]) -> Outcome<()> {
    Ok(fs::write(file, serde_json::to_vec(calls)?)?)
}

fn main() -> Outcome<()> {
    let [what, name, clock, actor, actors, count, file] = child();
    let actor = actor.parse()?;
    let recording = Recording {
        name,
        clock: Directory::shm().attach(&clock)?,
        actor,
        actors: actors.parse()?,
        count: count.parse()?,
        random: Random(0x9E37_79B9_7F4A_7C15 ^ u64::from(actor)),
    };
    match &*what {
        "producer" => write(&file, &recording.producer()?),
        "consumer" => write(&file, &recording.consumer()?),
        "queue" => write(&file, &recording.queue()?),
        "queue-rest" => write(&file, &recording.queue_rest()?),
        "semaphore" => write(&file, &recording.semaphore(true)?),
        "semaphore-rest" => write(&file, &recording.semaphore(false)?),
        other => Err(format!("what is {other}?").into()),
    }
}
