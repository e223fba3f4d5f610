use std::sync::Arc;

use selvedge::{
    platform::{DataCell, Owner},
    protocol::registry,
};

use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// Two want the one slot; whoever gets it has a cell to itself.
#[derive(Clone, Copy)]
pub(super) struct OneOwner {
    info: Info,
}

/// Both live.
pub(super) const ALIVE: OneOwner = OneOwner {
    info: Info {
        name: "registry/one_owner",
        does: "join, write || the same; one slot",
        claims: &["REG-1", "REG-3"],
        reach: &["none joined, 0 died", "first joined, 0 died", "second joined, 0 died"],
        joins: true,
        quick: Some(3),
        deep: Some(5),
        ..Info::DEFAULT
    },
};

/// Either may die: the other may get the slot then, or find it taken still.
pub(super) const DYING: OneOwner = OneOwner {
    info: Info {
        name: "registry/one_owner_dies",
        does: "join, write, dying || the same; one slot",
        claims: &["REG-1", "REG-3"],
        reach: &[
            "none joined, 0 died",
            "first joined, 0 died",
            "second joined, 0 died",
            "none joined, 1 died",
            "first joined, 1 died",
            "second joined, 1 died",
            "none joined, 2 died",
        ],
        deaths: 2,
        explorer_only: true,
        ..ALIVE.info
    },
};

impl Scenario for OneOwner {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let cell = Arc::new(M::Cell::<u32>::new(0));
        let joiners = ["first", "second"].map(|name| {
            let (ctx, cell) = (world.ctx(), cell.clone());
            let join = move || {
                let joined = registry::join::<M>(&ctx, [Owner(0)], |_| ()).is_some();
                if joined {
                    // SAFETY: its owner has the slot's cell to itself; the engine checks it.
                    unsafe { cell.write(1) };
                }
                joined.then_some(name)
            };
            let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
            match self.info.deaths {
                0 => (Some(world.actor(name, join)), None),
                _ => (None, Some(world.victim(name, victim, join))),
            }
        });
        let ended = joiners.map(|joiner| match joiner {
            (Some(living), _) => Some(M::join(living)),
            (_, mortal) => mortal.and_then(M::join),
        });
        let died = ended.iter().filter(|end| end.is_none()).count();
        let joined: Vec<&str> = ended.into_iter().flatten().flatten().collect();
        let joined = if joined.is_empty() { "none".into() } else { joined.join(" and ") };
        format!("{joined} joined, {died} died")
    }
}
