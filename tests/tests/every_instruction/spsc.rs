//! Records of a ring: those whose push returned arrive, in order; with a consumer one may go.

use std::{os::fd::OwnedFd, time::Duration};

use selvedge::{
    platform::native::Native,
    protocol::spsc::{
        Consumer, Ends, PopError, PopTimeoutError, Producer, PushError, PushTimeoutError,
    },
    segment::{RingConfig, Shared, SpscRing, sealed},
};
use selvedge_tests::{
    Tick,
    deaths::{Account, Bystander, Death, Harm, Operation, PATIENCE, Subject},
};

type Ring = SpscRing<Tick>;
type Push = Producer<Native, Tick, Shared<Ring>>;
type Pop = Consumer<Native, Tick, Shared<Ring>>;

const CAPACITY: u64 = 4;

/// Short, since everybody who dies after it waits for it.
const SHORT: Duration = Duration::from_millis(1);

/// The victim is the producer.
struct AtConsumer {
    consumer: Pop,
    descriptor: OwnedFd,
    /// Records that the consumer has taken.
    taken: u64,
    /// Records whose push returned before the operation.
    pushed: u64,
}

/// The victim is the consumer.
struct AtProducer {
    producer: Push,
    descriptor: OwnedFd,
    /// Records that the producer has pushed.
    pushed: u64,
    /// Records that were taken before the operation.
    taken: u64,
}

/// The victim closes its end while the other waits.
struct Closing {
    ring: Shared<Ring>,
    descriptor: OwnedFd,
    sleeper: Bystander,
    closed: u32,
}

fn ring() -> (Shared<Ring>, OwnedFd) {
    // Positions wrap on the way, and so does the slot.
    sealed::create(RingConfig::new(CAPACITY).start_at(u64::MAX - 1)).unwrap()
}

fn attach(descriptor: &OwnedFd) -> Shared<Ring> {
    sealed::attach(descriptor).unwrap()
}

/// The victim has pushed so many records.
fn at_consumer(pushed: u64) -> AtConsumer {
    let (ring, descriptor) = ring();
    AtConsumer { consumer: ring.consumer().unwrap(), descriptor, taken: 0, pushed }
}

fn producer(world: &AtConsumer) -> Push {
    let mut producer = attach(&world.descriptor).producer().unwrap();
    (0..world.pushed).for_each(|n| producer.try_push(Tick::nth(n)).unwrap());
    producer
}

/// So many records were pushed, and the victim has taken so many of them.
fn at_producer(pushed: u64, taken: u64) -> AtProducer {
    let (ring, descriptor) = ring();
    let mut producer = ring.producer().unwrap();
    (0..pushed).for_each(|n| producer.try_push(Tick::nth(n)).unwrap());
    AtProducer { producer, descriptor, pushed, taken }
}

fn consumer(world: &AtProducer) -> Pop {
    let mut consumer = attach(&world.descriptor).consumer().unwrap();
    (0..world.taken).for_each(|n| assert_eq!(consumer.try_pop(), Ok(Tick::nth(n))));
    consumer
}

/// The consumer takes what is there: all that was pushed, and perhaps a part of what was in flight.
/// Says how the ring ended.
fn take_all(world: &mut AtConsumer, death: Death, in_flight: u64) -> Result<PopError, Harm> {
    let promised = world.pushed + death.returned.unwrap_or(0);
    for n in world.taken.. {
        match world.consumer.try_pop() {
            Ok(tick) if tick != Tick::nth(n) => {
                return Err(Harm::Corrupt(format!("{tick:?} at place {n}")));
            }
            Ok(_) if n >= world.pushed + in_flight => {
                return Err(Harm::Doubled(format!("a record at place {n}")));
            }
            Ok(_) => {}
            Err(PopError::Corrupt) => return Err(Harm::Corrupt(PopError::Corrupt.to_string())),
            Err(_) if n < promised => {
                return Err(Harm::Lost(format!("records from {n} to {promised}")));
            }
            Err(end) => return Ok(end),
        }
    }
    unreachable!("2^64 records")
}

