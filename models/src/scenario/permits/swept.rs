use std::sync::Arc;

use selvedge::{
    platform::{DataCell, LockMode, Owner},
    protocol::{permits::Permits, registry},
};

use super::{handle, pool};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A holder dies, somebody takes its slot, and a third acquires: what the dead did is known to all of them.
#[derive(Clone, Copy)]
pub(super) struct Swept;

impl Scenario for Swept {
    fn info(&self) -> Info {
        Info {
            name: "permits/swept",
            does: "join as 0, acquire, write, dying || join as 0 || try to acquire, write; one permit",
            claims: &["PERMITS-1", "PERMITS-2", "PERMITS-4"],
            reach: &[
                "nobody joined, refused",
                "nobody joined, wrote",
                "joined, refused",
                "joined, wrote",
            ],
            deaths: 1,
            joins: true,
            explorer_only: true,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let pool = pool::<M>(1);
        let cell = Arc::new(M::Cell::<u32>::new(0));
        let bystander = handle(world, &pool, 1);
        assert!(M::try_lock(&world.ctx(), Owner(1), LockMode::Exclusive), "nobody has slot 1");
        let join = || {
            let (pool, ctx) = (pool.clone(), world.ctx());
            move || {
                let owner = registry::join::<M>(&ctx, [Owner(0)], |dead| pool.sweep(&ctx, dead))?;
                Some(Permits::<M, _>::attach(pool.clone(), ctx.clone(), owner))
            }
        };
        let (first, second) = (join(), join());
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let (theirs, ours) = (cell.clone(), cell);
        let dying = world.victim("victim", victim, move || {
            if let Some(permits) = first()
                && permits.try_acquire().is_ok()
            {
                // SAFETY: the one permit excludes the others; the engine checks it.
                unsafe { theirs.write(1) };
            }
        });
        let joining = world.actor("newcomer", move || second().is_some());
        let acquiring = world.actor("bystander", move || {
            let acquired = bystander.try_acquire().is_ok();
            if acquired {
                // SAFETY: as above.
                unsafe { ours.write(2) };
            }
            acquired
        });
        M::join(dying);
        let joined = if M::join(joining) { "joined" } else { "nobody joined" };
        let acquired = if M::join(acquiring) { "wrote" } else { "refused" };
        format!("{joined}, {acquired}")
    }
}
