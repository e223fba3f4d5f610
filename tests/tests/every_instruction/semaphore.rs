//! Permits of a plain semaphore: one may be lost with the dead, none is there twice.

use std::{os::fd::OwnedFd, time::Duration};

use selvedge::{
    platform::native::Native,
    protocol::semaphore::{ReleaseError, Semaphore, TryAcquireError},
    segment::{Shared, sealed},
    semaphore::{SemaphoreConfig, SharedSemaphore},
};
use selvedge_tests::deaths::{Account, Bystander, Death, Harm, Operation, PATIENCE, Subject};

type Handle = Semaphore<Native, Shared<SharedSemaphore>>;

/// Short, since everybody who dies after it waits for it.
const SHORT: Duration = Duration::from_millis(1);

struct World {
    semaphore: Handle,
    descriptor: OwnedFd,
    /// Permits that there are, in all hands together.
    permits: u64,
    /// Permits that were released while the victim slept.
    released: u64,
    /// Sleeps until it has a permit.
    sleeper: Option<Bystander>,
}

/// So many permits, of which `free` are free and the victim holds the others.
fn world(permits: u32, free: u32) -> World {
    let config = SemaphoreConfig::counting(permits).initially(free);
    let (shared, descriptor) = sealed::create::<SharedSemaphore>(config).unwrap();
    let semaphore = shared.handle().unwrap();
    World { semaphore, descriptor, permits: permits.into(), released: 0, sleeper: None }
}

fn attach(descriptor: &OwnedFd) -> Handle {
    sealed::attach::<SharedSemaphore>(descriptor).unwrap().handle().unwrap()
}

fn victim(world: &World) -> Handle {
    attach(&world.descriptor)
}

/// A survivor releases the one permit.
fn give(world: &mut World) {
    world.semaphore.release(1).unwrap();
    world.released += 1;
}

/// Another process sleeps until it has a permit.
fn sleeper(world: &mut World) {
    let descriptor = &world.descriptor;
    let sleeper = Bystander::start(|| attach(descriptor).acquire_timeout(PATIENCE).unwrap());
    sleeper.fall_asleep();
    world.sleeper = Some(sleeper);
}

/// How many permits a survivor can take.
fn take_all(semaphore: &Handle) -> Result<u64, Harm> {
    for taken in 0.. {
        match semaphore.try_acquire() {
            Ok(()) => {}
            Err(TryAcquireError::NoPermit) => return Ok(taken),
            Err(TryAcquireError::Corrupt(error)) => return Err(Harm::Corrupt(error.to_string())),
        }
    }
    unreachable!("there are fewer permits")
}

/// Who adds a permit to `semaphore`: the sleeper may have taken the one before, or not yet.
fn add(semaphore: &Handle) -> Result<u64, Harm> {
    match semaphore.release(1) {
        Ok(()) => Ok(1),
        Err(ReleaseError::Overflow) => Ok(0),
        Err(ReleaseError::Corrupt(error)) => Err(Harm::Corrupt(error.to_string())),
    }
}

/// Takes everything: `free` and no more, but for what the dead may have, and has if it was told so.
fn settle(world: &World, free: u64, had: Option<bool>) -> Account {
    let taken = take_all(&world.semaphore)?;
    match (free.checked_sub(taken), had) {
        (None, _) => Err(Harm::Doubled(format!("{taken} permits taken, of {free}"))),
        (Some(0), Some(true)) => Err(Harm::Doubled("the dead one's permit was taken".into())),
        (Some(lost), _) => Ok(lost),
    }
}

/// The victim was to take a permit.
fn after_taking(world: World, death: Death) -> Account {
    settle(&world, world.permits, Some(death.returned == Some(1)))
}

/// The victim was to wait in vain.
fn after_waiting(world: World, _: Death) -> Account {
    world.semaphore.release(world.permits as u32).map_err(|e| Harm::Corrupt(e.to_string()))?;
    settle(&world, world.permits, None)
}