/// The victim was to push so many records; it returned how many it had pushed.
fn after_push<const IN_FLIGHT: u64>(mut world: AtConsumer, death: Death) -> Account {
    match take_all(&mut world, death, IN_FLIGHT)? {
        PopError::Closed => Err(Harm::Corrupt("closed by nobody".into())),
        // Whoever waits for more is not held for longer than it wants.
        _ if world.consumer.pop_timeout(Duration::ZERO).is_ok() => {
            Err(Harm::Corrupt("a record from nobody".into()))
        }
        _ => Ok(0),
    }
}

/// The producer fills the ring. What has no room was not freed by the dead, or is in its hands.
fn fill(world: &mut AtProducer) -> Result<u64, Harm> {
    for n in world.pushed.. {
        match world.producer.try_push(Tick::nth(n)) {
            Ok(()) => {}
            Err(PushError::Corrupt(_)) => return Err(Harm::Corrupt("said by a push".into())),
            Err(PushError::Closed(_)) => return Err(Harm::Corrupt("closed by nobody".into())),
            Err(PushError::Full(_)) => return Ok(n - CAPACITY),
        }
    }
    unreachable!("2^64 records")
}

/// The victim was to take so many records; it returned how many it had taken.
fn after_pop<const IN_FLIGHT: u64>(mut world: AtProducer, death: Death) -> Account {
    let freed = fill(&mut world)?;
    let least = world.taken + death.returned.unwrap_or(0);
    if freed < least {
        return Err(Harm::Wedged(format!("room after {freed} records, {least} were taken")));
    }
    if freed > world.taken + IN_FLIGHT {
        return Err(Harm::Corrupt(format!("room after {freed} records, which were not taken")));
    }
    // The records in it are lost with the only consumer: that is the ring's.
    Ok(freed - world.taken)
}

/// Somebody waits at the other end for what the victim is to close.
fn closing(closed: u32, wait: fn(&Shared<Ring>)) -> Closing {
    let (ring, descriptor) = ring();
    let sleeper = Bystander::start(|| wait(&attach(&descriptor)));
    sleeper.fall_asleep();
    Closing { ring, descriptor, sleeper, closed }
}

/// The victim was to close its end.
fn after_close(world: Closing, death: Death) -> Account {
    match world.ring.ends().has(world.closed) {
        true => world.sleeper.finish().map(|()| 0),
        false if death.returned.is_some() => Err(Harm::Lost("the end of the ring".into())),
        false => Ok(0),
    }
}

/// Steps of the victim as producer.
fn pushing() -> Vec<Box<dyn Subject>> {
    let claim = Operation {
        name: "spsc claim of the producer's end",
        allowed: 0,
        begins_as: None,
        prepare: || at_consumer(0),
        victim: |world| (attach(&world.descriptor), None),
        operate: |(ring, claimed)| {
            *claimed = ring.producer().ok();
            0
        },
        meanwhile: Operation::<AtConsumer, (Shared<Ring>, Option<Push>)>::NOTHING,
        survive: after_push::<0>,
    };
    let try_push = Operation {
        name: "spsc try_push",
        allowed: 0,
        begins_as: None,
        prepare: || at_consumer(2),
        victim: producer,
        operate: |producer| producer.try_push(Tick::nth(2)).is_ok().into(),
        meanwhile: Operation::<AtConsumer, Push>::NOTHING,
        survive: after_push::<1>,
    };
    let write = Operation {
        name: "spsc write",
        prepare: || at_consumer(1),
        operate: |producer: &mut Push| {
            producer.write(&[1, 2, 3].map(Tick::nth)).map_or(0, |written| written as u64)
        },
        survive: after_push::<3>,
        ..try_push
    };
    let woken = Operation {
        name: "spsc push, woken",
        prepare: || at_consumer(CAPACITY),
        operate: |producer: &mut Push| producer.push_timeout(Tick::nth(4), PATIENCE).is_ok().into(),
        meanwhile: |world: &mut AtConsumer| {
            assert_eq!(world.consumer.try_pop(), Ok(Tick::nth(0)));
            world.taken += 1;
        },
        survive: after_push::<1>,
        ..try_push
    };
    let timed_out = Operation {
        name: "spsc push until a deadline",
        begins_as: Some(woken.name),
        operate: |producer: &mut Push| producer.push_timeout(Tick::nth(4), SHORT).is_ok().into(),
        meanwhile: Operation::<AtConsumer, Push>::NOTHING,
        survive: after_push::<0>,
        ..woken
    };
    let close = Operation {
        name: "spsc close of the producer's end",
        allowed: 0,
        begins_as: None,
        prepare: || {
            closing(Ends::PRODUCER_CLOSED, |ring| {
                let popped = ring.consumer().unwrap().pop_timeout(PATIENCE);
                assert_eq!(popped, Err(PopTimeoutError::Closed));
            })
        },
        victim: |world| attach(&world.descriptor).producer().ok(),
        operate: |producer| {
            producer.take().unwrap().close();
            0
        },
        meanwhile: Operation::<Closing, Option<Push>>::NOTHING,
        survive: after_close,
    };
    vec![
        Box::new(claim),
        Box::new(try_push),
        Box::new(write),
        Box::new(woken),
        Box::new(timed_out),
        Box::new(close),
    ]
}

