use selvedge::protocol::spsc::{Consumer, PopError, Producer, PushError};

use super::{Shared, ends};
use crate::{
    model::{Info, Model, World},
    scenario::history::{
        Death, Histories, Subject,
        Turn::{Call, Look, Tell},
    },
    spec::{
        fifo::{
            Answer,
            Op::{self, EndPopping, EndPushing, Pop, Push},
        },
        spsc::Ring,
    },
};

/// A ring of so many slots: the first actor has the producer's end, the second the consumer's.
#[derive(Clone, Copy)]
pub(super) struct Rings(usize);

/// Each end's last operation closes it.
pub(super) const CLOSING: Histories<Rings> = Histories {
    info: Info {
        name: "spsc/history_closing",
        does: "try_push 1, try_push 2, close || try_pop, try_pop, close; capacity 1",
        claims: &["SPSC-8"],
        reach: &[
            "linearizable; closed, empty",
            "linearizable; closed, full",
            "linearizable; empty",
            "linearizable; empty, full",
            "linearizable; nothing refused",
        ],
        quick: Some(3),
        deep: Some(5),
        ..Info::DEFAULT
    },
    subject: Rings(1),
    before: &[],
    actors: &[
        ("producer", &[Call(Push(1)), Call(Push(2)), Call(EndPushing)]),
        ("consumer", &[Call(Pop), Call(Pop), Call(EndPopping)]),
    ],
    death: None,
};

/// Each end succeeds and may be refused then, without a look at what the other did: store buffering.
pub(super) const CROSSED: Histories<Rings> = Histories {
    info: Info {
        name: "spsc/history_crossed",
        does: "try_push 2, try_push 3 || try_pop, try_pop; capacity 2, holding 1",
        reach: &["linearizable; empty", "linearizable; full", "linearizable; nothing refused"],
        weak: &["each refusal apart; empty, full"],
        quick: None,
        deep: None,
        ..CLOSING.info
    },
    subject: Rings(2),
    before: &[Push(1)],
    actors: &[("producer", &[Call(Push(2)), Call(Push(3))]), ("consumer", &[Call(Pop), Call(Pop)])],
    death: None,
};

/// What the producer is told, beside the ring, comes before what it does next.
pub(super) const TOLD: Histories<Rings> = Histories {
    info: Info {
        name: "spsc/history_told",
        does: "look, try_push 2 || try_pop, tell; capacity 1, holding 1",
        reach: &["linearizable; full", "linearizable; nothing refused"],
        weak: &[],
        ..CROSSED.info
    },
    subject: Rings(1),
    before: &[Push(1)],
    actors: &[("producer", &[Look, Call(Push(2))]), ("consumer", &[Call(Pop), Tell])],
    death: None,
};

/// What the producer had published is popped, and nothing else.
pub(super) const PRODUCER_DIES: Histories<Rings> = Histories {
    info: Info {
        name: "spsc/history_producer_dies",
        does: "try_push 1, try_push 2, tell, dying || try_pop, try_pop; then try_pop, try_pop; capacity 1",
        reach: &[
            "a death; linearizable; empty",
            "a death; linearizable; empty, full",
            "linearizable; empty",
            "linearizable; empty, full",
        ],
        weak: &[],
        deaths: 1,
        explorer_only: true,
        ..CROSSED.info
    },
    subject: Rings(1),
    before: &[],
    actors: &[
        ("producer", &[Call(Push(1)), Call(Push(2)), Tell]),
        ("consumer", &[Call(Pop), Call(Pop)]),
    ],
    death: Some(Death { of: 0, then: (1, &[Pop, Pop]) }),
};

/// A slot that the consumer had freed is free, and no other.
pub(super) const CONSUMER_DIES: Histories<Rings> = Histories {
    info: Info {
        name: "spsc/history_consumer_dies",
        does: "try_push 2, try_push 3 || try_pop, try_pop, tell, dying; then try_push 4, try_push 5; capacity 1, holding 1",
        reach: &[
            "a death; linearizable; empty, full",
            "a death; linearizable; full",
            "linearizable; empty, full",
            "linearizable; full",
        ],
        ..PRODUCER_DIES.info
    },
    subject: Rings(1),
    before: &[Push(1)],
    actors: &[
        ("producer", &[Call(Push(2)), Call(Push(3))]),
        ("consumer", &[Call(Pop), Call(Pop), Tell]),
    ],
    death: Some(Death { of: 1, then: (0, &[Push(4), Push(5)]) }),
};

/// An end of a ring, until it is closed.
pub(super) enum End<M: Model> {
    Pushing(Option<Producer<M, u32, Shared<M, u32>>>),
    Popping(Option<Consumer<M, u32, Shared<M, u32>>>),
}

impl Subject for Rings {
    type Spec = Ring;
    type Handle<M: Model> = End<M>;

    fn spec(&self) -> Ring {
        Ring { capacity: self.0 }
    }

    fn handles<M: Model>(&self, world: &World<M>, _: usize) -> Vec<End<M>> {
        let (producer, consumer) = ends(world, self.0, 0);
        vec![End::Pushing(Some(producer)), End::Popping(Some(consumer))]
    }

    fn call<M: Model>(end: &mut End<M>, op: Op) -> Answer {
        match (op, end) {
            (Push(record), End::Pushing(Some(producer))) => match producer.try_push(record) {
                Ok(()) => Answer::Pushed,
                // What more is said of a peer is no part of the ring's state.
                Err(PushError::Full(_) | PushError::PeerDead(_)) => Answer::Full,
                Err(PushError::Closed(_)) => Answer::Closed,
                Err(error) => panic!("{error}"),
            },
            (Pop, End::Popping(Some(consumer))) => match consumer.try_pop() {
                Ok(record) => Answer::Popped(record),
                Err(PopError::Empty | PopError::PeerDead) => Answer::Empty,
                Err(PopError::Closed) => Answer::Closed,
                Err(error) => panic!("{error}"),
            },
            (EndPushing, End::Pushing(end @ Some(_))) => {
                end.take().expect("just seen").close();
                Answer::Ended
            }
            (EndPopping, End::Popping(end @ Some(_))) => {
                end.take().expect("just seen").close();
                Answer::Ended
            }
            (op, _) => panic!("{op} by the other end, or by a closed one"),
        }
    }
}