/// The victim was to release a permit, the only one that it had.
fn after_releasing(world: World, death: Death) -> Account {
    let lost = settle(&world, world.permits, None)?;
    match (lost, death.returned) {
        (1.., Some(_)) => Err(Harm::Lost("a permit that was released".into())),
        _ => Ok(lost),
    }
}

/// There is one permit, which the victim was to release or to take, and a sleeper who needs it.
/// `released` permits are known to have been released, of which the victim may have one.
fn with_a_sleeper(mut world: World, released: u64, takes: Option<bool>) -> Account {
    let added = add(&world.semaphore)?;
    let sleeper = world.sleeper.take().map_or(Ok(0), |sleeper| sleeper.finish().map(|()| 1))?;
    let taken = sleeper + take_all(&world.semaphore)?;
    match (released + added).checked_sub(taken) {
        None => Err(Harm::Doubled(format!("{taken} permits taken, {released} + {added} released"))),
        Some(0) if takes == Some(true) => Err(Harm::Doubled("the dead one's permit".into())),
        Some(lost) => Ok(lost),
    }
}

pub(crate) fn operations() -> Vec<Box<dyn Subject>> {
    let acquire = Operation {
        name: "semaphore acquire",
        allowed: 1,
        begins_as: None,
        prepare: || world(2, 2),
        victim,
        operate: |semaphore| semaphore.acquire().is_ok().into(),
        meanwhile: Operation::<World, Handle>::NOTHING,
        survive: after_taking,
    };
    let try_acquire = Operation {
        name: "semaphore try_acquire",
        operate: |semaphore: &mut Handle| semaphore.try_acquire().is_ok().into(),
        ..acquire
    };
    let refused = Operation {
        name: "semaphore try_acquire, none free",
        allowed: 0,
        prepare: || world(2, 0),
        operate: |semaphore: &mut Handle| semaphore.try_acquire().is_ok().into(),
        survive: after_waiting,
        ..acquire
    };
    let woken = Operation {
        name: "semaphore acquire, woken",
        prepare: || world(1, 0),
        operate: |semaphore: &mut Handle| semaphore.acquire_timeout(PATIENCE).is_ok().into(),
        meanwhile: give,
        survive: |mut world, death| {
            if world.released == 0 {
                give(&mut world);
            }
            after_taking(world, death)
        },
        ..acquire
    };
    let timed_out = Operation {
        name: "semaphore acquire until a deadline",
        allowed: 0,
        begins_as: Some(woken.name),
        operate: |semaphore: &mut Handle| semaphore.acquire_timeout(SHORT).is_ok().into(),
        meanwhile: Operation::<World, Handle>::NOTHING,
        survive: after_waiting,
        ..woken
    };
    let woken_before_another = Operation {
        name: "semaphore acquire, woken before another sleeper",
        begins_as: Some(woken.name),
        meanwhile: |world: &mut World| {
            sleeper(world);
            give(world);
        },
        survive: |world, death| {
            let released = world.released;
            with_a_sleeper(world, released, Some(death.returned == Some(1)))
        },
        ..woken
    };
    let release = Operation {
        name: "semaphore release",
        prepare: || world(2, 1),
        operate: |semaphore: &mut Handle| semaphore.release(1).is_ok().into(),
        survive: after_releasing,
        ..acquire
    };
    let release_to_a_sleeper = Operation {
        name: "semaphore release to a sleeper",
        prepare: || {
            let mut world = world(1, 0);
            sleeper(&mut world);
            world
        },
        survive: |world, death| match with_a_sleeper(world, 1, None)? {
            1 if death.returned.is_some() => Err(Harm::Lost("a permit that was released".into())),
            lost => Ok(lost),
        },
        ..release
    };
    vec![
        Box::new(acquire),
        Box::new(try_acquire),
        Box::new(refused),
        Box::new(woken),
        Box::new(timed_out),
        Box::new(woken_before_another),
        Box::new(release),
        Box::new(release_to_a_sleeper),
    ]
}
