use selvedge::platform::Owner;

use super::{consumer, producer, queue};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// Somebody sleeps because of an operation that a dead one will never end.
#[derive(Clone, Copy)]
pub(super) struct SleepsBesideTheDead {
    info: Info,
    /// Does a consumer sleep, or a producer?
    pops: bool,
}

/// Behind the claim of a dead producer.
pub(super) const CONSUMER: SleepsBesideTheDead = SleepsBesideTheDead {
    info: Info {
        name: "mpmc/consumer_sleeps_beside_the_dead",
        does: "try_push 1, dying || pop; then push 2; capacity 1",
        claims: &["MPMC-5", "MPMC-6"],
        reach: &["popped 1", "popped 2"],
        deaths: 1,
        explorer_only: true,
        spurious: 0,
        ..Info::DEFAULT
    },
    pops: true,
};

/// At the slot of a dead consumer.
pub(super) const PRODUCER: SleepsBesideTheDead = SleepsBesideTheDead {
    info: Info {
        name: "mpmc/producer_sleeps_beside_the_dead",
        does: "try_pop, dying || push 2; then try_pop; capacity 1, holding 1",
        reach: &["pushed"],
        ..CONSUMER.info
    },
    pops: false,
};

impl Scenario for SleepsBesideTheDead {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let queue = queue::<M>(1, 0);
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let mut another = producer(world, &queue, 1);
        if self.pops {
            let (mut doomed, mut sleeper) =
                (producer(world, &queue, 0), consumer(world, &queue, 2));
            let dying = world.victim("victim", victim, move || doomed.try_push(1));
            let sleeping = world.actor("consumer", move || sleeper.pop());
            M::join(dying);
            another.push(2).expect("not corrupt");
            format!("popped {}", M::join(sleeping).expect("not corrupt"))
        } else {
            another.try_push(1).expect("there is room");
            let (mut doomed, mut last) = (consumer(world, &queue, 0), consumer(world, &queue, 2));
            let dying = world.victim("victim", victim, move || doomed.try_pop());
            let sleeping = world.actor("producer", move || another.push(2));
            M::join(dying);
            let _ = last.try_pop();
            M::join(sleeping).map_or_else(|error| error.to_string(), |()| "pushed".into())
        }
    }
}
