//! A ring under soak: workers take turns at its ends, which the dead and the living abandon.

use std::{os::fd::OwnedFd, thread, time::Duration};

use selvedge::{
    platform::native::Native,
    protocol::spsc::{Consumer, PopError, PopTimeoutError, Producer, PushError, PushTimeoutError},
    segment::{JoinError, RingConfig, Shared, SpscRing, sealed},
};

use super::{Desk, Life, Random, Settled, Trial, records};
use crate::{
    Tick,
    deaths::{Harm, patiently},
};

type Ring = SpscRing<Tick>;
type Push = Producer<Native, Tick, Shared<Ring>>;
type Pop = Consumer<Native, Tick, Shared<Ring>>;

/// Few, so that both ends wait for each other.
const CAPACITY: u64 = 8;

/// The most operations at an end in a row.
const TURN: u64 = 10_000;

/// Workers that push or pop.
#[derive(Debug)]
pub struct Stream {
    ring: Shared<Ring>,
    descriptor: OwnedFd,
}

/// An end, unless somebody has it.
fn claim<T>(desk: &Desk<'_>, claim: impl FnOnce() -> Result<T, JoinError>) -> Option<T> {
    desk.inside(records::JOINING);
    let end = match claim() {
        Ok(end) => Some(end),
        Err(JoinError::Taken) => None,
        Err(error) => panic!("{error}"),
    };
    desk.inside(0);
    end
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

fn pop(consumer: &mut Pop, sleep: Option<Duration>) -> Option<Tick> {
    match sleep {
        Some(timeout) => match consumer.pop_timeout(timeout) {
            Ok(tick) => Some(tick),
            Err(PopTimeoutError::TimedOut | PopTimeoutError::PeerDead) => None,
            Err(error) => panic!("{error}"),
        },
        None => match consumer.try_pop() {
            Ok(tick) => Some(tick),
            Err(PopError::Empty | PopError::PeerDead) => None,
            Err(error) => panic!("{error}"),
        },
    }
}

impl Stream {
    /// An empty ring, whose positions wrap soon.
    ///
    /// # Panics
    /// If there is no memory for it.
    #[must_use]
    pub fn new() -> Self {
        let config = RingConfig::new(CAPACITY).start_at(u64::MAX - 1_000_000);
        let (ring, descriptor) = sealed::create::<Ring>(config).expect("a page");
        Self { ring, descriptor }
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

    fn operations(&self) -> &'static [&'static str] {
        records::OPERATIONS
    }

    fn work(&self, desk: &Desk<'_>, _: usize, mut random: Random) {
        desk.inside(records::JOINING);
        let ring = sealed::attach::<Ring>(&self.descriptor).expect("the ring");
        while desk.open() {
            let turn = 1 + random.below(TURN);
            let mut sleep = || {
                let timeout = Duration::from_micros(random.below(300));
                timeout.as_micros().is_multiple_of(16).then_some(timeout)
            };
            if let Some(mut producer) = claim(desk, || ring.producer()) {
                for _ in (0..turn).take_while(|_| desk.open()) {
                    records::push(desk, |tick| push(&mut producer, tick, sleep()));
                }
            } else if let Some(mut consumer) = claim(desk, || ring.consumer()) {
                for _ in (0..turn).take_while(|_| desk.open()) {
                    records::pop(desk, || pop(&mut consumer, sleep()));
                }
            } else {
                thread::sleep(Duration::from_micros(100));
            }
        }
    }

    /// Both ends are claimed, all is taken, and a lap goes through.
    fn settle(&mut self, lives: &[Life<'_>]) -> Result<Settled, Harm> {
        let wedged = |error: JoinError| Harm::Wedged(error.to_string());
        let mut consumer = patiently(|| self.ring.consumer()).map_err(wedged)?;
        let mut left = Vec::new();
        while let Some(tick) = pop(&mut consumer, None) {
            if tick != Tick::nth(tick.seq) {
                return Err(Harm::Corrupt(format!("{tick:?}")));
            }
            left.push(tick.seq);
        }
        let mut producer = patiently(|| self.ring.producer()).map_err(wedged)?;
        let pushed = (0..=CAPACITY).filter(|n| push(&mut producer, Tick::nth(*n), None)).count();
        let popped = (0..=CAPACITY).map_while(|_| pop(&mut consumer, None)).map(|tick| tick.seq);
        if pushed as u64 != CAPACITY || !popped.eq(0..CAPACITY) {
            return Err(Harm::Wedged(format!("{pushed} records fill {CAPACITY} slots")));
        }
        records::account(lives, left)
    }
}
