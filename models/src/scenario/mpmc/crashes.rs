use std::sync::Arc;

use selvedge::platform::Owner;

use super::{consumer, producer, queue};
use crate::{
    ledger::Ledger,
    model::{Dies, Info, Model, Scenario, Victim, World},
};

/// What a participant does, until it dies.
#[derive(Clone, Copy)]
enum Part {
    /// `try_push` of these.
    Pushes(&'static [u32]),
    /// `try_pop`, so often.
    Pops(u32),
}
use Part::{Pops, Pushes};

/// Participants any of whom may die anywhere. In the end, who is left takes out what is there: of all pushes
/// that returned, a dead consumer has at most one; and the slots are there for others.
#[derive(Clone, Copy)]
pub(super) struct Crashes {
    info: Info,
    capacity: usize,
    parts: &'static [Part],
}

/// One operation each, two deaths.
pub(super) const PUSH_AND_POP: Crashes = Crashes {
    info: Info {
        name: "mpmc/push_and_pop_die",
        does: "try_push, dying || try_pop, dying too; capacity 1",
        claims: &["MPMC-6"],
        reach: &[
            "0 died, 0 lost",
            "1 died, 0 lost",
            "1 died, 1 lost",
            "2 died, 0 lost",
            "2 died, 1 lost",
        ],
        deaths: 2,
        explorer_only: true,
        ..Info::DEFAULT
    },
    capacity: 1,
    parts: &[Pushes(&[1]), Pops(1)],
};

/// Two producers.
pub(super) const TWO_PUSHES: Crashes = Crashes {
    info: Info {
        name: "mpmc/two_pushes_die",
        does: "try_push, dying || try_push, dying too; capacity 2",
        reach: &["0 died, 0 lost", "1 died, 0 lost", "2 died, 0 lost"],
        ..PUSH_AND_POP.info
    },
    capacity: 2,
    parts: &[Pushes(&[1]), Pushes(&[2])],
};

/// Two operations each, one death.
pub(super) const TWO_EACH: Crashes = Crashes {
    info: Info {
        name: "mpmc/one_of_two_dies",
        does: "try_push, try_push, dying || try_pop, try_pop, dying; one of them dies at most; capacity 1",
        reach: &["0 died, 0 lost", "1 died, 0 lost", "1 died, 1 lost"],
        deaths: 1,
        spurious: 0,
        explorer_only: false,
        quick: Some(1),
        deep: Some(2),
        ..PUSH_AND_POP.info
    },
    capacity: 1,
    parts: &[Pushes(&[1, 2]), Pops(2)],
};

/// Three, one operation each, one death.
pub(super) const THREE: Crashes = Crashes {
    info: Info {
        name: "mpmc/one_of_three_dies",
        does: "try_push, dying || try_push, dying || try_pop, dying; one of them dies at most; capacity 2",
        explorer_only: true,
        ..TWO_EACH.info
    },
    capacity: 2,
    parts: &[Pushes(&[1]), Pushes(&[2]), Pops(1)],
};

impl Scenario for Crashes {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (queue, ledger) = (queue::<M>(self.capacity, 0), Arc::new(Ledger::default()));
        let actors: Vec<_> = (0..)
            .zip(self.parts)
            .map(|(owner, part)| {
                let ledger = ledger.clone();
                let victim = Victim { owner: Owner(owner), dies: Dies::Anywhere };
                match *part {
                    Pushes(records) => {
                        let mut producer = producer(world, &queue, owner);
                        world.victim("producer", victim, move || {
                            for record in records {
                                if producer.try_push(*record).is_ok() {
                                    ledger.sent(*record);
                                }
                            }
                        })
                    }
                    Pops(times) => {
                        let mut consumer = consumer(world, &queue, owner);
                        world.victim("consumer", victim, move || {
                            for _ in 0..times {
                                if let Ok(record) = consumer.try_pop() {
                                    ledger.received(record);
                                }
                            }
                        })
                    }
                }
            })
            .collect();
        let dead: Vec<bool> = actors.into_iter().map(|actor| M::join(actor).is_none()).collect();
        let is_consumer = |part: &Part| matches!(part, Pops(_));
        let consumers =
            dead.iter().zip(self.parts).filter(|(dead, part)| **dead && is_consumer(part));
        let mut survivor = consumer(world, &queue, 7);
        core::iter::from_fn(|| survivor.try_pop().ok()).for_each(|record| ledger.received(record));
        let lost = ledger.lost();
        assert!(lost <= consumers.count(), "{lost} lost");
        let mut producer = producer(world, &queue, 6);
        let room = (10..).take(self.capacity + 1).filter(|n| producer.try_push(*n).is_ok()).count();
        assert_eq!(room, self.capacity, "slots to be had");
        format!("{} died, {lost} lost", dead.iter().filter(|dead| **dead).count())
    }
}
