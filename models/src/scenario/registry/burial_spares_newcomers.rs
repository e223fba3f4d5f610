use std::sync::Arc;

use selvedge::{
    platform::{AtomicWord, DataCell, LockMode, Owner},
    protocol::{
        permits::{Permits, Pool, Slots},
        registry,
    },
};

use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A holder of a permit dies; while a survivor takes that over, a newcomer takes the dead one's number, and
/// the permit under it.
#[derive(Clone, Copy)]
pub(super) struct BurialSparesNewcomers;

impl Scenario for BurialSparesNewcomers {
    fn info(&self) -> Info {
        Info {
            name: "registry/burial_spares_newcomers",
            does: "join as 0, acquire, dying || join as 0, acquire, write || acquire, write; one permit",
            claims: &["REG-2", "REG-3"],
            reach: &["nobody wrote", "newcomer wrote", "survivor wrote"],
            deaths: 1,
            joins: true,
            explorer_only: true,
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let pool: Arc<Pool<M, Slots<M>>> = Arc::new(Pool::new([M::U32::new(0)]));
        let cell = Arc::new(M::Cell::<u32>::new(0));
        let survivor = Permits::<M, _>::attach(pool.clone(), world.ctx(), Owner(1));
        assert!(M::try_lock(&world.ctx(), Owner(1), LockMode::Exclusive), "nobody has slot 1");
        let join = || {
            let (pool, ctx) = (pool.clone(), world.ctx());
            move || {
                let owner = registry::join::<M>(&ctx, [Owner(0)], |dead| pool.sweep(&ctx, dead))?;
                Some(Permits::<M, _>::attach(pool.clone(), ctx.clone(), owner))
            }
        };
        let (first, second) = (join(), join());
        let dies = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let dying = world.victim("victim", dies, move || {
            let permits = first();
            let _ = permits.as_ref().map(Permits::try_acquire);
            permits.is_some()
        });
        let acquires = |permits: &Permits<M, _>, cell: Arc<M::Cell<u32>>| {
            let acquired = permits.try_acquire().is_ok();
            if acquired {
                // SAFETY: the one permit excludes the others; the engine checks it.
                unsafe { cell.write(1) };
            }
            acquired
        };
        let (theirs, ours) = (cell.clone(), cell);
        let newcomer =
            world.actor("newcomer", move || second().map(|permits| acquires(&permits, theirs)));
        let survivor = world.actor("survivor", move || acquires(&survivor, ours));
        let (victim, newcomer) = (M::join(dying).unwrap_or(false), M::join(newcomer));
        let survivor = M::join(survivor);
        let free = victim || newcomer.is_some() || join()().is_some();
        assert!(free, "nobody has the slot, and nobody gets it");
        match (newcomer.unwrap_or(false), survivor) {
            (false, false) => "nobody wrote".into(),
            (true, false) => "newcomer wrote".into(),
            (false, true) => "survivor wrote".into(),
            (true, true) => "both wrote".into(),
        }
    }
}
