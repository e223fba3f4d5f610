use selvedge::{platform::Owner, protocol::spsc::Producer};

use super::ring;
use crate::model::{Info, Model, Scenario, World};

/// Two participants want the same end.
#[derive(Clone, Copy)]
pub(super) struct OneProducer;

impl Scenario for OneProducer {
    fn info(&self) -> Info {
        Info {
            name: "spsc/one_producer",
            does: "claim the producer's end || the same",
            claims: &["SPSC-6"],
            reach: &["claimed by first", "claimed by second"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let ring = ring::<M, u32>(1, 0);
        let claims = [("first", 0), ("second", 1)].map(|(name, owner)| {
            let (ring, ctx) = (ring.clone(), world.ctx());
            let claim = move || Producer::claim(ring, ctx, Owner(owner));
            world.actor(name, move || claim().is_ok().then_some(name))
        });
        let owners: Vec<&str> = claims.map(M::join).into_iter().flatten().collect();
        format!("claimed by {}", owners.join(" and "))
    }
}
