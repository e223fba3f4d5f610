use super::Condition;
use crate::model::{Info, Model, Scenario, World};

/// One waiter, one notifier.
#[derive(Clone, Copy)]
pub(super) struct NoLostWakeup;

impl Scenario for NoLostWakeup {
    fn info(&self) -> Info {
        Info {
            name: "event/no_lost_wakeup",
            does: "set a relaxed flag, notify || wait for the flag",
            claims: &["EVENT-1", "EVENT-2"],
            reach: &["awake"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let condition = Condition::<M>::new(0);
        let waiter = condition.waiter(world, "waiter", 1, None);
        M::join(condition.notifier(world, 1, 1));
        M::join(waiter).map_or_else(|e| e.to_string(), |()| "awake".into())
    }
}
