//! Two processes, each stopped at an instruction; one dies, the other must come to its end, and what
//! is in the queue afterwards is as the card says: for all pairs of instructions.
//!
//! `cargo test --release -p selvedge-tests --test grids [-- [--list] [--every N] FILTER…]`

use std::process::ExitCode;

use selvedge_tests::{
    Tick,
    deaths::{
        self, Actor, Grid, Subject,
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
        dies: Actor { ready: World::producer, operate: push::<FIRST> },
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
        dies: Actor { ready: World::producer, operate: push::<FIRST> },
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
        dies: Actor { ready: World::consumer, operate: pop },
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
        dies: Actor { ready: World::consumer, operate: pop },
        goes_on: Actor { ready: World::consumer, operate: pop },
        survive: |world, death, popped| {
            world.settle(Flight::default().pop(death.returned).pop(Some(popped)))
        },
    };
    vec![Box::new(pushes), Box::new(dying_push), Box::new(dying_pop), Box::new(pops)]
}

fn main() -> ExitCode {
    deaths::main(&mpmc())
}
