//! Two processes, each stopped at an instruction; one dies, or comes to its end, and the other must come to
//! its own; what they leave is as the card says: for all pairs of instructions.
//!
//! `cargo test --release -p selvedge-tests --test grids [-- [--list] [--every N] FILTER…]`

use std::process::ExitCode;

use selvedge_tests::{
    Tick,
    deaths::{
        self, Actor, Fate, Grid, Harm, Subject, mutex, permits,
        queue::{CAPACITY, Flight, Pop, Push, World, number},
    },
};

#[global_allocator]
static ALLOCATOR: deaths::Allocator = deaths::Allocator;

/// The records that the two push.
const FIRST: u64 = 10;
const SECOND: u64 = 11;

fn push<const TICK: u64>(producer: &mut Push) -> u64 {
    producer.try_push(Tick::nth(TICK)).is_ok().into()
}

fn pop(consumer: &mut Pop) -> u64 {
    number(consumer.try_pop())
}

fn mpmc() -> Vec<Box<dyn Subject>> {
    let pushes = Grid {
        name: "mpmc try_push and try_push",
        allowed: 0,
        prepare: || World::with(1),
        first: Actor { ready: World::producer, operate: push::<FIRST> },
        fate: Fate::Dies,
        goes_on: Actor { ready: World::producer, operate: push::<SECOND> },
        survive: |world, death, pushed| {
            let flight = Flight::default().push(FIRST, death.returned == Some(1));
            world.settle(if pushed == 1 { flight.push(SECOND, true) } else { flight })
        },
    };
    let dying_push = Grid {
        name: "mpmc try_push, and a try_pop that goes on",
        allowed: 0,
        prepare: || World::with(0),
        first: Actor { ready: World::producer, operate: push::<FIRST> },
        fate: Fate::Dies,
        goes_on: Actor { ready: World::consumer, operate: pop },
        survive: |world, death, popped| {
            let flight = Flight::default().push(FIRST, death.returned == Some(1));
            world.settle(flight.pop(Some(popped)))
        },
    };
    let dying_pop = Grid {
        name: "mpmc try_pop, and a try_push that goes on",
        allowed: 1,
        // Full: the push needs the very slot.
        prepare: || World::with(CAPACITY),
        first: Actor { ready: World::consumer, operate: pop },
        fate: Fate::Dies,
        goes_on: Actor { ready: World::producer, operate: push::<SECOND> },
        survive: |world, death, pushed| {
            let flight = Flight::default().pop(death.returned);
            world.settle(if pushed == 1 { flight.push(SECOND, true) } else { flight })
        },
    };
    let pops = Grid {
        name: "mpmc try_pop and try_pop",
        allowed: 1,
        prepare: || World::with(2),
        first: Actor { ready: World::consumer, operate: pop },
        fate: Fate::Dies,
        goes_on: Actor { ready: World::consumer, operate: pop },
        survive: |world, death, popped| {
            world.settle(Flight::default().pop(death.returned).pop(Some(popped)))
        },
    };
    vec![Box::new(pushes), Box::new(dying_push), Box::new(dying_pop), Box::new(pops)]
}

/// Locks, writes and unlocks, unless it is refused.
fn change(mutex: &mut mutex::Handle) -> u64 {
    mutex::write(mutex.try_lock())
}

fn robust_mutex() -> Vec<Box<dyn Subject>> {
    use mutex::{NEW, OLD, World};
    let dies = Grid {
        name: "mutex try_lock to unlock, twice",
        allowed: 0,
        prepare: World::free,
        first: Actor { ready: World::handle, operate: change },
        fate: Fate::Dies,
        goes_on: Actor { ready: World::handle, operate: change },
        survive: |world, death, changed| {
            // The one that went on was told, if it was not refused.
            let told = (changed == 1 || death.returned == Some(1)).then_some(false);
            let whole = if told.is_some() { &[NEW][..] } else { &[OLD, NEW] };
            world.settle(told, whole)
        },
    };
    let lives = Grid {
        name: "mutex try_lock, twice, over a dead holder",
        prepare: || World::torn(2),
        first: Actor { ready: World::handle, operate: |mutex| mutex::hold(mutex.try_lock()) },
        fate: Fate::Lives,
        goes_on: Actor { ready: World::handle, operate: |mutex| mutex::hold(mutex.try_lock()) },
        survive: |world, first, second| match first.returned.unwrap_or(0) + second {
            1 => world.is_held().then_some(0).ok_or_else(|| Harm::Lost("the lock".into())),
            0 => Err(Harm::Wedged("nobody gets the lock".into())),
            _ => Err(Harm::Doubled("the lock".into())),
        },
        ..dies
    };
    vec![Box::new(dies), Box::new(lives)]
}

/// Takes a permit and gives it back, unless there is none.
fn borrow(pool: &mut permits::Handle) -> u64 {
    pool.try_acquire().is_ok().into()
}

fn owned_permits() -> Vec<Box<dyn Subject>> {
    use permits::World;
    let dies = Grid {
        name: "permits try_acquire to release, twice",
        allowed: 0,
        prepare: || World::free(1),
        first: Actor { ready: World::handle, operate: borrow },
        fate: Fate::Dies,
        goes_on: Actor { ready: World::handle, operate: borrow },
        survive: |world, _, _| world.settle(0),
    };
    let lives = Grid {
        name: "permits try_acquire, twice, of a dead holder's",
        prepare: || World::of_the_dead(1, 2),
        first: Actor { ready: World::handle, operate: |pool| permits::hold(pool.try_acquire()) },
        fate: Fate::Lives,
        goes_on: Actor { ready: World::handle, operate: |pool| permits::hold(pool.try_acquire()) },
        // Both live.
        survive: |world, first, second| world.settle(first.returned.unwrap_or(0) + second),
        ..dies
    };
    vec![Box::new(dies), Box::new(lives)]
}

fn main() -> ExitCode {
    let mut subjects = mpmc();
    subjects.extend(robust_mutex());
    subjects.extend(owned_permits());
    deaths::main(&subjects)
}
