use std::sync::Arc;

use selvedge::{
    platform::{DataCell, LockMode, Owner},
    protocol::{permits::Permits, registry},
};

use super::{handle, pool};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A holder dies, somebody takes its slot, and a third acquires: what the dead did is known to all of them.
#[derive(Clone, Copy)]
pub(super) struct Swept {
    info: Info,
    waits: bool,
}

/// The third does not wait.
pub(super) const TRYING: Swept = Swept {
    info: Info {
        name: "permits/swept",
        does: "join as 0, acquire, write, dying || join as 0, dying || try to acquire, write; one permit",
        claims: &["PERMITS-1", "PERMITS-2", "PERMITS-4"],
        reach: &[
            "alive, nobody joined, refused",
            "alive, nobody joined, wrote",
            "alive, joined, wrote",
            "died, nobody joined, refused",
            "died, nobody joined, wrote",
            "died, joined, refused",
            "died, joined, wrote",
        ],
        deaths: 2,
        joins: true,
        explorer_only: true,
        ..Info::DEFAULT
    },
    waits: false,
};

/// It may be asleep when the dead one's slot is taken.
pub(super) const WAITING: Swept = Swept {
    info: Info {
        name: "permits/swept_while_asleep",
        does: "join as 0, acquire, write, release, dying || join as 0, dying || acquire, write; one permit",
        claims: &["PERMITS-3", "PERMITS-4"],
        reach: &[
            "alive, nobody joined, wrote",
            "alive, joined, wrote",
            "died, nobody joined, wrote",
            "died, joined, wrote",
        ],
        spurious: 0,
        ..TRYING.info
    },
    waits: true,
};

impl Scenario for Swept {
    fn info(&self) -> Info {
        self.info
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
        let waits = self.waits;
        let dying = world.victim("victim", victim, move || {
            if let Some(permits) = first()
                && let Ok(permit) = permits.try_acquire()
            {
                // SAFETY: the one permit excludes the others; the engine checks it.
                unsafe { theirs.write(1) };
                if waits {
                    permits.release(permit).expect("it is held");
                }
            }
        });
        let heir = Victim { owner: Owner(2), dies: Dies::Anywhere };
        let joining = world.victim("newcomer", heir, move || second().is_some());
        let acquiring = world.actor("bystander", move || {
            let permit =
                if waits { bystander.acquire().ok() } else { bystander.try_acquire().ok() };
            if permit.is_some() {
                // SAFETY: as above.
                unsafe { ours.write(2) };
            }
            permit.is_some()
        });
        let died = M::join(dying).is_none();
        let (joined, acquired) = (M::join(joining).unwrap_or(false), M::join(acquiring));
        assert!(acquired || !(died && joined) || pool.free() == 1, "it came back");
        format!(
            "{}, {}, {}",
            if died { "died" } else { "alive" },
            if joined { "joined" } else { "nobody joined" },
            if acquired { "wrote" } else { "refused" }
        )
    }
}
