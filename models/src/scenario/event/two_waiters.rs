use super::Condition;
use crate::model::{Info, Model, Scenario, World};

/// Two waiters, one notification of both.
#[derive(Clone, Copy)]
pub(super) struct TwoWaiters;

impl Scenario for TwoWaiters {
    fn info(&self) -> Info {
        Info {
            name: "event/two_waiters",
            does: "set a flag, notify 2 || wait || wait",
            claims: &["EVENT-1"],
            reach: &["both awake"],
            parks: true,
            quick: Some(2),
            deep: Some(3),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let condition = Condition::<M>::new(0);
        let waiters = ["waiter 1", "waiter 2"].map(|name| condition.waiter(world, name, 1, None));
        M::join(condition.notifier(world, 1, 2));
        let awake = waiters.map(M::join).iter().all(Result::is_ok);
        if awake { "both awake" } else { "timed out" }.into()
    }
}
