use selvedge::protocol::semaphore::{ReleaseError, TryAcquireError};

use super::{Handle, semaphore};
use crate::{
    model::{Info, Model, World},
    scenario::history::{
        Death, Histories, Subject,
        Turn::{Call, Look, Tell},
    },
    spec::semaphore::{
        Answer,
        Op::{self, Acquire, Release},
        Semaphore,
    },
};

/// Three takers of two permits, one of which comes back.
pub(super) const TAKING: Histories<Semaphore> = Histories {
    info: Info {
        name: "semaphore/history_taking",
        does: "try_acquire, release 1 || try_acquire || try_acquire; 2 permits of 2",
        claims: &["SEM-6"],
        reach: &["linearizable; no permit", "linearizable; nothing refused"],
        quick: Some(2),
        deep: Some(3),
        ..Info::DEFAULT
    },
    subject: Semaphore { permits: 2, max: 2 },
    before: &[],
    actors: &[
        ("first", &[Call(Acquire), Call(Release(1))]),
        ("second", &[Call(Acquire)]),
        ("third", &[Call(Acquire)]),
    ],
    death: None,
};

/// One permit; somebody takes what there is while another gives, and may be told of it.
pub(super) const CROSSED: Histories<Semaphore> = Histories {
    info: Info {
        name: "semaphore/history_crossed",
        does: "try_acquire, try_acquire, tell || look, release 1, release 1; 1 permit of 2",
        reach: &[
            "linearizable; no permit",
            "linearizable; nothing refused",
            "linearizable; overflow",
        ],
        quick: Some(3),
        deep: None,
        ..TAKING.info
    },
    subject: Semaphore { permits: 1, max: 2 },
    before: &[],
    actors: &[
        ("taker", &[Call(Acquire), Call(Acquire), Tell]),
        ("giver", &[Look, Call(Release(1)), Call(Release(1))]),
    ],
    death: None,
};

/// A dead taker's permit is gone, or was never taken, or came back before the death.
pub(super) const TAKER_DIES: Histories<Semaphore> = Histories {
    info: Info {
        name: "semaphore/history_taker_dies",
        does: "try_acquire, release 1, tell, dying || try_acquire; then try_acquire, try_acquire; 1 permit of 1",
        reach: &["a death; linearizable; no permit", "linearizable; no permit"],
        deaths: 1,
        explorer_only: true,
        ..TAKING.info
    },
    subject: Semaphore { permits: 1, max: 1 },
    before: &[],
    actors: &[("first", &[Call(Acquire), Call(Release(1)), Tell]), ("second", &[Call(Acquire)])],
    death: Some(Death { of: 0, then: (1, &[Acquire, Acquire]) }),
};

impl Subject for Semaphore {
    type Spec = Self;
    type Handle<M: Model> = Handle<M>;

    fn spec(&self) -> Self {
        *self
    }

    fn handles<M: Model>(&self, world: &World<M>, actors: usize) -> Vec<Handle<M>> {
        vec![semaphore(world, self.permits, self.max); actors]
    }

    fn call<M: Model>(semaphore: &mut Handle<M>, op: Op) -> Answer {
        match op {
            Acquire => match semaphore.try_acquire() {
                Ok(()) => Answer::Acquired,
                Err(TryAcquireError::NoPermit) => Answer::NoPermit,
                Err(error) => panic!("{error}"),
            },
            Release(n) => match semaphore.release(n) {
                Ok(()) => Answer::Released,
                Err(ReleaseError::Overflow) => Answer::Overflow,
                Err(error) => panic!("{error}"),
            },
        }
    }
}
