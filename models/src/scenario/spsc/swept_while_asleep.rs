use selvedge::{
    platform::{LockMode, Owner},
    protocol::{
        registry,
        spsc::{Claim, Consumer, Producer},
    },
};

use super::{Shared, ring};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A producer dies while its consumer sleeps, and a newcomer takes its slot: the consumer is told.
#[derive(Clone, Copy)]
pub(super) struct SweptWhileAsleep;

impl Scenario for SweptWhileAsleep {
    fn info(&self) -> Info {
        Info {
            name: "spsc/swept_while_asleep",
            does: "close, dying || join in the place of the dead, dying || pop",
            claims: &["SPSC-10"],
            reach: &["closed", "closed, joined", "dead", "dead, joined"],
            deaths: 2,
            joins: true,
            explorer_only: true,
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let ring: Shared<M, u32> = ring(1, 0);
        let mut consumer = Consumer::claim(ring.clone(), world.ctx(), Owner(2)).expect("vacant");
        assert!(M::try_lock(&world.ctx(), Owner(2), LockMode::Exclusive), "nobody has it");
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let (theirs, ctx) = (ring.clone(), world.ctx());
        let dying = world.victim("producer", victim, move || {
            let owner = registry::join::<M>(&ctx, [Owner(0)], |_| ()).expect("it is the first");
            Producer::claim(theirs, ctx, owner).expect("vacant").close();
        });
        let (again, ctx) = (ring.clone(), world.ctx());
        let heir = Victim { owner: Owner(1), dies: Dies::Anywhere };
        let joining = world.victim("newcomer", heir, move || {
            // Once the producer has come; otherwise nobody ever would.
            let has_come = ring.ends()[0] == Claim::Owned(Owner(0));
            let sweep = |dead| ring.sweep(&ctx, dead);
            has_come && registry::join::<M>(&ctx, [Owner(0)], sweep).is_some()
        });
        let popping = world.actor("consumer", move || consumer.pop().map_err(|e| e.to_string()));
        let died = M::join(dying).is_none();
        if died && again.ends()[0] == Claim::Vacant {
            // It died before it had come.
            let last = Producer::claim(again, world.ctx(), Owner(2)).expect("vacant");
            last.close();
        }
        let joined = M::join(joining).unwrap_or(false);
        let said = M::join(popping).expect_err("nothing was pushed");
        let how = if said.contains("dead") { "dead" } else { "closed" };
        format!("{how}{}", if joined { ", joined" } else { "" })
    }
}
