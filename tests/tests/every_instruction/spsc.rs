//! Records of a ring: those whose push returned arrive once, in order, whoever has the other end by then;
//! with a consumer one may go.

use std::{mem, os::fd::OwnedFd, time::Duration};

use selvedge::{
    platform::native::Native,
    protocol::spsc::{
        Claim, Consumer, PopError, PopTimeoutError, Producer, PushError, PushTimeoutError,
    },
    segment::{RingConfig, Shared, SpscRing, sealed},
};
use selvedge_tests::{
    Tick,
    deaths::{Account, Bystander, Death, Harm, Operation, PATIENCE, Subject, corpse, patiently},
};

type Ring = SpscRing<Tick>;
type Push = Producer<Native, Tick, Shared<Ring>>;
type Pop = Consumer<Native, Tick, Shared<Ring>>;

const CAPACITY: u64 = 4;

/// Short, since everybody who dies after it waits for it.
const SHORT: Duration = Duration::from_millis(1);

struct World {
    ring: Shared<Ring>,
    descriptor: OwnedFd,
    /// Survivors' ends.
    producer: Option<Push>,
    consumer: Option<Pop>,
    /// Records whose push returned before the operation.
    pushed: u64,
    /// Records that were taken before the operation, and by survivors since.
    taken: u64,
    /// The operation is to claim an end; otherwise it has one.
    claims: bool,
    /// Waits at the other end for what the victim is to close.
    sleeper: Option<Bystander>,
}

fn attach(descriptor: &OwnedFd) -> Shared<Ring> {
    sealed::attach(descriptor).unwrap()
}

/// A ring in which so many records are pushed, and so many of them taken, before the operation.
fn world(pushed: u64, taken: u64) -> World {
    // Positions wrap on the way, and so does the slot.
    let (ring, descriptor) =
        sealed::create::<Ring>(RingConfig::new(CAPACITY).start_at(u64::MAX - 1)).unwrap();
    World {
        ring,
        descriptor,
        producer: None,
        consumer: None,
        pushed,
        taken,
        claims: false,
        sleeper: None,
    }
}

/// The victim is the producer, a survivor the consumer.
fn at_consumer(pushed: u64) -> World {
    let mut world = world(pushed, 0);
    world.consumer = Some(world.ring.consumer().unwrap());
    world
}

/// The victim is the consumer, a survivor the producer.
fn at_producer(pushed: u64, taken: u64) -> World {
    let mut world = world(pushed, taken);
    world.producer = Some(producer(&world));
    world
}

/// The end's owner has pushed what is to be pushed before the operation.
fn producer(world: &World) -> Push {
    let mut producer = attach(&world.descriptor).producer().unwrap();
    (0..world.pushed).for_each(|n| producer.try_push(Tick::nth(n)).unwrap());
    producer
}

/// The end's owner has taken what is to be taken before the operation.
fn consumer(world: &World) -> Pop {
    let mut consumer = attach(&world.descriptor).consumer().unwrap();
    (0..world.taken).for_each(|n| assert_eq!(consumer.try_pop(), Ok(Tick::nth(n))));
    consumer
}

/// The first producer has died. A consumer with a smaller number survives, so that whoever comes gets
/// the dead one's number.
fn dead_producer(pushed: u64) -> World {
    let world = World { claims: true, ..at_consumer(pushed) };
    corpse(|| mem::forget(producer(&world)));
    world
}

/// Likewise, the consumer.
fn dead_consumer(pushed: u64, taken: u64) -> World {
    let world = World { claims: true, ..at_producer(pushed, taken) };
    corpse(|| mem::forget(consumer(&world)));
    world
}

/// Nobody is left, so that whoever comes gets another number than the dead.
fn alone(world: World) -> World {
    World { producer: None, consumer: None, ..world }
}

fn wedged(what: impl ToString) -> Harm {
    Harm::Wedged(what.to_string())
}

/// A survivor's end: its own, or one whose owner is dead, or has gone.
fn heir_of_producer(world: &mut World) -> Result<Push, Harm> {
    let own = world.producer.take();
    own.map_or_else(|| patiently(|| world.ring.producer()).map_err(wedged), Ok)
}

