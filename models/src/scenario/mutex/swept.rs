use std::sync::Arc;

use selvedge::{
    platform::{LockMode, Owner},
    protocol::{
        mutex::{Condition, Mutex, Shared},
        registry,
    },
};

use super::{count, handle};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A holder dies, somebody takes its slot, and a third locks: what the dead did is known to all of them.
#[derive(Clone, Copy)]
pub(super) struct Swept {
    info: Info,
    waits: bool,
}

/// The third does not wait.
pub(super) const TRYING: Swept = Swept {
    info: Info {
        name: "mutex/swept",
        does: "join as 0, lock, count, unlock, dying || join as 0, dying || try to lock, count, unlock",
        claims: &["MUTEX-1", "MUTEX-2", "MUTEX-4"],
        reach: &["alive, nobody joined", "alive, joined", "died, nobody joined", "died, joined"],
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
        name: "mutex/swept_while_asleep",
        does: "join as 0, lock, count, unlock, dying || join as 0, dying || lock, count, unlock",
        claims: &["MUTEX-3", "MUTEX-4"],
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
        let shared = Arc::new(Shared::new(0));
        let bystander = handle(world, &shared, 1);
        assert!(M::try_lock(&world.ctx(), Owner(1), LockMode::Exclusive), "nobody has slot 1");
        let join = || {
            let (shared, ctx) = (shared.clone(), world.ctx());
            move || {
                let sweep = |dead| shared.sweep(dead);
                let owner = registry::join::<M>(&ctx, [Owner(0)], sweep)?;
                Some(Mutex::<M, _, _>::attach(shared.clone(), ctx.clone(), owner))
            }
        };
        let (first, second) = (join(), join());
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let dying = world.victim("victim", victim, move || {
            if let Some(mutex) = first() {
                let found = mutex.lock().expect("it can be locked");
                count(&mutex, found);
                mutex.unlock(found, Condition::Consistent);
            }
        });
        let heir = Victim { owner: Owner(2), dies: Dies::Anywhere };
        let joining = world.victim("newcomer", heir, move || second().is_some());
        let waits = self.waits;
        let locking = world.actor("bystander", move || {
            let locked = if waits { bystander.lock().ok() } else { bystander.try_lock().ok() };
            if let Some(found) = locked {
                count(&bystander, found);
                bystander.unlock(found, Condition::Consistent);
            }
            locked.is_some()
        });
        let died = if M::join(dying).is_some() { "alive" } else { "died" };
        let joined = if M::join(joining).unwrap_or(false) { "joined" } else { "nobody joined" };
        assert!(M::join(locking) || !waits, "it can be locked");
        format!("{died}, {joined}")
    }
}
