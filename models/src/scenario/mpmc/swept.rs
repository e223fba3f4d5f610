use selvedge::{
    platform::{LockMode, Owner},
    protocol::{mpmc::Producer, registry},
};

use super::{consumer, queue};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A producer dies, and somebody takes its slot of the registry: its claim is gone before its number names
/// another. Whoever sweeps may die too.
#[derive(Clone, Copy)]
pub(super) struct Swept;

impl Scenario for Swept {
    fn info(&self) -> Info {
        Info {
            name: "mpmc/swept",
            does: "join as 0, try_push 1, dying || join as 0, try_push 2, dying; then try_pop all; capacity 1",
            claims: &["MPMC-6"],
            reach: &[
                "0 died, []",
                "0 died, [1]",
                "0 died, [2]",
                "1 died, []",
                "1 died, [1]",
                "1 died, [2]",
                "2 died, []",
                "2 died, [1]",
                "2 died, [2]",
            ],
            deaths: 2,
            joins: true,
            explorer_only: true,
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let queue = queue::<M>(1, 0);
        assert!(M::try_lock(&world.ctx(), Owner(1), LockMode::Exclusive), "nobody has slot 1");
        let actors = [("first", 1), ("second", 2)].map(|(name, record)| {
            let (queue, ctx) = (queue.clone(), world.ctx());
            let victim = Victim { owner: Owner(record), dies: Dies::Anywhere };
            world.victim(name, victim, move || {
                let sweep = |dead| queue.sweep(&ctx, dead);
                let owner = registry::join::<M>(&ctx, [Owner(0)], sweep)?;
                let producer = Producer::attach(queue.clone(), ctx.clone(), owner);
                // If it is full, then with what the dead one had published.
                let _ = producer.expect("a queue").try_push(record);
                Some(owner)
            })
        });
        let ends = actors.map(M::join);
        let died = ends.iter().filter(|end| end.is_none()).count();
        let mut last = consumer(world, &queue, 1);
        let records: Vec<u32> = core::iter::from_fn(|| last.try_pop().ok()).collect();
        let pushed = ends.contains(&Some(Some(Owner(0))));
        assert!(!pushed || !records.is_empty(), "a dead one's claim is in the way of a newcomer's");
        format!("{died} died, {records:?}")
    }
}
