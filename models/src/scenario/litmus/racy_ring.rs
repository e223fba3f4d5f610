//! A one-slot ring that publishes without release and acquire: every engine that claims to find data
//! races must find this one, whoever runs in the main thread and whoever is spawned first.

use std::sync::Arc;

use selvedge::platform::{AtomicWord, DataCell, Ordering::Relaxed};

use super::{Blind, Row};
use crate::{
    engine::{Engine, Entry},
    model::{Info, Model, Scenario, World},
};

/// Who runs where.
#[derive(Clone, Copy, Debug)]
enum Roles {
    ProducerMain,
    ConsumerMain,
    ProducerSpawnedFirst,
    ConsumerSpawnedFirst,
}

pub(super) fn rows() -> impl Iterator<Item = Row> {
    let roles = [
        Roles::ProducerMain,
        Roles::ConsumerMain,
        Roles::ProducerSpawnedFirst,
        Roles::ConsumerSpawnedFirst,
    ];
    roles.into_iter().map(|roles| Row {
        entry: Entry::of(RacyRing(roles)),
        family: "racy ring",
        blind: &[Blind {
            engine: Engine::Shuttle,
            misses: &["data race"],
            invents: &[],
            why: "shuttle: data races",
        }],
        races: true,
    })
}

#[derive(Clone, Copy)]
struct RacyRing(Roles);

/// One slot, and a word that says whether it is full.
struct Ring<M: Model> {
    full: M::U32,
    slot: M::Cell<u32>,
}

impl<M: Model> Ring<M> {
    fn push(&self) {
        if self.full.load(Relaxed) == 0 {
            // SAFETY: none; the race is the point, and only engines run this.
            unsafe { self.slot.write(1) };
            self.full.store(1, Relaxed);
        }
    }

    fn pop(&self) -> String {
        if self.full.load(Relaxed) == 0 {
            return "empty".into();
        }
        // SAFETY: none; the race is the point, and only engines run this.
        let value = unsafe { self.slot.read() };
        self.full.store(0, Relaxed);
        format!("popped {value}")
    }
}

impl Scenario for RacyRing {
    fn info(&self) -> Info {
        Info {
            name: match self.0 {
                Roles::ProducerMain => "litmus/racy_ring+producer_main",
                Roles::ConsumerMain => "litmus/racy_ring+consumer_main",
                Roles::ProducerSpawnedFirst => "litmus/racy_ring+producer_first",
                Roles::ConsumerSpawnedFirst => "litmus/racy_ring+consumer_first",
            },
            does: "push without release || pop without acquire",
            reach: &["empty", "popped 1"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let ring = Arc::new(Ring::<M> { full: M::U32::new(0), slot: M::Cell::new(0) });
        let (one, other) = (ring.clone(), ring.clone());
        let producer = move || one.push();
        let consumer = move || other.pop();
        match self.0 {
            Roles::ProducerMain => {
                let consumer = world.actor("consumer", consumer);
                world.main_actor(producer);
                M::join(consumer)
            }
            Roles::ConsumerMain => {
                let producer = world.actor("producer", producer);
                let popped = world.main_actor(consumer);
                M::join(producer);
                popped
            }
            Roles::ProducerSpawnedFirst => {
                let producer = world.actor("producer", producer);
                let popped = M::join(world.actor("consumer", consumer));
                M::join(producer);
                popped
            }
            Roles::ConsumerSpawnedFirst => {
                let consumer = world.actor("consumer", consumer);
                M::join(world.actor("producer", producer));
                M::join(consumer)
            }
        }
    }
}
