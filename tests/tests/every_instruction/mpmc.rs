//! Records of a queue for many: those whose push returned are delivered; at most the one that the dead
//! was writing or reading is lost, and nobody is held up.

use selvedge_tests::{
    Tick,
    deaths::{
        Account, Death, Operation, PATIENCE, Subject,
        queue::{CAPACITY, Flight, Pop, Push, World, number},
    },
};

/// The record that the victim pushes.
const FLYING: u64 = 10;

fn after_push(world: World, death: Death) -> Account {
    world.settle(Flight::default().push(FLYING, death.returned == Some(1)))
}

fn after_pop(world: World, death: Death) -> Account {
    world.settle(Flight::default().pop(death.returned))
}

pub(crate) fn operations() -> Vec<Box<dyn Subject>> {
    let try_push = Operation {
        name: "mpmc try_push",
        allowed: 0,
        begins_as: None,
        prepare: || World::with(1),
        victim: World::producer,
        operate: |producer| producer.try_push(Tick::nth(FLYING)).is_ok().into(),
        meanwhile: Operation::<World, Push>::NOTHING,
        survive: after_push,
    };
    let push = Operation {
        name: "mpmc push, woken",
        prepare: || World::with(CAPACITY),
        operate: |producer: &mut Push| {
            producer.push_timeout(Tick::nth(FLYING), PATIENCE).is_ok().into()
        },
        meanwhile: World::pop,
        ..try_push
    };
    let try_pop = Operation {
        name: "mpmc try_pop",
        allowed: 1,
        begins_as: None,
        prepare: || World::with(2),
        victim: World::consumer,
        operate: |consumer| number(consumer.try_pop()),
        meanwhile: Operation::<World, Pop>::NOTHING,
        survive: after_pop,
    };
    let pop = Operation {
        name: "mpmc pop, woken",
        prepare: || World::with(0),
        operate: |consumer: &mut Pop| number(consumer.pop_timeout(PATIENCE)),
        meanwhile: World::push,
        ..try_pop
    };
    vec![Box::new(try_push), Box::new(push), Box::new(try_pop), Box::new(pop)]
}
