use std::sync::{Arc, OnceLock};

use selvedge::{
    platform::{
        AtomicWord,
        Ordering::{Acquire, Relaxed, Release},
    },
    protocol::event::Registered,
};

use super::Condition;
use crate::model::{Info, Model, Scenario, World};

/// A waiter registers, and another thread sleeps for it, which then rings a bell: what is behind a descriptor that can
/// be polled.
#[derive(Clone, Copy)]
pub(super) struct SleptElsewhere;

/// What the waiter has told its sleeper.
const SLEEP: u32 = 1;
const NOTHING: u32 = 2;

impl Scenario for SleptElsewhere {
    fn info(&self) -> Info {
        Info {
            name: "event/slept_elsewhere",
            does: "set a flag, notify || register, look, await a bell, register, look || sleep, ring the bell",
            claims: &["EVENT-1", "EVENT-2"],
            reach: &["after the bell", "at once"],
            explorer_only: true,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let condition = Condition::<M>::new(0);
        let [told, bell] = [(); 2].map(|()| Arc::new(M::U32::new(0)));
        let registered = Arc::new(OnceLock::<Registered>::new());

        let (event, ctx) = (condition.clone(), world.ctx());
        let (hear, ring, handed) = (told.clone(), bell.clone(), registered.clone());
        let sleeper = world.actor("sleeper", move || {
            wait_for::<M>(&ctx, &hear);
            if hear.load(Acquire) == NOTHING {
                return;
            }
            let waiter = *handed.get().expect("it was set before the word");
            while event.event.state().epoch() == waiter.epoch() {
                let _ = event.event.sleep(&ctx, waiter, None);
            }
            ring.store(1, Release);
            M::wake(&ctx, &ring, 1);
        });

        let (owner, ctx) = (condition.clone(), world.ctx());
        let waiter = world.actor("waiter", move || {
            let first = owner.event.register();
            let found = owner.flag.load(Relaxed) == 1;
            registered.set(first).expect("once");
            told.store(if found { NOTHING } else { SLEEP }, Release);
            M::wake(&ctx, &told, 1);
            if !found {
                wait_for::<M>(&ctx, &bell);
            }
            owner.event.deregister();
            if found {
                return "at once";
            }
            let _second = owner.event.register();
            assert_eq!(owner.flag.load(Relaxed), 1, "the bell rang for nothing");
            owner.event.deregister();
            "after the bell"
        });
        M::join(condition.notifier(world, 1, 1));
        M::join(sleeper);
        let found = M::join(waiter).to_owned();
        assert_eq!(condition.event.state().waiters(), 0, "somebody is registered still");
        found
    }
}

/// Waits until the word is not 0.
fn wait_for<M: Model>(ctx: &M::Ctx, word: &M::U32) {
    while word.load(Relaxed) == 0 {
        let _ = M::wait(ctx, word, 0, None);
    }
}
