use selvedge::platform::{AtomicWord, Ordering::Relaxed, Owner};

use super::Condition;
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// Who notifies dies, or who waits beside another: nobody else sleeps on.
#[derive(Clone, Copy)]
pub(super) struct Deaths {
    info: Info,
    notifiers: u32,
    /// Waiters that may die, besides the one that does not.
    waiters: u32,
}

/// One notifier, one waiter.
pub(super) const NOTIFIER: Deaths = Deaths {
    info: Info {
        name: "event/notifier_dies",
        does: "set a relaxed flag, notify, dying || wait for the flag",
        claims: &["EVENT-1", "EVENT-5"],
        reach: &["awake, 0 died", "awake, 1 died"],
        deaths: 1,
        explorer_only: true,
        ..Info::DEFAULT
    },
    notifiers: 1,
    waiters: 0,
};

/// A wake-up may die with who got it.
pub(super) const WAITER: Deaths = Deaths {
    info: Info {
        name: "event/waiter_dies",
        does: "set a relaxed flag, notify one, dying || wait for the flag, notify one || the same, dying",
        spurious: 0,
        ..NOTIFIER.info
    },
    notifiers: 1,
    waiters: 1,
};

/// Two notify, twice each.
pub(super) const TWO_NOTIFIERS: Deaths = Deaths {
    info: Info {
        name: "event/one_of_two_notifiers_dies",
        does: "set a relaxed flag, notify, dying || the same || wait for the flag; one of them dies at most",
        reach: &["awake, 0 died", "awake, 1 died"],
        deaths: 1,
        ..NOTIFIER.info
    },
    notifiers: 2,
    waiters: 0,
};

impl Scenario for Deaths {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        // The epoch wraps at once.
        let condition = Condition::<M>::new(u32::MAX);
        let set_and_notify = || {
            let (this, ctx) = (condition.clone(), world.ctx());
            move || {
                this.flag.store(1, Relaxed);
                this.event.notify(&ctx, 1);
            }
        };
        let wait_and_pass_on = || {
            let (this, ctx) = (condition.clone(), world.ctx());
            move || {
                let is_set = |_| (this.flag.load(Relaxed) == 1).then_some(());
                let awake = this.event.wait_until(&ctx, None, is_set).is_ok();
                this.event.notify(&ctx, 1);
                awake
            }
        };
        let dies = |owner| Victim { owner: Owner(owner), dies: Dies::Anywhere };
        let notifiers: Vec<_> = (0..self.notifiers)
            .map(|owner| world.victim("notifier", dies(owner), set_and_notify()))
            .collect();
        let mortals: Vec<_> = (4..4 + self.waiters)
            .map(|owner| world.victim("mortal waiter", dies(owner), wait_and_pass_on()))
            .collect();
        let waiter = world.actor("waiter", wait_and_pass_on());
        let mut died = notifiers.into_iter().map(M::join).filter(Option::is_none).count();
        if condition.flag.load(Relaxed) == 0 {
            set_and_notify()(); // They died before they had done anything.
        }
        let awake = M::join(waiter);
        died += mortals.into_iter().map(M::join).filter(Option::is_none).count();
        format!("{}, {died} died", if awake { "awake" } else { "timed out" })
    }
}
