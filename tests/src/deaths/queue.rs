//! A queue for many, among whom some die: what must then be in it.

use std::{os::fd::OwnedFd, thread};

use selvedge::{
    platform::{Ordering::Acquire, native::Native},
    protocol::mpmc::{
        Consumer, PopError, Producer, PushError,
        word::{Phase, SlotWord},
    },
    segment::{MpmcQueue, RingConfig, Shared, sealed},
};

use super::{Account, Harm, UNKNOWN, die_when, patiently};
use crate::{Tick, View};

/// Slots of the queue.
pub const CAPACITY: u64 = 4;

/// Records with numbers below were pushed before any death.
const BEFORE: u64 = 10;

/// Records with numbers from here on were pushed after all deaths; those between were in flight.
const AFTER: u64 = 20;

/// A producer of ticks.
pub type Push = Producer<Native, Tick, Shared<MpmcQueue<Tick>>>;

/// A consumer of ticks.
pub type Pop = Consumer<Native, Tick, Shared<MpmcQueue<Tick>>>;

/// A queue, a producer and a consumer who survive, and what they know.
#[derive(Debug)]
pub struct World {
    descriptor: OwnedFd,
    producer: Push,
    consumer: Pop,
    /// Records that are in the queue for certain.
    pushed: Vec<u64>,
    /// What those had in flight who have died already.
    flight: Flight,
    /// Those who have taken the numbers of the dead.
    heirs: Vec<Push>,
}

/// The record of a producer that has died already.
const DEAD: u64 = 15;

/// The number of a record that is not whole.
const TORN: u64 = u64::MAX - 2;

/// The number of no record.
const NOTHING: u64 = u64::MAX - 1;

/// What a pop returned: its record's number, or that there was none. A record that nobody pushed has a
/// number that nobody gave.
pub fn number<E>(popped: Result<Tick, E>) -> u64 {
    match popped {
        Ok(tick) if tick == Tick::nth(tick.seq) => tick.seq,
        Ok(_) => TORN,
        Err(_) => NOTHING,
    }
}

/// What becomes of a queue by those who have died, or else have told how it went.
#[derive(Clone, Debug, Default)]
pub struct Flight {
    /// Records whose push has returned.
    pub pushed: Vec<u64>,
    /// Records of a push that may have happened or not.
    pub in_push: Vec<u64>,
    /// Records that were popped, by somebody who told.
    pub popped: Vec<u64>,
    /// Deaths in the middle of a pop, or between it and telling: each may take a record along.
    pub in_pop: u64,
}

impl Flight {
    /// The record `tick` was in flight when its producer died, or its push has returned.
    #[must_use]
    pub fn push(mut self, tick: u64, returned: bool) -> Self {
        if returned {
            self.pushed.push(tick)
        } else {
            self.in_push.push(tick)
        }
        self
    }

    /// A pop returned this [`number`], or its consumer died before that.
    #[must_use]
    pub fn pop(mut self, returned: Option<u64>) -> Self {
        match returned {
            Some(NOTHING) => {}
            Some(tick) => self.popped.push(tick),
            None => self.in_pop += 1,
        }
        self
    }
}

impl World {
    /// A queue with so many records, numbered from 1: zeroed memory is none. Its positions wrap soon.
    ///
    /// # Panics
    /// If there is no memory for it.
    #[must_use]
    pub fn with(records: u64) -> Self {
        let config = RingConfig::new(CAPACITY).start_at(u64::MAX - 1);
        let (queue, descriptor) = sealed::create(config).expect("a page of memory");
        let producer = producer_of(&queue);
        let consumer = consumer_of(&queue);
        let mut world = Self {
            descriptor,
            producer,
            consumer,
            pushed: Vec::new(),
            flight: Flight::default(),
            heirs: Vec::new(),
        };
        (0..records).for_each(|_| world.push());
        world
    }

    /// A queue with a record behind the claim of a dead producer. Whoever comes next gets the dead one's
    /// number, or `another`.
    #[must_use]
    pub fn behind_the_dead(another: bool) -> Self {
        let mut world = Self::with(0);
        // A smaller number, free again when this has gone.
        let place = another.then(|| world.producer());
        world.die(Phase::Writing, |mark| {
            let mut producer = world.producer();
            mark();
            let _ = producer.try_push(Tick::nth(DEAD));
        });
        drop(place);
        world.flight = Flight::default().push(DEAD, false);
        world.push();
        world
    }

    /// A full queue, whose first record is in the hands of a dead consumer. Whoever comes next gets the
    /// dead one's number, or `another`.
    #[must_use]
    pub fn before_the_dead(another: bool) -> Self {
        let mut world = Self::with(CAPACITY);
        let place = another.then(|| world.producer());
        world.die(Phase::Reading, |mark| {
            let mut consumer = world.consumer();
            mark();
            let _ = consumer.try_pop();
        });
        drop(place);
        world.flight = Flight::default().pop(None);
        world
    }

    /// A process dies as soon as a slot is in this phase.
    fn die(&self, phase: Phase, body: impl FnOnce(&dyn Fn())) {
        let view = View::of_queue::<Tick>(&self.descriptor).expect("a page");
        let is_there = |name| SlotWord(view.u64(name).load(Acquire)).phase() == phase;
        die_when(body, || View::SLOT_WORDS.into_iter().any(is_there));
    }

