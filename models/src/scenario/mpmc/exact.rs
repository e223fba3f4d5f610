use selvedge::protocol::mpmc::{PopError, PushError};

use super::{consumer, producer, queue};
use crate::model::{Info, Model, Scenario, World};

/// One actor makes two steps after which the queue is as full as before; another must not find it
/// full, or empty, in between.
#[derive(Clone, Copy)]
pub(super) struct Exact {
    info: Info,
    /// Does the other push? It pops otherwise.
    pushes: bool,
}

/// One record in two slots; it is popped before another is pushed.
pub(super) const FULL: Exact = Exact {
    info: Info {
        name: "mpmc/full_is_exact",
        does: "try_pop, try_push 2 || try_push 3; capacity 2, holding 1",
        claims: &["MPMC-4"],
        reach: &["popped 1, both pushed"],
        quick: Some(3),
        deep: None,
        ..Info::DEFAULT
    },
    pushes: true,
};

/// One record in two slots; another is pushed before it is popped.
pub(super) const EMPTY: Exact = Exact {
    info: Info {
        name: "mpmc/empty_is_exact",
        does: "try_push 2, try_pop || try_pop; capacity 2, holding 1",
        claims: &["MPMC-4"],
        reach: &["popped 1 and 2", "popped 2 and 1"],
        ..FULL.info
    },
    pushes: false,
};

impl Scenario for Exact {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let queue = queue::<M>(2, 0);
        let [mut pusher, mut other_pusher] = [0, 1].map(|owner| producer(world, &queue, owner));
        let [mut popper, mut other_popper] = [2, 3].map(|owner| consumer(world, &queue, owner));
        pusher.try_push(1).expect("there is room");
        let pushes = self.pushes;
        let one = world.actor("one", move || {
            if pushes {
                let popped = popper.try_pop();
                (popped, pusher.try_push(2))
            } else {
                let pushed = pusher.try_push(2);
                (popper.try_pop(), pushed)
            }
        });
        if self.pushes {
            let pushed = M::join(world.actor("other", move || other_pusher.try_push(3)));
            let (popped, also_pushed) = M::join(one);
            let both = if pushed.is_ok() && also_pushed.is_ok() { "both" } else { "not both" };
            assert!(!matches!(pushed, Err(PushError::Corrupt(_))), "corrupt");
            return format!("popped {}, {both} pushed", shown(popped));
        }
        let other = M::join(world.actor("other", move || other_popper.try_pop()));
        format!("popped {} and {}", shown(M::join(one).0), shown(other))
    }
}

fn shown(popped: Result<u32, PopError>) -> String {
    popped.map_or_else(|error| error.to_string(), |record| record.to_string())
}
