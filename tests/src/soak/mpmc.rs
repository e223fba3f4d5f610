//! A queue for many under soak.

use std::{os::fd::OwnedFd, time::Duration};

use selvedge::{
    platform::native::Native,
    protocol::mpmc::{
        self, Consumer, PopError, PopTimeoutError, Producer, PushError, PushTimeoutError,
    },
    segment::{MpmcQueue, RingConfig, Shared, sealed},
};

use super::{Desk, Life, Random, Settled, Trial, epoch::about_to_wrap, join, records};
use crate::{Tick, View, deaths::Harm};

type Queue = MpmcQueue<Tick>;
type Push = Producer<Native, Tick, Shared<Queue>>;
type Pop = Consumer<Native, Tick, Shared<Queue>>;

/// Few, so that everybody meets everybody, and what the dead have left.
const CAPACITY: u64 = 2;

/// Of so many operations, one is the last with its handles.
const TURN: u64 = 512;

/// Workers that push and pop.
#[derive(Debug)]
pub struct Records {
    producer: Push,
    consumer: Pop,
    descriptor: OwnedFd,
    view: View,
}

fn handles(queue: &Shared<Queue>) -> (Push, Pop) {
    let joined = "the registry has room for all who live";
    (join(|| queue.producer()).expect(joined), join(|| queue.consumer()).expect(joined))
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
        let fields = mpmc::Queue::<Native, [mpmc::Slot<Native, Tick>; 1]>::fields();
        let view = View::of(&descriptor, &fields).expect("another mapping");
        Self { producer, consumer, descriptor, view }
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

    fn runs_on(&self) -> &'static [&'static str] {
        &["event", "registry"]
    }

    fn operations(&self) -> &'static [&'static str] {
        records::OPERATIONS
    }

    fn work(&self, desk: &Desk<'_>, _: usize, mut random: Random) {
        desk.inside(records::JOINING);
        let queue = sealed::attach::<Queue>(&self.descriptor).expect("the queue");
        let (mut producer, mut consumer) = handles(&queue);
        while desk.open() {
            if random.below(TURN) == 0 {
                desk.inside(records::JOINING);
                drop((producer, consumer));
                (producer, consumer) = handles(&queue);
            }
            for event in ["filled", "freed"] {
                about_to_wrap(self.view.u64(event), &mut random);
            }
            // Mostly at once: a worker that is killed while it waits leaves little behind.
            let sleeps = random.below(64) == 0;
            let timeout = Duration::from_micros(random.below(300));
            if random.below(2) == 0 {
                records::push(desk, |tick| match sleeps {
                    true => match producer.push_timeout(tick, timeout) {
                        Err(PushTimeoutError::Corrupt(_)) => panic!("a corrupt queue"),
                        pushed => pushed.is_ok(),
                    },
                    false => match producer.try_push(tick) {
                        Err(PushError::Corrupt(_)) => panic!("a corrupt queue"),
                        pushed => pushed.is_ok(),
                    },
                });
            } else {
                records::pop(desk, || match sleeps {
                    true => match consumer.pop_timeout(timeout) {
                        Err(PopTimeoutError::Corrupt) => panic!("a corrupt queue"),
                        popped => popped.ok(),
                    },
                    false => match consumer.try_pop() {
                        Err(PopError::Corrupt) => panic!("a corrupt queue"),
                        popped => popped.ok(),
                    },
                });
            }
        }
    }

    fn settle(&mut self, lives: &[Life<'_>]) -> Result<Settled, Harm> {
        let left = self.drain()?;
        self.go_round()?;
        records::account(lives, left)
    }
}
