use selvedge::platform::Owner;

use super::{consumer, producer, queue};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A participant dies between its claim and the end of its operation; the others are not held up.
#[derive(Clone, Copy)]
pub(super) struct Deaths {
    info: Info,
    /// Does a producer die, or a consumer?
    produces: bool,
    dies: Dies,
}

/// A claim at the head that nobody will ever publish.
pub(super) const PRODUCER: Deaths = Deaths {
    info: Info {
        name: "mpmc/producer_dies",
        does: "try_push 1, dying after H1 || try_push 2 || try_pop, then all that is left; capacity 2",
        claims: &["MPMC-6"],
        reach: &["delivered [2], room for 2"],
        deaths: 1,
        quick: Some(2),
        deep: Some(3),
        ..Info::DEFAULT
    },
    produces: true,
    dies: Dies::After("mpmc/H1"),
};

/// Whether it is delivered depends on how far it came; nothing else does.
pub(super) const PRODUCER_ANYWHERE: Deaths = Deaths {
    info: Info {
        name: "mpmc/producer_dies_anywhere",
        does: "try_push 1, dying || try_push 2 || try_pop, then all that is left; capacity 2",
        reach: &[
            "delivered [1, 2], room for 2",
            "delivered [2, 1], room for 2",
            "delivered [2], room for 2",
        ],
        explorer_only: true,
        ..PRODUCER.info
    },
    dies: Dies::Anywhere,
    ..PRODUCER
};

/// A slot that its reader will never free.
pub(super) const CONSUMER: Deaths = Deaths {
    info: Info {
        name: "mpmc/consumer_dies",
        does: "try_pop, dying after C4 || try_push 2 || try_push 3; capacity 1, holding 1",
        reach: &[
            "delivered [2], room for 1",
            "delivered [3], room for 1",
            "delivered [], room for 1",
        ],
        ..PRODUCER.info
    },
    produces: false,
    dies: Dies::After("mpmc/C4"),
};

/// What it was about to take is there, or is gone with it.
pub(super) const CONSUMER_ANYWHERE: Deaths = Deaths {
    info: Info {
        name: "mpmc/consumer_dies_anywhere",
        does: "try_pop, dying || try_push 2 || try_push 3; capacity 1, holding 1",
        reach: &[
            "delivered [1], room for 1",
            "delivered [2], room for 1",
            "delivered [3], room for 1",
            "delivered [], room for 1",
        ],
        explorer_only: true,
        ..PRODUCER.info
    },
    dies: Dies::Anywhere,
    ..CONSUMER
};

impl Scenario for Deaths {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let victim = Victim { owner: Owner(0), dies: self.dies };
        if self.produces { producer_dies(world, victim) } else { consumer_dies(world, victim) }
    }
}

fn producer_dies<M: Model>(world: &World<M>, victim: Victim) -> String {
    let queue = queue::<M>(2, 0);
    let (mut doomed, mut producer) = (producer(world, &queue, 0), producer(world, &queue, 1));
    let mut popper = consumer(world, &queue, 2);
    let dying = world.victim("victim", victim, move || doomed.try_push(1));
    let pushing = world.actor("producer", move || {
        producer.try_push(2).expect("there is room");
        producer
    });
    let popping = world.actor("consumer", move || (popper.try_pop().ok(), popper));
    let survived = M::join(dying).is_some();
    assert!(!survived || victim.dies == Dies::Anywhere, "the victim survived");
    let (first, mut popper) = M::join(popping);
    let mut producer = M::join(pushing);
    let mut delivered: Vec<u32> = first.into_iter().collect();
    delivered.extend(core::iter::from_fn(|| popper.try_pop().ok()));
    let room = (0..3).filter(|&record| producer.try_push(record).is_ok()).count();
    format!("delivered {delivered:?}, room for {room}")
}

fn consumer_dies<M: Model>(world: &World<M>, victim: Victim) -> String {
    let queue = queue::<M>(1, 0);
    let mut doomed = consumer(world, &queue, 0);
    let mut popper = consumer(world, &queue, 3);
    let [mut first, mut second] = [1, 2].map(|owner| producer(world, &queue, owner));
    first.try_push(1).expect("there is room");
    let dying = world.victim("victim", victim, move || doomed.try_pop());
    let pushing = world.actor("producer", move || {
        let _ = first.try_push(2);
        first
    });
    let also_pushing = world.actor("producer", move || second.try_push(3));
    let survived = M::join(dying).is_some();
    assert!(!survived || victim.dies == Dies::Anywhere, "the victim survived");
    let mut first = M::join(pushing);
    let _ = M::join(also_pushing);
    let delivered: Vec<u32> = core::iter::from_fn(|| popper.try_pop().ok()).collect();
    let room = (0..2).filter(|&record| first.try_push(record).is_ok()).count();
    format!("delivered {delivered:?}, room for {room}")
}