fn heir_of_consumer(world: &mut World) -> Result<Pop, Harm> {
    let own = world.consumer.take();
    own.map_or_else(|| patiently(|| world.ring.consumer()).map_err(wedged), Ok)
}

/// Takes what is there: records from the `first` on, in order. Says which would be the next, and why it
/// is not there.
fn take_all(consumer: &mut Pop, first: u64) -> Result<(u64, PopError), Harm> {
    for n in first.. {
        match consumer.try_pop() {
            Ok(tick) if tick == Tick::nth(n) => {}
            Ok(tick) => return Err(Harm::Corrupt(format!("{tick:?} at place {n}"))),
            Err(PopError::Corrupt) => return Err(Harm::Corrupt("said by a pop".into())),
            Err(PopError::Closed) => return Err(Harm::Corrupt("closed by nobody".into())),
            Err(end) => return Ok((n, end)),
        }
    }
    unreachable!("2^64 records")
}

/// Pushes records from the `first` on, until there is no room. Says which would be the next, and why.
fn fill(producer: &mut Push, first: u64) -> Result<(u64, PushError<()>), Harm> {
    for n in first.. {
        match producer.try_push(Tick::nth(n)) {
            Ok(()) => {}
            Err(PushError::Corrupt(_)) => return Err(Harm::Corrupt("said by a push".into())),
            Err(PushError::Closed(_)) => return Err(Harm::Corrupt("closed by nobody".into())),
            Err(PushError::Full(_)) => return Ok((n, PushError::Full(()))),
            Err(PushError::PeerDead(_)) => return Ok((n, PushError::PeerDead(()))),
        }
    }
    unreachable!("2^64 records")
}

/// Both ends have owners who live: a lap goes through, from record `next` on.
fn go_round(producer: &mut Push, consumer: &mut Pop, next: u64) -> Result<(), Harm> {
    let filled = fill(producer, next)?;
    if filled != (next + CAPACITY, PushError::Full(())) {
        return Err(Harm::Wedged(format!("from {next} on, pushes end so: {filled:?}")));
    }
    let taken = take_all(consumer, next)?;
    if taken != (next + CAPACITY, PopError::Empty) {
        return Err(Harm::Wedged(format!("from {next} on, pops end so: {taken:?}")));
    }
    Ok(())
}

/// The victim was to push so many records; it returned how many it had pushed.
fn after_push<const IN_FLIGHT: u64>(mut world: World, death: Death) -> Account {
    let least = world.pushed + death.returned.unwrap_or(0);
    let mut consumer = heir_of_consumer(&mut world)?;
    let (next, _) = take_all(&mut consumer, world.taken)?;
    if next < least {
        return Err(Harm::Lost(format!("records from {next} to {least}")));
    }
    if next > world.pushed + IN_FLIGHT {
        return Err(Harm::Doubled(format!("{next} records, of which nobody pushed the last")));
    }
    if !world.claims || death.returned.is_some() {
        let told = || match consumer.try_pop() {
            Err(PopError::PeerDead) => Ok(()),
            other => Err(Harm::Wedged(format!("the producer is dead, and a pop says {other:?}"))),
        };
        patiently(told)?;
    }
    let mut producer = heir_of_producer(&mut world)?;
    go_round(&mut producer, &mut consumer, next).map(|()| 0)
}

