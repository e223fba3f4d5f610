//! Rings under soak: workers take turns at the ends of one, which the dead and the living abandon. Once it is
//! closed and empty, they go on to the next.

use std::{os::fd::OwnedFd, thread, time::Duration};

use selvedge::{
    platform::{
        Ordering::{AcqRel, Acquire},
        native::{Native, NativeCell},
    },
    protocol::spsc::{
        self, Claim, Consumer, PopError, PopTimeoutError, Producer, PushError, PushTimeoutError,
    },
    segment::{JoinError, RingConfig, Shared, SpscRing, sealed},
};

use super::{Desk, Life, Random, Settled, Trial, dawdle, epoch::about_to_wrap, join, records};
use crate::{
    Tick, View,
    deaths::{Harm, patiently},
};

type Ring = SpscRing<Tick>;
type Push = Producer<Native, Tick, Shared<Ring>>;
type Pop = Consumer<Native, Tick, Shared<Ring>>;

/// Few, so that both ends wait for each other.
const CAPACITY: u64 = 8;

/// Rings of a round: more than are closed in one.
const RINGS: usize = 512;

/// How often the number of operations in a turn may double; half of the turns are short.
const DOUBLINGS: u64 = 8;

/// Of so many producers that have had their turn, one closes.
const CLOSES: u64 = 4;

/// Workers that push or pop.
#[derive(Debug)]
pub struct Stream {
    /// What all have in common says which one is in use.
    rings: Vec<OwnedFd>,
}

/// A worker's ring.
struct Attached {
    number: u64,
    ring: Shared<Ring>,
    view: View,
}

/// The longest that a worker takes before it closes, in microseconds.
const HESITATES: u64 = 300;

/// What there is for a worker at an end.
enum Turn<T> {
    Ours(T),
    Taken,
    Closed,
}

fn claim<T>(desk: &Desk<'_>, claim: impl FnMut() -> Result<T, JoinError>) -> Turn<T> {
    desk.inside(records::JOINING);
    let turn = match join(claim) {
        Ok(end) => Turn::Ours(end),
        Err(JoinError::Taken) => Turn::Taken,
        Err(JoinError::Closed) => Turn::Closed,
        Err(error) => panic!("{error}"),
    };
    desk.inside(0);
    turn
}

fn push(producer: &mut Push, tick: Tick, sleep: Option<Duration>) -> bool {
    match sleep {
        Some(timeout) => match producer.push_timeout(tick, timeout) {
            Ok(()) => true,
            Err(PushTimeoutError::TimedOut(_) | PushTimeoutError::PeerDead(_)) => false,
            Err(error) => panic!("{error}"),
        },
        None => match producer.try_push(tick) {
            Ok(()) => true,
            Err(PushError::Full(_) | PushError::PeerDead(_)) => false,
            Err(error) => panic!("{error}"),
        },
    }
}

/// `Err`: the producer has closed, and nothing is left.
fn pop(consumer: &mut Pop, sleep: Option<Duration>) -> Result<Option<Tick>, PopError> {
    match sleep {
        Some(timeout) => match consumer.pop_timeout(timeout) {
            Ok(tick) => Ok(Some(tick)),
            Err(PopTimeoutError::TimedOut | PopTimeoutError::PeerDead) => Ok(None),
            Err(PopTimeoutError::Closed) => Err(PopError::Closed),
            Err(error) => panic!("{error}"),
        },
        None => match consumer.try_pop() {
            Ok(tick) => Ok(Some(tick)),
            Err(PopError::Empty | PopError::PeerDead) => Ok(None),
            Err(PopError::Closed) => Err(PopError::Closed),
            Err(error) => panic!("{error}"),
        },
    }
}

fn create() -> OwnedFd {
    let config = RingConfig::new(CAPACITY).start_at(u64::MAX - 1_000);
    let (_, descriptor) = sealed::create::<Ring>(config).expect("a page");
    descriptor
}

fn attach(descriptor: &OwnedFd, number: u64) -> Attached {
    let fields = spsc::Ring::<Native, [NativeCell<Tick>; 1]>::fields();
    let view = View::of(descriptor, &fields).expect("another mapping");
    let ring = sealed::attach::<Ring>(descriptor).expect("the ring");
    Attached { number, ring, view }
}

/// Seldom, for how long to wait.
fn sleep(random: &mut Random) -> Option<Duration> {
    let timeout = Duration::from_micros(random.below(300));
    timeout.as_micros().is_multiple_of(16).then_some(timeout)
}

/// Whoever is stopped now has the closing ahead of it, in a few steps.
fn hesitate(random: &mut Random) {
    thread::sleep(Duration::from_micros(random.below(HESITATES)));
}

/// A worker has a turn as the producer.
fn produce(desk: &Desk<'_>, at: &Attached, mut producer: Push, random: &mut Random) {
    let turn = 1_u64 << random.below(DOUBLINGS);
    for _ in (0..turn).take_while(|_| desk.open()) {
        about_to_wrap(at.view.u64("filled"), random);
        let sleep = sleep(random);
        dawdle(random);
        records::push(desk, |tick| push(&mut producer, tick, sleep));
    }
    if random.below(CLOSES) == 0 {
        hesitate(random);
        desk.inside(records::CLOSING);
        producer.close();
        desk.inside(0);
    }
}

