//! A queue for many under soak: every record whose push returned is delivered once, or was in flight
//! with a dead consumer; each of those may take one along.

use std::{collections::HashSet, os::fd::OwnedFd, time::Duration};

use selvedge::{
    platform::native::Native,
    protocol::mpmc::{Consumer, PopError, PopTimeoutError, Producer, PushError, PushTimeoutError},
    segment::{MpmcQueue, RingConfig, Shared, sealed},
};

use super::{Desk, Life, Random, Settled, Trial};
use crate::{Tick, deaths::Harm};

type Queue = MpmcQueue<Tick>;
type Push = Producer<Native, Tick, Shared<Queue>>;
type Pop = Consumer<Native, Tick, Shared<Queue>>;

/// Few, so that everybody meets everybody.
const CAPACITY: u64 = 8;

/// What a worker is in the middle of.
const PUSHING: u64 = 1;
const POPPING: u64 = 2;

/// A record's number: its life's, then its own. No survivor's has one of these.
const fn number(life: u64, n: u64) -> u64 {
    life << 40 | n
}

/// Workers that push and pop.
#[derive(Debug)]
pub struct Records {
    producer: Push,
    consumer: Pop,
    descriptor: OwnedFd,
}

fn handles(queue: &Shared<Queue>) -> (Push, Pop) {
    let joined = "the registry has room for all who live";
    (queue.producer().expect(joined), queue.consumer().expect(joined))
}

impl Records {
    /// An empty queue, whose positions wrap soon.
    ///
    /// # Panics
    /// If there is no memory for it.
    #[must_use]
    pub fn new() -> Self {
        let config = RingConfig::new(CAPACITY).start_at(u64::MAX - 1_000_000);
        let (queue, descriptor) = sealed::create::<Queue>(config).expect("a page");
        let (producer, consumer) = handles(&queue);
        Self { producer, consumer, descriptor }
    }

    /// Takes what is there.
    fn drain(&mut self) -> Result<Vec<u64>, Harm> {
        let mut taken = Vec::new();
        loop {
            match self.consumer.try_pop() {
                Ok(tick) if tick == Tick::nth(tick.seq) => taken.push(tick.seq),
                Ok(tick) => return Err(Harm::Corrupt(format!("{tick:?}"))),
                Err(PopError::Empty) => return Ok(taken),
                Err(PopError::Corrupt) => return Err(Harm::Corrupt("says a pop".into())),
            }
        }
    }

    /// The queue is empty, and every slot is free.
    fn go_round(&mut self) -> Result<(), Harm> {
        for n in 0..CAPACITY {
            if self.producer.try_push(Tick::nth(n)).is_err() {
                return Err(Harm::Wedged(format!("{n} of {CAPACITY} slots can be filled")));
            }
        }
        let taken = self.drain()?;
        if taken.iter().copied().eq(0..CAPACITY) {
            return Ok(());
        }
        Err(Harm::Wedged(format!("of {CAPACITY} records came {taken:?}")))
    }
}

impl Default for Records {
    fn default() -> Self {
        Self::new()
    }
}

impl Trial for Records {
    fn name(&self) -> &'static str {
        "mpmc"
    }

    fn work(&self, desk: &Desk<'_>, _: usize, mut random: Random) {
        let queue = sealed::attach::<Queue>(&self.descriptor).expect("the queue");
        let (mut producer, mut consumer) = handles(&queue);
        let mut pushed = 0;
        while desk.open() {
            // Mostly at once: a worker that is killed while it waits leaves little behind.
            let sleeps = random.below(64) == 0;
            let timeout = Duration::from_micros(random.below(300));
            if random.below(2) == 0 {
                desk.begin(pushed + 1);
                desk.inside(PUSHING);
                let tick = Tick::nth(number(desk.life, pushed));
                let refused = if sleeps {
                    let pushed = producer.push_timeout(tick, timeout);
                    assert!(!matches!(pushed, Err(PushTimeoutError::Corrupt(_))), "{pushed:?}");
                    pushed.is_err()
                } else {
                    let pushed = producer.try_push(tick);
                    assert!(!matches!(pushed, Err(PushError::Corrupt(_))), "{pushed:?}");
                    pushed.is_err()
                };
                pushed += u64::from(!refused);
                desk.end(pushed);
            } else {
                desk.inside(POPPING);
                let popped = if sleeps {
                    let popped = consumer.pop_timeout(timeout);
                    assert!(!matches!(popped, Err(PopTimeoutError::Corrupt)), "a corrupt queue");
                    popped.ok()
                } else {
                    let popped = consumer.try_pop();
                    assert!(!matches!(popped, Err(PopError::Corrupt)), "a corrupt queue");
                    popped.ok()
                };
                if let Some(tick) = popped {
                    assert_eq!(tick, Tick::nth(tick.seq), "a torn record");
                    desk.list(tick.seq);
                }
            }
            desk.inside(0);
        }
    }

    fn settle(&mut self, lives: &[Life<'_>]) -> Result<Settled, Harm> {
        let left = self.drain()?;
        self.go_round()?;
        let mut delivered = HashSet::new();
        for seq in lives.iter().flat_map(|life| life.desk.entries()).chain(left) {
            let (life, n) = (seq >> 40, seq & ((1 << 40) - 1));
            // A record that was being pushed is delivered, or not.
            let begun = lives.get(life as usize).map_or(0, |life| life.desk.counted().1);
            if n >= begun {
                return Err(Harm::Corrupt(format!(
                    "record {n} of life {life}, who never pushed it"
                )));
            }
            if !delivered.insert(seq) {
                return Err(Harm::Doubled(format!("record {n} of life {life}")));
            }
        }
        let pushed = lives
            .iter()
            .flat_map(|life| (0..life.desk.counted().0).map(|n| number(life.desk.life, n)));
        let (mut done, mut lost) = (delivered.len() as u64, 0);
        for seq in pushed {
            done += 1;
            lost += u64::from(!delivered.contains(&seq));
        }
        let dead = lives.iter().filter(|life| life.killed && life.desk.operation() == POPPING);
        let most = dead.count() as u64;
        if lost > most {
            return Err(Harm::Lost(format!("{lost} records, with {most} dead consumers")));
        }
        Ok(Settled { done, lost })
    }
}
