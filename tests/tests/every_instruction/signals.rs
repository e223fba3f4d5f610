//! Signals: raised or not, taken or not, and whoever waits is woken. A handler that interrupts these operations raises in
//! the same set.

use core::mem::forget;
use std::{os::fd::OwnedFd, time::Duration};

use selvedge::signal::{Set, Signal, Signals};
use selvedge_tests::deaths::{Account, Bystander, Death, Harm, Operation, PATIENCE, Subject};

/// Short, since everybody who dies after it waits for it.
const SHORT: Duration = Duration::from_millis(1);

/// What the operations are about.
const WANTED: Set = Set::of(1);

/// What the handler raises.
const HANDLERS: Set = Set::of(2);

struct World {
    signals: Signals,
    descriptor: OwnedFd,
    sleeper: Option<Bystander>,
}

fn world() -> World {
    let (signals, descriptor) = Signals::anonymous().unwrap();
    World { signals, descriptor, sleeper: None }
}

fn victim(world: &World) -> Signals {
    let signals = Signals::inherit(&world.descriptor).unwrap();
    forget(signals.raise_on(Signal::SIGUSR1, HANDLERS).unwrap());
    signals
}

/// It is there for others, unless the victim may have taken it.
fn after_taking(world: World, death: Death) -> Account {
    match (world.signals.take(WANTED) == WANTED, death.returned) {
        (true, Some(1)) => Err(Harm::Doubled("the signal".into())),
        (there, _) => Ok((!there).into()),
    }
}

/// What is raised from now on is there.
fn after_waiting(world: World, _: Death) -> Account {
    world.signals.raise(WANTED);
    after_taking(world, Death { returned: None })
}

/// The sleeper has it, or gets another.
fn after_raising(mut world: World, death: Death) -> Account {
    if death.returned.is_none() {
        world.signals.raise(WANTED);
    }
    world.sleeper.take().map_or(Ok(0), |sleeper| sleeper.finish().map(|()| 0))
}

pub(crate) fn operations() -> Vec<Box<dyn Subject>> {
    let woken = Operation {
        name: "signals wait, woken",
        allowed: 1,
        begins_as: None,
        prepare: world,
        victim,
        operate: |signals| signals.wait_timeout(WANTED, PATIENCE).is_ok().into(),
        meanwhile: |world: &mut World| world.signals.raise(WANTED),
        survive: |world, death| match death.returned {
            None => after_waiting(world, death),
            returned => after_taking(world, Death { returned }),
        },
    };
    let timed_out = Operation {
        name: "signals wait until a deadline",
        allowed: 0,
        begins_as: Some(woken.name),
        operate: |signals: &mut Signals| signals.wait_timeout(WANTED, SHORT).is_ok().into(),
        meanwhile: Operation::<World, Signals>::NOTHING,
        survive: after_waiting,
        ..woken
    };
    let raise = Operation {
        name: "signals raise, of one who sleeps",
        prepare: || {
            let mut world = world();
            let signals = || Signals::inherit(&world.descriptor).unwrap();
            let sleeper =
                Bystander::start(|| _ = signals().wait_timeout(WANTED, PATIENCE).unwrap());
            sleeper.fall_asleep();
            world.sleeper = Some(sleeper);
            world
        },
        operate: |signals: &mut Signals| {
            signals.raise(WANTED);
            1
        },
        survive: after_raising,
        allowed: 0,
        begins_as: None,
        ..timed_out
    };
    vec![Box::new(woken), Box::new(timed_out), Box::new(raise)]
}
