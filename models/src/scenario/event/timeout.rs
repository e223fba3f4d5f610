use super::Condition;
use crate::model::{Info, Model, Scenario, World};

/// A deadline that passes before, while or after the condition becomes true.
#[derive(Clone, Copy)]
pub(super) struct Timeout;

impl Scenario for Timeout {
    fn info(&self) -> Info {
        Info {
            name: "event/timeout",
            does: "set a flag, notify || wait until a deadline || the deadline passes",
            claims: &["EVENT-3"],
            reach: &["awake, 0 waiters", "timed out, 0 waiters"],
            quick: Some(3),
            deep: Some(4),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let condition = Condition::<M>::new(0);
        let waiter = condition.waiter(world, "waiter", 1, world.deadline());
        let clock = world.clock();
        M::join(condition.notifier(world, 1, 1));
        let how = M::join(waiter).map_or_else(|e| e.to_string(), |()| "awake".into());
        M::join(clock);
        format!("{how}, {} waiters", condition.event.state().waiters())
    }
}
