use std::sync::Arc;

use selvedge::{
    platform::{DataCell, Owner},
    protocol::registry,
};

use crate::model::{Info, Model, Scenario, World};

/// Several want the one slot; whoever gets it has a cell to itself.
#[derive(Clone, Copy)]
pub(super) struct OneOwner {
    info: Info,
    joiners: u32,
    /// How often each joins, and leaves again, if more than once.
    times: u32,
}

/// Both live.
pub(super) const ALIVE: OneOwner = OneOwner {
    info: Info {
        name: "registry/one_owner",
        does: "join, write || the same; one slot",
        claims: &["REG-1", "REG-3"],
        reach: &["0 joined, 0 died", "1 joined, 0 died"],
        joins: true,
        quick: Some(3),
        deep: Some(5),
        ..Info::DEFAULT
    },
    joiners: 2,
    times: 1,
};

/// Both may die: the other may get the slot then, or find it taken still.
pub(super) const DYING: OneOwner = OneOwner {
    info: Info {
        name: "registry/one_owner_dies",
        does: "join, write, dying || the same, dying too; one slot",
        reach: &[
            "0 joined, 0 died",
            "1 joined, 0 died",
            "0 joined, 1 died",
            "1 joined, 1 died",
            "0 joined, 2 died",
        ],
        deaths: 2,
        explorer_only: true,
        ..ALIVE.info
    },
    ..ALIVE
};

/// One of two dies, who have two turns each.
pub(super) const TWO_EACH: OneOwner = OneOwner {
    info: Info {
        name: "registry/death_of_one_of_two",
        does: "join, write, leave, twice, dying || the same, alive; one slot",
        reach: &[
            "0 joined, 0 died",
            "1 joined, 0 died",
            "2 joined, 0 died",
            "3 joined, 0 died",
            "4 joined, 0 died",
            "0 joined, 1 died",
            "1 joined, 1 died",
            "2 joined, 1 died",
        ],
        deaths: 1,
        ..DYING.info
    },
    times: 2,
    ..ALIVE
};

/// One of three.
pub(super) const THREE: OneOwner = OneOwner {
    info: Info {
        name: "registry/death_among_three",
        does: "join, write, dying || the same, alive || the same; one slot",
        reach: &["0 joined, 0 died", "1 joined, 0 died", "0 joined, 1 died", "1 joined, 1 died"],
        deaths: 1,
        ..DYING.info
    },
    joiners: 3,
    ..ALIVE
};

impl Scenario for OneOwner {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let cell = Arc::new(M::Cell::<u32>::new(0));
        let Self { joiners, times, .. } = *self;
        let (died, joined) = world.workers(joiners, self.info.deaths, |_| {
            let (ctx, cell) = (world.ctx(), cell.clone());
            move || {
                let joins = |_: &u32| {
                    let Some(owner) = registry::join::<M>(&ctx, [Owner(0)], |_| ()) else {
                        return false;
                    };
                    // SAFETY: its owner has the slot's cell to itself; the engine checks it.
                    unsafe { cell.write(1) };
                    if times > 1 {
                        M::unlock(&ctx, owner);
                    }
                    true
                };
                (0..times).filter(joins).count()
            }
        });
        let joined = joined.into_iter().sum::<usize>();
        let owned = joined > 0 && times == 1;
        let free = owned || registry::join::<M>(&world.ctx(), [Owner(0)], |_| ()).is_some();
        assert!(free, "nobody has the slot, and nobody gets it");
        format!("{joined} joined, {died} died")
    }
}