/// The victim was to take so many records; it returned how many it had taken.
fn after_pop<const IN_FLIGHT: u64>(mut world: World, death: Death) -> Account {
    let least = world.taken + death.returned.unwrap_or(0);
    let mut producer = heir_of_producer(&mut world)?;
    let (pushed, _) = fill(&mut producer, world.pushed)?;
    // What has no room was not freed by the dead.
    let freed = pushed - CAPACITY;
    if freed < least {
        return Err(Harm::Wedged(format!("room after {freed} records, {least} were taken")));
    }
    if freed > world.taken + IN_FLIGHT {
        return Err(Harm::Lost(format!("{freed} records, which were not taken")));
    }
    if !world.claims || death.returned.is_some() {
        let told = || match producer.try_push(Tick::nth(pushed)) {
            Err(PushError::PeerDead(_)) => Ok(()),
            other => Err(Harm::Wedged(format!("the consumer is dead, and a push says {other:?}"))),
        };
        patiently(told)?;
    }
    let mut consumer = heir_of_consumer(&mut world)?;
    let taken = take_all(&mut consumer, freed)?;
    if taken != (pushed, PopError::Empty) {
        return Err(Harm::Lost(format!("of {freed} to {pushed}, pops end so: {taken:?}")));
    }
    go_round(&mut producer, &mut consumer, pushed)?;
    Ok(freed - least)
}

/// Somebody waits at the other end, until it is told that the victim has closed its own, or is dead.
fn closing(wait: fn(&Shared<Ring>)) -> World {
    let mut world = world(0, 0);
    let sleeper = Bystander::start(|| wait(&attach(&world.descriptor)));
    sleeper.fall_asleep();
    world.sleeper = Some(sleeper);
    world
}

/// The victim was to close its end, the producer's or the consumer's.
fn after_close<const END: usize>(world: World, death: Death) -> Account {
    match world.ring.ends()[END] == Claim::Closed {
        true => after_nothing(world, death),
        false if death.returned.is_some() => Err(Harm::Lost("the end of the ring".into())),
        // To be told of a death takes a slice.
        false => Ok(0),
    }
}

/// The victim was to do nothing but have an end.
fn after_nothing(world: World, _: Death) -> Account {
    world.sleeper.map_or(Ok(0), |sleeper| sleeper.finish().map(|()| 0))
}