    /// Others take the numbers of the dead.
    ///
    /// # Errors
    /// There is no room for them.
    pub fn join_heirs(&mut self) -> Result<(), Harm> {
        for _ in 0..2 {
            let heir = self.attach().producer();
            self.heirs.push(heir.map_err(|error| Harm::Wedged(error.to_string()))?);
        }
        Ok(())
    }

    /// A survivor pushes the next record.
    ///
    /// # Panics
    /// If there is no room for it.
    pub fn push(&mut self) {
        let tick = self.pushed.last().map_or(1, |last| last + 1);
        self.producer.try_push(Tick::nth(tick)).expect("a free slot");
        self.pushed.push(tick);
    }

    /// A survivor pops the first record.
    ///
    /// # Panics
    /// If that is not there.
    pub fn pop(&mut self) {
        let tick = self.pushed.remove(0);
        assert_eq!(self.consumer.try_pop(), Ok(Tick::nth(tick)));
    }

    /// Somebody else's producer.
    ///
    /// # Panics
    /// If it cannot attach.
    #[must_use]
    pub fn producer(&self) -> Push {
        producer_of(&self.attach())
    }

    /// Somebody else's consumer.
    ///
    /// # Panics
    /// If it cannot attach.
    #[must_use]
    pub fn consumer(&self) -> Pop {
        consumer_of(&self.attach())
    }

    /// Somebody else's pointer to it.
    ///
    /// # Panics
    /// If it cannot attach.
    #[must_use]
    pub fn attach(&self) -> Shared<MpmcQueue<Tick>> {
        sealed::attach(&self.descriptor).expect("the queue")
    }

    /// All deaths are over: two more records come, and all are taken that are there. Then the queue
    /// works as if it were new.
    ///
    /// # Errors
    /// What is not as the card promises.
    pub fn settle(mut self, mut flight: Flight) -> Account {
        let Self { pushed, producer, flight: earlier, .. } = &mut self;
        pushed.append(&mut flight.pushed);
        flight.in_push.append(&mut earlier.in_push);
        flight.in_pop += earlier.in_pop;
        for tick in AFTER..AFTER + 2 {
            match producer.try_push(Tick::nth(tick)) {
                Ok(()) => pushed.push(tick),
                // Records that nobody has taken may fill it.
                Err(PushError::Full(_)) => {}
                Err(PushError::Corrupt(_)) => return Err(Harm::Corrupt("says a push".into())),
            }
        }
        let mut taken = self.take_all()?;
        let come = |tick: &u64| flight.popped.contains(tick);
        let there = self.pushed.iter().filter(|tick| taken.contains(tick) || come(tick)).count();
        if self.pushed.len() > there + flight.in_pop as usize {
            // Not known to be dead, its claim holds up what is behind it.
            thread::sleep(UNKNOWN);
            taken.append(&mut self.take_all()?);
        }
        self.in_order(&taken)?;
        for tick in &flight.popped {
            if !self.pushed.contains(tick) && !flight.in_push.contains(tick) {
                return Err(Harm::Corrupt(format!("record {tick} was popped, from nobody")));
            }
        }
        for tick in &taken {
            if flight.popped.contains(tick) {
                return Err(Harm::Doubled(format!("record {tick}, which was popped before")));
            }
            if !self.pushed.contains(tick) && !flight.in_push.contains(tick) {
                return Err(Harm::Corrupt(format!("record {tick} from nobody")));
            }
        }
        let there = |tick: &&u64| taken.contains(tick) || flight.popped.contains(tick);
        let lost = self.pushed.iter().filter(|tick| !there(tick)).count() as u64;
        if lost > flight.in_pop {
            // A queue that is held up has lost nothing yet.
            self.go_round()?;
            return Err(Harm::Lost(format!("{lost} of {:?}; taken were {taken:?}", self.pushed)));
        }
        self.go_round().map(|()| lost)
    }

    /// What a survivor can take, by number.
    fn take_all(&mut self) -> Result<Vec<u64>, Harm> {
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

    /// First what was pushed first; only what was in flight together comes in any order.
    fn in_order(&self, taken: &[u64]) -> Result<(), Harm> {
        let flying = BEFORE..AFTER;
        for pair in taken.windows(2) {
            if pair[0] == pair[1] {
                return Err(Harm::Doubled(format!("record {}", pair[0])));
            }
            if pair[0] > pair[1] && !(flying.contains(&pair[0]) && flying.contains(&pair[1])) {
                return Err(Harm::Corrupt(format!("out of order: {taken:?}")));
            }
        }
        Ok(())
    }

    /// Fills and empties the queue, so that every slot comes round twice.
    fn go_round(&mut self) -> Result<(), Harm> {
        for _ in 0..2 {
            for n in 1..=CAPACITY {
                patiently(|| self.producer.try_push(Tick::nth(n))).map_err(|_| {
                    Harm::Wedged(format!("slot {n} of {CAPACITY} cannot be filled"))
                })?;
            }
            if self.producer.try_push(Tick::nth(CAPACITY + 1)).is_ok() {
                return Err(Harm::Doubled("a slot".into()));
            }
            let taken = self.take_all()?;
            if !taken.iter().copied().eq(1..=CAPACITY) {
                return Err(Harm::Wedged(format!("of {CAPACITY} records came {taken:?}")));
            }
        }
        Ok(())
    }
}

fn producer_of(queue: &Shared<MpmcQueue<Tick>>) -> Push {
    queue.producer().expect("a free slot of the registry")
}

fn consumer_of(queue: &Shared<MpmcQueue<Tick>>) -> Pop {
    queue.consumer().expect("a free slot of the registry")
}