/// Steps of the victim as consumer.
fn popping() -> Vec<Box<dyn Subject>> {
    let claim = Operation {
        name: "spsc claim of the consumer's end",
        allowed: 0,
        begins_as: None,
        prepare: || at_producer(2, 0),
        victim: |world| (attach(&world.descriptor), None),
        operate: |(ring, claimed)| {
            *claimed = ring.consumer().ok();
            0
        },
        meanwhile: Operation::<AtProducer, (Shared<Ring>, Option<Pop>)>::NOTHING,
        survive: after_pop::<0>,
    };
    let try_pop = Operation {
        name: "spsc try_pop",
        allowed: 1,
        begins_as: None,
        prepare: || at_producer(3, 1),
        victim: consumer,
        operate: |consumer| (consumer.try_pop() == Ok(Tick::nth(1))).into(),
        meanwhile: Operation::<AtProducer, Pop>::NOTHING,
        survive: after_pop::<1>,
    };
    let read = Operation {
        name: "spsc read",
        allowed: 3,
        prepare: || at_producer(CAPACITY, 1),
        operate: |consumer: &mut Pop| {
            let mut into = [Tick::nth(0); 3];
            consumer.read(&mut into).map_or(0, |count| count as u64)
        },
        survive: after_pop::<3>,
        ..try_pop
    };
    let woken = Operation {
        name: "spsc pop, woken",
        allowed: 1,
        prepare: || at_producer(1, 1),
        operate: |consumer: &mut Pop| (consumer.pop_timeout(PATIENCE) == Ok(Tick::nth(1))).into(),
        meanwhile: |world: &mut AtProducer| {
            world.producer.try_push(Tick::nth(1)).unwrap();
            world.pushed += 1;
        },
        survive: after_pop::<1>,
        ..try_pop
    };
    let timed_out = Operation {
        name: "spsc pop until a deadline",
        allowed: 0,
        begins_as: Some(woken.name),
        operate: |consumer: &mut Pop| consumer.pop_timeout(SHORT).is_ok().into(),
        meanwhile: Operation::<AtProducer, Pop>::NOTHING,
        survive: after_pop::<0>,
        ..woken
    };
    let close = Operation {
        name: "spsc close of the consumer's end",
        allowed: 0,
        begins_as: None,
        prepare: || {
            closing(Ends::CONSUMER_CLOSED, |ring| {
                let mut producer = ring.producer().unwrap();
                (0..CAPACITY).for_each(|n| producer.try_push(Tick::nth(n)).unwrap());
                let pushed = producer.push_timeout(Tick::nth(4), PATIENCE);
                assert_eq!(pushed, Err(PushTimeoutError::Closed(Tick::nth(4))));
            })
        },
        victim: |world| attach(&world.descriptor).consumer().ok(),
        operate: |consumer| {
            consumer.take().unwrap().close();
            0
        },
        meanwhile: Operation::<Closing, Option<Pop>>::NOTHING,
        survive: after_close,
    };
    vec![
        Box::new(claim),
        Box::new(try_pop),
        Box::new(read),
        Box::new(woken),
        Box::new(timed_out),
        Box::new(close),
    ]
}

pub(crate) fn operations() -> Vec<Box<dyn Subject>> {
    let mut all = pushing();
    all.extend(popping());
    all
}