/// Steps of the victim as producer.
fn pushing() -> Vec<Box<dyn Subject>> {
    let claim = Operation {
        name: "spsc claim of the producer's end",
        allowed: 0,
        begins_as: None,
        prepare: || World { claims: true, ..at_consumer(0) },
        victim: |world| (attach(&world.descriptor), None),
        operate: |(ring, claimed)| {
            *claimed = ring.producer().ok();
            0
        },
        meanwhile: Operation::<World, (Shared<Ring>, Option<Push>)>::NOTHING,
        survive: after_push::<0>,
    };
    let try_push = Operation {
        name: "spsc try_push",
        allowed: 0,
        begins_as: None,
        prepare: || at_consumer(2),
        victim: producer,
        operate: |producer| producer.try_push(Tick::nth(2)).is_ok().into(),
        meanwhile: Operation::<World, Push>::NOTHING,
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
        meanwhile: |world: &mut World| {
            let popped = world.consumer.as_mut().unwrap().try_pop();
            assert_eq!(popped, Ok(Tick::nth(0)));
            world.taken += 1;
        },
        survive: after_push::<1>,
        ..try_push
    };
    let timed_out = Operation {
        name: "spsc push until a deadline",
        begins_as: Some(woken.name),
        operate: |producer: &mut Push| producer.push_timeout(Tick::nth(4), SHORT).is_ok().into(),
        meanwhile: Operation::<World, Push>::NOTHING,
        survive: after_push::<0>,
        ..woken
    };
    let close = Operation {
        name: "spsc close of the producer's end",
        allowed: 0,
        begins_as: None,
        prepare: || {
            closing(|ring| {
                let popped = ring.consumer().unwrap().pop_timeout(PATIENCE);
                let ended = popped.expect_err("nothing was pushed");
                assert!(matches!(ended, PopTimeoutError::Closed | PopTimeoutError::PeerDead));
            })
        },
        victim: |world| attach(&world.descriptor).producer().ok(),
        operate: |producer| {
            producer.take().unwrap().close();
            0
        },
        meanwhile: Operation::<World, Option<Push>>::NOTHING,
        survive: after_close::<0>,
    };
    let swept = Operation {
        name: "spsc claim of a dead producer's end, with its number",
        prepare: || dead_producer(2),
        survive: after_push::<0>,
        ..claim
    };
    let taken_over = Operation {
        name: "spsc claim of a dead producer's end, with another number",
        prepare: || alone(dead_producer(2)),
        ..swept
    };
    let told = Operation {
        name: "spsc push, told of a dead consumer",
        prepare: || {
            let world = alone(dead_consumer(0, 0));
            World { pushed: CAPACITY, claims: false, ..world }
        },
        operate: |producer: &mut Push| {
            let pushed = producer.push_timeout(Tick::nth(CAPACITY), PATIENCE);
            (!matches!(pushed, Err(PushTimeoutError::PeerDead(_)))).into()
        },
        meanwhile: Operation::<World, Push>::NOTHING,
        survive: after_push::<0>,
        ..try_push
    };
    let nothing = Operation {
        name: "spsc nothing, beside a consumer that sleeps",
        operate: |_: &mut Option<Push>| 0,
        survive: after_nothing,
        ..close
    };
    vec![
        Box::new(nothing),
        Box::new(claim),
        Box::new(swept),
        Box::new(taken_over),
        Box::new(told),
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
        prepare: || World { claims: true, ..at_producer(2, 0) },
        victim: |world| (attach(&world.descriptor), None),
        operate: |(ring, claimed)| {
            *claimed = ring.consumer().ok();
            0
        },
        meanwhile: Operation::<World, (Shared<Ring>, Option<Pop>)>::NOTHING,
        survive: after_pop::<0>,
    };
    let try_pop = Operation {
        name: "spsc try_pop",
        allowed: 1,
        begins_as: None,
        prepare: || at_producer(3, 1),
        victim: consumer,
        operate: |consumer| (consumer.try_pop() == Ok(Tick::nth(1))).into(),
        meanwhile: Operation::<World, Pop>::NOTHING,
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
        meanwhile: |world: &mut World| {
            world.producer.as_mut().unwrap().try_push(Tick::nth(1)).unwrap();
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
        meanwhile: Operation::<World, Pop>::NOTHING,
        survive: after_pop::<0>,
        ..woken
    };
    let close = Operation {
        name: "spsc close of the consumer's end",
        allowed: 0,
        begins_as: None,
        prepare: || {
            closing(|ring| {
                let mut producer = ring.producer().unwrap();
                (0..CAPACITY).for_each(|n| producer.try_push(Tick::nth(n)).unwrap());
                let pushed = producer.push_timeout(Tick::nth(4), PATIENCE);
                let ended = pushed.expect_err("nothing was taken");
                assert!(matches!(
                    ended,
                    PushTimeoutError::Closed(_) | PushTimeoutError::PeerDead(_)
                ));
            })
        },
        victim: |world| attach(&world.descriptor).consumer().ok(),
        operate: |consumer| {
            consumer.take().unwrap().close();
            0
        },
        meanwhile: Operation::<World, Option<Pop>>::NOTHING,
        survive: after_close::<1>,
    };
    let swept = Operation {
        name: "spsc claim of a dead consumer's end, with its number",
        prepare: || dead_consumer(3, 1),
        survive: after_pop::<0>,
        ..claim
    };
    let taken_over = Operation {
        name: "spsc claim of a dead consumer's end, with another number",
        prepare: || alone(dead_consumer(3, 1)),
        ..swept
    };
    let told = Operation {
        name: "spsc pop, told of a dead producer",
        allowed: 0,
        prepare: || {
            let world = alone(dead_producer(1));
            World { taken: 1, claims: false, ..world }
        },
        operate: |consumer: &mut Pop| {
            let popped = consumer.pop_timeout(PATIENCE);
            (popped != Err(PopTimeoutError::PeerDead)).into()
        },
        survive: after_pop::<0>,
        ..try_pop
    };
    let nothing = Operation {
        name: "spsc nothing, beside a producer that sleeps",
        operate: |_: &mut Option<Pop>| 0,
        survive: after_nothing,
        ..close
    };
    vec![
        Box::new(nothing),
        Box::new(claim),
        Box::new(swept),
        Box::new(taken_over),
        Box::new(told),
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
