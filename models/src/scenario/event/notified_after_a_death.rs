use selvedge::platform::{AtomicWord, Ordering::Relaxed, Owner};

use super::Condition;
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A waiter dies, registered, asleep or with a wake-up in hand; those who wait for something later are told of
/// that all the same.
#[derive(Clone, Copy)]
pub(super) struct NotifiedAfterADeath;

impl Scenario for NotifiedAfterADeath {
    fn info(&self) -> Info {
        Info {
            name: "event/notified_after_a_death",
            does: "wait for 1, dying || wait for 2 || set 1, notify; then set 2, notify",
            claims: &["EVENT-1", "EVENT-5"],
            reach: &["awake, alive", "awake, died"],
            deaths: 1,
            explorer_only: true,
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let condition = Condition::<M>::new(0);
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let (this, ctx) = (condition.clone(), world.ctx());
        let dying = world.victim("victim", victim, move || {
            let is_set = |_| (this.flag.load(Relaxed) >= 1).then_some(());
            this.event.wait_until(&ctx, None, is_set)
        });
        let waiter = condition.waiter(world, "waiter", 2, None);
        let tell = |value| {
            condition.flag.store(value, Relaxed);
            condition.event.notify(&world.ctx(), u32::MAX);
        };
        tell(1);
        let died = M::join(dying).is_none();
        tell(2);
        let awake = M::join(waiter).is_ok();
        format!(
            "{}, {}",
            if awake { "awake" } else { "timed out" },
            if died { "died" } else { "alive" }
        )
    }
}
