//! Sleepers on an event: a notifier's or another sleeper's death delays them by a slice at most.

use std::{os::fd::OwnedFd, time::Duration};

use selvedge::segment::{Shared, sealed};
use selvedge_tests::{
    Bell,
    deaths::{Account, Bystander, Death, Harm, Operation, PATIENCE, Subject},
};

/// Short, since everybody who dies after it waits for it.
const SHORT: Duration = Duration::from_millis(1);

struct World {
    bell: Shared<Bell>,
    descriptor: OwnedFd,
    sleeper: Option<Bystander>,
}

fn world() -> World {
    let (bell, descriptor) = sealed::create::<Bell>(()).unwrap();
    World { bell, descriptor, sleeper: None }
}

fn victim(world: &World) -> Shared<Bell> {
    sealed::attach(&world.descriptor).unwrap()
}

/// Another process sleeps until the bell rings.
fn sleeper(world: &mut World) {
    let bell = || sealed::attach::<Bell>(&world.descriptor).unwrap();
    let sleeper = Bystander::start(|| bell().wait(PATIENCE).unwrap());
    sleeper.fall_asleep();
    world.sleeper = Some(sleeper);
}

/// The bell is rung, if it was not, and the sleeper wakes up.
fn survive(mut world: World, death: Death) -> Account {
    if death.returned == Some(1) && !world.bell.is_rung() {
        return Err(Harm::Lost("the ring".into()));
    }
    if !world.bell.is_rung() {
        if world.sleeper.is_none() {
            sleeper(&mut world);
        }
        world.bell.ring();
    }
    world.sleeper.map_or(Ok(0), |sleeper| sleeper.finish().map(|()| 0))
}

pub(crate) fn operations() -> Vec<Box<dyn Subject>> {
    let notify = Operation {
        name: "event notify, of a sleeper",
        allowed: 0,
        begins_as: None,
        prepare: || {
            let mut world = world();
            sleeper(&mut world);
            world
        },
        victim,
        operate: |bell| {
            bell.ring();
            1
        },
        meanwhile: Operation::<World, Shared<Bell>>::NOTHING,
        survive,
    };
    let woken = Operation {
        name: "event wait_until, woken before another sleeper",
        prepare: world,
        operate: |bell: &mut Shared<Bell>| bell.wait(PATIENCE).is_ok().into(),
        meanwhile: |world: &mut World| {
            sleeper(world);
            world.bell.ring();
        },
        ..notify
    };
    let timed_out = Operation {
        name: "event wait_until a deadline",
        begins_as: Some(woken.name),
        operate: |bell: &mut Shared<Bell>| bell.wait(SHORT).is_ok().into(),
        meanwhile: Operation::<World, Shared<Bell>>::NOTHING,
        ..woken
    };
    vec![Box::new(notify), Box::new(woken), Box::new(timed_out)]
}
