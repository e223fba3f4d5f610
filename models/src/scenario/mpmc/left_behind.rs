use std::sync::Arc;

use selvedge::platform::Owner;

use super::{consumer, producer, queue};
use crate::{
    ledger::Ledger,
    model::{Dies, Info, Model, Scenario, Victim, World},
};

/// Another is two laps further while an operation looks, and then whoever made it dies.
#[derive(Clone, Copy)]
pub(super) struct LeftBehind {
    info: Info,
    /// Is it a pop, or a push?
    pops: bool,
}

/// A producer.
pub(super) const PRODUCER: LeftBehind = LeftBehind {
    info: Info {
        name: "mpmc/producer_left_behind",
        does: "try_push, try_pop, twice || try_push 9, dying; then try_pop; capacity 1",
        claims: &["MPMC-6"],
        reach: &["alive, 0 lost", "died, 0 lost"],
        deaths: 1,
        explorer_only: true,
        spurious: 0,
        ..Info::DEFAULT
    },
    pops: false,
};

/// A consumer.
pub(super) const CONSUMER: LeftBehind = LeftBehind {
    info: Info {
        name: "mpmc/consumer_left_behind",
        does: "try_push, try_pop, twice || try_pop, dying; then try_pop; capacity 1",
        reach: &["alive, 0 lost", "died, 0 lost", "died, 1 lost"],
        ..PRODUCER.info
    },
    pops: true,
};

impl Scenario for LeftBehind {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (queue, ledger) = (queue::<M>(1, 0), Arc::new(Ledger::default()));
        let (mut pusher, mut popper) = (producer(world, &queue, 1), consumer(world, &queue, 2));
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let theirs = ledger.clone();
        let dying = if self.pops {
            let mut doomed = consumer(world, &queue, 0);
            world.victim("victim", victim, move || {
                doomed.try_pop().into_iter().for_each(|record| theirs.received(record));
            })
        } else {
            let mut doomed = producer(world, &queue, 0);
            world.victim("victim", victim, move || {
                if doomed.try_push(9).is_ok() {
                    theirs.sent(9);
                }
            })
        };
        let ours = ledger.clone();
        let ahead = world.actor("ahead", move || {
            for record in [1, 2] {
                if pusher.try_push(record).is_ok() {
                    ours.sent(record);
                }
                popper.try_pop().into_iter().for_each(|record| ours.received(record));
            }
        });
        M::join(ahead);
        let died = M::join(dying).is_none();
        let mut last = consumer(world, &queue, 3);
        core::iter::from_fn(|| last.try_pop().ok()).for_each(|record| ledger.received(record));
        format!("{}, {} lost", if died { "died" } else { "alive" }, ledger.lost())
    }
}
