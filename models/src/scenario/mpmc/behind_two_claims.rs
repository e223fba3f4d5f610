use selvedge::platform::Owner;

use super::{consumer, producer, queue};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// Consumers sleep behind the claims of a slow producer and of a dead one. They have looked since the death, in
/// vain; so who frees the dead one's slot wakes those for whom there is a record behind it.
#[derive(Clone, Copy)]
pub(super) struct BehindTwoClaims;

impl Scenario for BehindTwoClaims {
    fn info(&self) -> Info {
        Info {
            name: "mpmc/behind_two_claims",
            does: "try_push 1, try_pop || try_push 9, dying after H1; then try_push 2, 3; then pop || pop; capacity 4",
            claims: &["MPMC-5", "MPMC-6"],
            reach: &["popped"],
            deaths: 1,
            parks: true,
            cut: Some(100_000),
            quick: Some(0),
            deep: Some(1),
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let queue = queue::<M>(4, 0);
        let [mut slow, mut doomed, mut last] =
            [0, 1, 2].map(|owner| producer(world, &queue, owner));
        let mut unhurried = consumer(world, &queue, 5);
        let slow = world.actor("slow producer", move || {
            slow.try_push(1).expect("there is room");
            // It does not wait, so it passes nothing on.
            let _ = unhurried.try_pop();
        });
        let victim = Victim { owner: Owner(1), dies: Dies::After("mpmc/H1") };
        let survived = M::join(world.victim("victim", victim, move || doomed.try_push(9)));
        assert!(survived.is_none(), "it claims a slot");
        for record in [2, 3] {
            last.try_push(record).expect("there is room");
        }
        let [one, two] = [3, 4].map(|owner| {
            let mut consumer = consumer(world, &queue, owner);
            world.actor("consumer", move || consumer.pop().expect("not corrupt"))
        });
        M::join(slow);
        let [one, two] = [one, two].map(M::join);
        assert_ne!(one, two, "popped twice");
        "popped".into()
    }
}
