use std::sync::Arc;

use selvedge::{
    platform::{LockMode, Owner},
    protocol::{
        mutex::{Mutex, Shared},
        registry,
    },
};

use super::{count, handle};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A holder dies, somebody takes its slot, and a third locks: what the dead did is known to all of them.
#[derive(Clone, Copy)]
pub(super) struct Swept;

impl Scenario for Swept {
    fn info(&self) -> Info {
        Info {
            name: "mutex/swept",
            does: "join as 0, lock, count, unlock, dying || join as 0 || try to lock, count, unlock",
            claims: &["MUTEX-1", "MUTEX-2", "MUTEX-4"],
            reach: &[
                "alive, nobody joined",
                "alive, joined",
                "died, nobody joined",
                "died, joined",
            ],
            deaths: 1,
            joins: true,
            explorer_only: true,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new(Shared::new(0));
        let bystander = handle(world, &shared, 1);
        assert!(M::try_lock(&world.ctx(), Owner(1), LockMode::Exclusive), "nobody has slot 1");
        let join = || {
            let (shared, ctx) = (shared.clone(), world.ctx());
            move || {
                let sweep = |dead| shared.sweep(&ctx, dead);
                let owner = registry::join::<M>(&ctx, [Owner(0)], sweep)?;
                Some(Mutex::<M, _, _>::attach(shared.clone(), ctx.clone(), owner))
            }
        };
        let (first, second) = (join(), join());
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let dying = world.victim("victim", victim, move || {
            if let Some(mutex) = first() {
                count(&mutex, mutex.lock().expect("it can be locked"));
            }
        });
        let joining = world.actor("newcomer", move || second().is_some());
        let locking = world.actor("bystander", move || {
            if let Ok(found) = bystander.try_lock() {
                count(&bystander, found);
            }
        });
        let died = if M::join(dying).is_some() { "alive" } else { "died" };
        let joined = if M::join(joining) { "joined" } else { "nobody joined" };
        M::join(locking);
        format!("{died}, {joined}")
    }
}
