use selvedge::protocol::mpmc::{PopError, PushError};

use super::{ConsumerOf, ProducerOf, consumer, producer, queue};
use crate::{
    model::{Info, Model, World},
    scenario::history::{
        Death, Histories, Subject,
        Turn::{Call, Look, Tell},
    },
    spec::{
        fifo::{
            Answer,
            Op::{self, Pop, Push},
        },
        mpmc::Queue,
    },
};

/// A queue of so many slots, on which every actor may push and pop.
#[derive(Clone, Copy)]
pub(super) struct Queues(usize);

/// Two producers and a consumer.
pub(super) const TWO_PRODUCERS: Histories<Queues> = Histories {
    info: Info {
        name: "mpmc/history_two_producers",
        does: "try_push 1 || try_push 2 || try_pop, try_pop; capacity 2",
        claims: &["MPMC-8"],
        reach: &["linearizable; empty", "linearizable; nothing refused"],
        quick: Some(1),
        deep: Some(2),
        ..Info::DEFAULT
    },
    subject: Queues(2),
    before: &[],
    actors: &[
        ("first", &[Call(Push(1))]),
        ("second", &[Call(Push(2))]),
        ("consumer", &[Call(Pop), Call(Pop)]),
    ],
    death: None,
};

/// One slot for all.
pub(super) const ONE_SLOT: Histories<Queues> = Histories {
    info: Info {
        name: "mpmc/history_one_slot",
        does: "try_push 2 || try_push 3 || try_pop, try_pop; capacity 1, holding 1",
        reach: &[
            "linearizable; empty, full",
            "linearizable; full",
            "linearizable; nothing refused",
        ],
        quick: Some(2),
        deep: Some(3),
        ..TWO_PRODUCERS.info
    },
    subject: Queues(1),
    before: &[Push(1)],
    actors: &[
        ("first", &[Call(Push(2))]),
        ("second", &[Call(Push(3))]),
        ("consumer", &[Call(Pop), Call(Pop)]),
    ],
    death: None,
};

/// Two consumers and a record for each, who never find the queue empty.
pub(super) const TWO_CONSUMERS: Histories<Queues> = Histories {
    info: Info {
        name: "mpmc/history_two_consumers",
        does: "try_push 3 || try_pop || try_pop; capacity 2, holding 1 and 2",
        reach: &["linearizable; full", "linearizable; nothing refused"],
        ..TWO_PRODUCERS.info
    },
    subject: Queues(2),
    before: &[Push(1), Push(2)],
    actors: &[("producer", &[Call(Push(3))]), ("first", &[Call(Pop)]), ("second", &[Call(Pop)])],
    death: None,
};

/// A record that is there, behind one that is not: no one-step queue says `Empty` then.
pub(super) const BEHIND_A_CLAIM: Histories<Queues> = Histories {
    info: Info {
        name: "mpmc/history_behind_a_claim",
        does: "try_push 1 || try_push 2, try_pop; capacity 2",
        quick: Some(3),
        deep: None,
        ..TWO_PRODUCERS.info
    },
    subject: Queues(2),
    before: &[],
    actors: &[("first", &[Call(Push(1))]), ("second", &[Call(Push(2)), Call(Pop)])],
    death: None,
};

/// What is known by another way than through the queue is no less before.
pub(super) const TOLD: Histories<Queues> = Histories {
    info: Info {
        name: "mpmc/history_told",
        does: "try_push 1, try_pop, tell || look, try_pop, try_push 2; capacity 1",
        reach: &[
            "linearizable; empty",
            "linearizable; empty, full",
            "linearizable; nothing refused",
        ],
        ..ONE_SLOT.info
    },
    subject: Queues(1),
    before: &[],
    actors: &[
        ("first", &[Call(Push(1)), Call(Pop), Tell]),
        ("second", &[Look, Call(Pop), Call(Push(2))]),
    ],
    death: None,
};

/// Each side succeeds and may be refused then, without a look at what the other did: store buffering.
pub(super) const CROSSED: Histories<Queues> = Histories {
    info: Info {
        name: "mpmc/history_crossed",
        does: "try_push 2, try_push 3 || try_pop, try_pop; capacity 2, holding 1",
        reach: &["linearizable; empty", "linearizable; full", "linearizable; nothing refused"],
        weak: &["each refusal apart; empty, full"],
        quick: Some(3),
        deep: Some(5),
        ..TWO_PRODUCERS.info
    },
    subject: Queues(2),
    before: &[Push(1)],
    actors: &[("producer", &[Call(Push(2)), Call(Push(3))]), ("consumer", &[Call(Pop), Call(Pop)])],
    death: None,
};

/// What either operation leaves behind is undone, or was done before the death.
pub(super) const ONE_DIES: Histories<Queues> = Histories {
    info: Info {
        name: "mpmc/history_one_dies",
        does: "try_push 1, try_pop, tell, dying || try_push 2, try_pop; then try_pop, try_push 3, try_pop; capacity 1",
        reach: &[
            "a death; linearizable; empty",
            "a death; linearizable; empty, full",
            "a death; linearizable; nothing refused",
            "linearizable; empty",
            "linearizable; empty, full",
        ],
        deaths: 1,
        explorer_only: true,
        // Who cannot tell that a process is dead does not undo what that has left.
        spurious: 0,
        ..ONE_SLOT.info
    },
    subject: Queues(1),
    before: &[],
    actors: &[
        ("first", &[Call(Push(1)), Call(Pop), Tell]),
        ("second", &[Call(Push(2)), Call(Pop)]),
    ],
    death: Some(Death { of: 0, then: (1, &[Pop, Push(3), Pop]) }),
};

/// A consumer dies, whose record waits.
pub(super) const CONSUMER_DIES: Histories<Queues> = Histories {
    info: Info {
        name: "mpmc/history_consumer_dies",
        does: "try_pop, tell, dying || try_push 2, try_pop; then try_pop, try_push 3, try_pop; capacity 1, holding 1",
        reach: &[
            "a death; linearizable; empty",
            "a death; linearizable; empty, full",
            "linearizable; empty",
            "linearizable; empty, full",
        ],
        ..ONE_DIES.info
    },
    subject: Queues(1),
    before: &[Push(1)],
    actors: &[("first", &[Call(Pop), Tell]), ("second", &[Call(Push(2)), Call(Pop)])],
    death: Some(Death { of: 0, then: (1, &[Pop, Push(3), Pop]) }),
};

impl Subject for Queues {
    type Spec = Queue;
    type Handle<M: Model> = (ProducerOf<M>, ConsumerOf<M>);

    fn spec(&self) -> Queue {
        Queue { capacity: self.0 }
    }

    fn handles<M: Model>(&self, world: &World<M>, actors: usize) -> Vec<Self::Handle<M>> {
        let queue = queue(self.0, u64::MAX);
        // An actor does one thing at a time, so its handles may share its name.
        let owners = 0..actors as u32;
        owners.map(|it| (producer(world, &queue, it), consumer(world, &queue, it))).collect()
    }

    fn call<M: Model>((producer, consumer): &mut Self::Handle<M>, op: Op) -> Answer {
        match op {
            Push(record) => match producer.try_push(record) {
                Ok(()) => Answer::Pushed,
                Err(PushError::Full(_)) => Answer::Full,
                Err(error) => panic!("{error}"),
            },
            Pop => match consumer.try_pop() {
                Ok(record) => Answer::Popped(record),
                Err(PopError::Empty) => Answer::Empty,
                Err(error) => panic!("{error}"),
            },
            other => panic!("nobody can {other} of a queue"),
        }
    }
}
