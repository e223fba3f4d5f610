use std::sync::{Arc, Mutex, PoisonError};

use selvedge::{
    platform::{LockMode, Owner},
    protocol::{
        registry,
        spsc::{Claim, Consumer, PopError, Producer},
    },
};

use super::{Shared, ring};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A producer dies and somebody takes its slot: what it had pushed comes before the news of its death.
#[derive(Clone, Copy)]
pub(super) struct Swept {
    info: Info,
    /// Does another producer claim the end then?
    heir: bool,
}

/// The consumer finds the end abandoned.
pub(super) const LEFT: Swept = Swept {
    info: Info {
        name: "spsc/swept",
        does: "join as 0, claim, try_push 1, dying || join as 0 || try_pop; then try_pop until the end",
        claims: &["SPSC-10"],
        reach: &[
            "idle, not joined, []",
            "idle, joined, []",
            "pushed, not joined, [1]",
            "died, not joined, []",
            "died, not joined, [1]",
            "died, joined, []",
            "died, joined, [1]",
            "the third died",
        ],
        deaths: 2,
        joins: true,
        explorer_only: true,
        ..Info::DEFAULT
    },
    heir: false,
};

/// Another producer goes on where the dead one was, over its half-written record.
pub(super) const HEIR: Swept = Swept {
    info: Info {
        name: "spsc/heir",
        does: "join as 0, claim, try_push 1, dying || join as 0 || claim, try_push 2; then try_pop all",
        claims: &["SPSC-6", "SPSC-9"],
        reach: &[
            "idle, not joined, inherited, [2]",
            "idle, joined, inherited, [2]",
            "pushed, not joined, [1]",
            "died, not joined, []",
            "died, not joined, [1]",
            "died, not joined, inherited, [2]",
            "died, not joined, inherited, [1, 2]",
            "died, joined, []",
            "died, joined, [1]",
            "died, joined, inherited, [2]",
            "died, joined, inherited, [1, 2]",
            "the third died",
        ],
        ..LEFT.info
    },
    heir: true,
};

impl Scenario for Swept {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let ring: Shared<M, u32> = ring(2, 0);
        for slot in [1, 2].map(Owner) {
            assert!(M::try_lock(&world.ctx(), slot, LockMode::Exclusive), "nobody has it");
        }
        let consumer = Consumer::claim(ring.clone(), world.ctx(), Owner(2)).expect("vacant");
        let join = || {
            let (ring, ctx) = (ring.clone(), world.ctx());
            move || registry::join::<M>(&ctx, [Owner(0)], |dead| ring.sweep(&ctx, dead))
        };
        let (first, second) = (join(), join());
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let (theirs, ours) = (ring.clone(), ring.clone());
        let (their_ctx, our_ctx) = (world.ctx(), world.ctx());
        let dying = world.victim("victim", victim, move || {
            let Some(owner) = first() else { return false };
            let Ok(mut producer) = Producer::claim(theirs, their_ctx, owner) else { return false };
            producer.try_push(1).expect("there is room");
            true
        });
        let joining = world.actor("newcomer", move || second().is_some());
        let heir = self.heir;
        let consumer = Arc::new(Mutex::new(consumer));
        let theirs = consumer.clone();
        let victim = Victim { owner: Owner(1), dies: Dies::Anywhere };
        let third = world.victim("third", victim, move || {
            if !heir {
                // Nobody else asks for it before this actor has ended.
                let popped = theirs.lock().unwrap_or_else(PoisonError::into_inner).try_pop();
                return (false, popped);
            }
            let Ok(mut producer) = Producer::claim(ours, our_ctx, Owner(1)) else {
                return (false, Err(PopError::Empty));
            };
            producer.try_push(2).expect("there is room");
            (true, Err(PopError::Empty))
        });
        let pushed = M::join(dying);
        let died = pushed.is_none();
        let joined = if M::join(joining) { "joined" } else { "not joined" };
        let (inherited, first) = match M::join(third) {
            Some(end) => end,
            None => return "the third died".into(),
        };
        let mut consumer = consumer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut records: Vec<u32> = first.into_iter().collect();
        let end = loop {
            match consumer.try_pop() {
                Ok(record) => records.push(record),
                Err(error) => break error,
            }
        };
        let told_too_early = first == Err(PopError::PeerDead) && !records.is_empty();
        assert!(!told_too_early, "{records:?} came after the news of a death");
        if died && !matches!(ring.ends()[0], Claim::Vacant | Claim::Owned(Owner(1))) {
            assert_eq!(end, PopError::PeerDead, "of {:?}", ring.ends());
        }
        let pushed = match pushed {
            Some(true) => "pushed",
            Some(false) => "idle",
            None => "died",
        };
        format!("{pushed}, {joined}{}, {records:?}", if inherited { ", inherited" } else { "" })
    }
}
