//! Records of a queue for many: those whose push returned are delivered; at most the one that the dead
//! was writing or reading is lost, and nobody is held up.

use selvedge::segment::{MpmcQueue, Shared};
use selvedge_tests::{
    Tick,
    deaths::{
        Account, Death, Operation, PATIENCE, Subject,
        queue::{CAPACITY, Flight, Pop, Push, World, number},
    },
};

type Queue = Shared<MpmcQueue<Tick>>;

/// The record that the victim pushes.
const FLYING: u64 = 10;

fn after_push(world: World, death: Death) -> Account {
    world.settle(Flight::default().push(FLYING, death.returned == Some(1)))
}

fn after_pop(world: World, death: Death) -> Account {
    world.settle(Flight::default().pop(death.returned))
}

/// The victim was to get a handle. Others get what the dead had been called by.
fn after_joining(mut world: World, _: Death) -> Account {
    world.join_heirs()?;
    world.settle(Flight::default())
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
    let push_over = Operation {
        name: "mpmc try_push over a dead consumer's claim",
        // The dead consumer's.
        allowed: 1,
        prepare: || World::before_the_dead(true),
        operate: |producer: &mut Push| producer.try_push(Tick::nth(FLYING)).is_ok().into(),
        meanwhile: Operation::<World, Push>::NOTHING,
        ..push
    };
    let pop_over = Operation {
        name: "mpmc try_pop over a dead producer's claim",
        prepare: || World::behind_the_dead(true),
        operate: |consumer: &mut Pop| number(consumer.try_pop()),
        meanwhile: Operation::<World, Pop>::NOTHING,
        ..pop
    };
    let join_as_producer = Operation {
        name: "mpmc producer, with a dead producer's number",
        allowed: 0,
        begins_as: None,
        prepare: || World::behind_the_dead(false),
        victim: |world| (world.attach(), None),
        operate: |(queue, joined)| {
            *joined = queue.producer().ok();
            joined.is_some().into()
        },
        meanwhile: Operation::<World, (Queue, Option<Push>)>::NOTHING,
        survive: after_joining,
    };
    let join_as_consumer = Operation {
        name: "mpmc consumer, with a dead consumer's number",
        allowed: 1,
        begins_as: None,
        prepare: || World::before_the_dead(false),
        victim: |world| (world.attach(), None),
        operate: |(queue, joined)| {
            *joined = queue.consumer().ok();
            joined.is_some().into()
        },
        meanwhile: Operation::<World, (Queue, Option<Pop>)>::NOTHING,
        survive: after_joining,
    };
    vec![
        Box::new(try_push),
        Box::new(push),
        Box::new(push_over),
        Box::new(try_pop),
        Box::new(pop),
        Box::new(pop_over),
        Box::new(join_as_producer),
        Box::new(join_as_consumer),
    ]
}
