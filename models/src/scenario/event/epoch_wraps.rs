use super::Condition;
use crate::model::{Info, Model, Scenario, World};

/// The epoch goes from its largest value to 0 while somebody registers and sleeps.
#[derive(Clone, Copy)]
pub(super) struct EpochWraps;

impl Scenario for EpochWraps {
    fn info(&self) -> Info {
        Info {
            name: "event/epoch_wraps",
            does: "at the last epoch: set a flag, notify || wait for the flag",
            claims: &["EVENT-4"],
            reach: &["awake, epoch 0, 0 waiters"],
            quick: Some(4),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let condition = Condition::<M>::new(u32::MAX);
        let waiter = condition.waiter(world, "waiter", 1, None);
        M::join(condition.notifier(world, 1, 1));
        let how = M::join(waiter).map_or_else(|e| e.to_string(), |()| "awake".into());
        let state = condition.event.state();
        format!("{how}, epoch {}, {} waiters", state.epoch(), state.waiters())
    }
}