/// A worker has a turn as the consumer.
fn consume(desk: &Desk<'_>, at: &Attached, mut consumer: Pop, random: &mut Random) {
    let turn = 1_u64 << random.below(DOUBLINGS);
    let mut closed = false;
    for _ in (0..turn).take_while(|_| desk.open()) {
        about_to_wrap(at.view.u64("freed"), random);
        let sleep = sleep(random);
        dawdle(random);
        records::pop(desk, || {
            let popped = pop(&mut consumer, sleep);
            closed = popped.is_err();
            popped.unwrap_or_default()
        });
        if closed {
            hesitate(random);
            desk.inside(records::CLOSING);
            consumer.close();
            desk.inside(0);
            return;
        }
    }
}

impl Stream {
    /// Empty rings, whose positions wrap soon.
    ///
    /// # Panics
    /// If there is no memory for them.
    #[must_use]
    pub fn new() -> Self {
        Self { rings: (0..RINGS).map(|_| create()).collect() }
    }
}

impl Default for Stream {
    fn default() -> Self {
        Self::new()
    }
}

impl Trial for Stream {
    fn name(&self) -> &'static str {
        "spsc"
    }

    fn runs_on(&self) -> &'static [&'static str] {
        &["event", "registry"]
    }

    fn operations(&self) -> &'static [&'static str] {
        records::OPERATIONS
    }

    fn work(&self, desk: &Desk<'_>, _: usize, mut random: Random) {
        let mut attached: Option<Attached> = None;
        while desk.open() {
            let number = desk.common().load(Acquire);
            let Some(descriptor) = self.rings.get(number as usize) else {
                thread::sleep(Duration::from_millis(1));
                continue;
            };
            let at = attached.take().filter(|at| at.number == number);
            let at = &*attached.insert(at.unwrap_or_else(|| attach(descriptor, number)));
            // Who finds an end taken has been patient; many do not live so long.
            if random.below(2) == 0
                && let Turn::Ours(producer) = claim(desk, || at.ring.producer())
            {
                produce(desk, at, producer, &mut random);
                continue;
            }
            match claim(desk, || at.ring.consumer()) {
                Turn::Ours(consumer) => consume(desk, at, consumer, &mut random),
                Turn::Taken => thread::sleep(Duration::from_micros(100)),
                Turn::Closed => {
                    // Whoever comes late finds it done.
                    let next = number + 1;
                    let _ = desk.common().compare_exchange(number, next, AcqRel, Acquire);
                }
            }
        }
    }

    /// With every ring closed, there would be nothing to do.
    fn goes_on(&mut self, dead: &Desk<'_>) -> bool {
        (dead.common().load(Acquire) as usize) < RINGS
    }

    /// Rings before the last one are closed. Of that both ends are claimed, all is taken, and a lap goes through
    /// unless it is closed, too.
    fn settle(&mut self, lives: &[Life<'_>]) -> Result<Settled, Harm> {
        let used = lives.first().map_or(0, |life| life.desk.common().load(Acquire) as usize);
        for descriptor in &self.rings[..used] {
            let ends = attach(descriptor, 0).ring.ends();
            if ends != [Claim::Closed; 2] {
                return Err(Harm::Corrupt(format!("a ring that was left: {ends:?}")));
            }
        }
        let left = match self.rings.get(used) {
            Some(descriptor) => empty(&attach(descriptor, 0).ring)?,
            None => Vec::new(),
        };
        let next = (used + 1).min(RINGS);
        self.rings.splice(..next, (0..next).map(|_| create()));
        records::account(lives, left)
    }
}

/// Takes what is in a ring that nobody uses, and lets a lap go through unless it is closed.
fn empty(ring: &Shared<Ring>) -> Result<Vec<u64>, Harm> {
    let wedged = |error: JoinError| Harm::Wedged(error.to_string());
    let mut left = Vec::new();
    let mut consumer = match patiently(|| ring.consumer()) {
        Ok(consumer) => consumer,
        // The consumer closes once the producer has, and all is taken.
        Err(JoinError::Closed) if ring.ends() == [Claim::Closed; 2] => return Ok(left),
        Err(error) => return Err(wedged(error)),
    };
    while let Ok(Some(tick)) = pop(&mut consumer, None) {
        if tick != Tick::nth(tick.seq) {
            return Err(Harm::Corrupt(format!("{tick:?}")));
        }
        left.push(tick.seq);
    }
    let mut producer = match patiently(|| ring.producer()) {
        Ok(producer) => producer,
        Err(JoinError::Closed) => return Ok(left),
        Err(error) => return Err(wedged(error)),
    };
    let pushed = (0..=CAPACITY).filter(|n| push(&mut producer, Tick::nth(*n), None)).count();
    let popped = (0..=CAPACITY).map_while(|_| pop(&mut consumer, None).ok().flatten());
    if pushed as u64 != CAPACITY || !popped.map(|tick| tick.seq).eq(0..CAPACITY) {
        return Err(Harm::Wedged(format!("{pushed} records fill {CAPACITY} slots")));
    }
    Ok(left)
}
