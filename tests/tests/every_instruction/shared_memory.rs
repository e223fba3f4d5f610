//! The latest value is whole, whenever its writer died; cells are changed or are not, and signals raised.

use std::os::fd::OwnedFd;

use selvedge::{
    segment::{Object, Shared, sealed},
    shared_memory::{AtomicCells, CellsConfig, LatestCell, LatestConfig, LatestWriter},
    signal::{Set, SharedSignals, Signals},
};
use selvedge_tests::deaths::{Account, Death, Harm, Operation, Subject, patiently};

/// A value that shows when it is torn.
type Value = [u8; 9];

type Cell = LatestCell<Value>;

struct World<O: ?Sized + Object> {
    object: Shared<O>,
    descriptor: OwnedFd,
}

impl<O: ?Sized + Object> World<O> {
    fn of(config: O::Config) -> Self {
        let (object, descriptor) = sealed::create::<O>(config).unwrap();
        Self { object, descriptor }
    }

    fn attach(&self) -> Shared<O> {
        sealed::attach(&self.descriptor).unwrap()
    }
}

/// What there is must be as the dead found it, or as it made it; the latter if it had said so.
fn before_or_after<T: PartialEq + core::fmt::Debug>(
    death: Death,
    [before, after]: [T; 2],
    found: T,
) -> Result<(), Harm> {
    match death.returned {
        Some(_) if found == before => Err(Harm::Lost(format!("{after:?}"))),
        _ if found == before || found == after => Ok(()),
        _ => Err(Harm::Corrupt(format!("{found:?}"))),
    }
}

/// A reader finds a whole value, and another writer goes on.
fn survive(world: World<Cell>, death: Death) -> Account {
    let reader = world.object.reader();
    before_or_after(death, [[0; 9], [1; 9]], reader.read())?;
    let writer = patiently(|| world.object.writer());
    writer.map_err(|error| Harm::Wedged(error.to_string()))?.write([2; 9]);
    match reader.read() {
        [2, 2, 2, 2, 2, 2, 2, 2, 2] => Ok(0),
        found => Err(Harm::Corrupt(format!("{found:?}"))),
    }
}

fn survive_change(world: World<AtomicCells>, death: Death) -> Account {
    before_or_after(death, [7, 8], world.object.load(0)).map(|()| 0)
}

pub(crate) fn operations() -> Vec<Box<dyn Subject>> {
    let write = Operation {
        name: "latest write",
        allowed: 0,
        begins_as: None,
        prepare: || World::<Cell>::of(LatestConfig::of([0; 9])),
        victim: |world| world.attach().writer().unwrap(),
        operate: |writer| {
            writer.write([1; 9]);
            1
        },
        meanwhile: Operation::<World<Cell>, LatestWriter<Value>>::NOTHING,
        survive,
    };
    let join = Operation {
        name: "latest writer",
        allowed: 0,
        begins_as: None,
        prepare: write.prepare,
        victim: |world| (world.attach(), None),
        operate: |(cell, joined): &mut (Shared<Cell>, Option<LatestWriter<Value>>)| {
            *joined = cell.writer().ok();
            u64::from(joined.is_some())
        },
        meanwhile: Operation::<World<Cell>, (Shared<Cell>, Option<LatestWriter<Value>>)>::NOTHING,
        // It has written nothing.
        survive: |world, _| survive(world, Death { returned: None }),
    };
    let add = Operation {
        name: "cells add",
        allowed: 0,
        begins_as: None,
        prepare: || {
            let world = World::<AtomicCells>::of(CellsConfig::new(1));
            world.object.store(0, 7);
            world
        },
        victim: World::attach,
        operate: |cells| cells.add(0, 1),
        meanwhile: Operation::<World<AtomicCells>, Shared<AtomicCells>>::NOTHING,
        survive: survive_change,
    };
    let store = Operation {
        name: "cells store",
        operate: |cells: &mut Shared<AtomicCells>| {
            cells.store(0, 8);
            1
        },
        ..add
    };
    let exchange = Operation {
        name: "cells compare_exchange",
        operate: |cells: &mut Shared<AtomicCells>| cells.compare_exchange(0, 7, 8).is_ok().into(),
        ..add
    };
    let raise = Operation {
        name: "signals raise",
        allowed: 0,
        begins_as: None,
        prepare: || World::<SharedSignals>::of(()),
        victim: |world| world.attach().handle(),
        operate: |signals: &mut Signals| {
            signals.raise(Set::of(3));
            1
        },
        meanwhile: Operation::<World<SharedSignals>, Signals>::NOTHING,
        survive: |world, death| {
            let found = world.object.handle().take(Set::ALL);
            before_or_after(death, [Set(0), Set::of(3)], found).map(|()| 0)
        },
    };
    let take = Operation {
        name: "signals take",
        prepare: || {
            let world = World::<SharedSignals>::of(());
            world.object.handle().raise(Set::of(3).and(Set::of(5)));
            world
        },
        operate: |signals: &mut Signals| {
            signals.take(Set::of(3));
            1
        },
        survive: |world, death| {
            let found = world.object.handle().take(Set::ALL);
            before_or_after(death, [Set::of(3).and(Set::of(5)), Set::of(5)], found).map(|()| 0)
        },
        ..raise
    };
    vec![
        Box::new(write),
        Box::new(join),
        Box::new(add),
        Box::new(store),
        Box::new(exchange),
        Box::new(raise),
        Box::new(take),
    ]
}
