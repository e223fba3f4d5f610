use selvedge::platform::{AtomicWord, Ordering::Relaxed, Owner};

use super::Condition;
use crate::model::{Info, Model, Scenario, World};

/// What a participant does, until it dies.
#[derive(Clone, Copy)]
enum Part {
    /// Sets the flag to 1, and notifies; then to 2, and so on, so often.
    Notifies(u32),
    /// Waits for the flag to be 1; then for 2, and so on.
    Waits(u32),
}
use Part::{Notifies, Waits};

/// Participants some of whom may die: nobody else sleeps on.
#[derive(Clone, Copy)]
pub(super) struct Deaths {
    info: Info,
    /// Each with whether it may die.
    parts: &'static [(Part, bool)],
    /// What the flag is at last.
    last: u32,
    /// Is one notified, who passes it on, or everybody?
    passes_on: bool,
}

/// Killed between publishing and waking.
pub(super) const NOTIFIER: Deaths = Deaths {
    info: Info {
        name: "event/notifier_dies",
        does: "set a relaxed flag, notify, dying || wait for the flag",
        claims: &["EVENT-1", "EVENT-5"],
        reach: &["1 awake, 0 died", "1 awake, 1 died"],
        deaths: 1,
        explorer_only: true,
        ..Info::DEFAULT
    },
    parts: &[(Notifies(1), true), (Waits(1), false)],
    last: 1,
    passes_on: false,
};

/// Likewise, beside two who wait.
pub(super) const NOTIFIER_OF_TWO: Deaths = Deaths {
    info: Info {
        name: "event/notifier_of_two_dies",
        does: "set a relaxed flag, notify all, dying || wait for the flag || the same",
        reach: &["2 awake, 0 died", "2 awake, 1 died"],
        spurious: 0,
        ..NOTIFIER.info
    },
    parts: &[(Notifies(1), true), (Waits(1), false), (Waits(1), false)],
    ..NOTIFIER
};

/// Two notify, one of them may die.
pub(super) const TWO_NOTIFIERS: Deaths = Deaths {
    info: Info {
        name: "event/one_of_two_notifiers_dies",
        does: "set a relaxed flag, notify, dying || the same, alive || wait for the flag",
        ..NOTIFIER.info
    },
    parts: &[(Notifies(1), true), (Notifies(1), false), (Waits(1), false)],
    ..NOTIFIER
};

/// A wake-up may die with who got it.
pub(super) const WAITER: Deaths = Deaths {
    info: Info {
        name: "event/waiter_dies",
        does: "set a relaxed flag, notify one || wait for the flag, notify one, dying || the same, alive",
        reach: &["2 awake, 0 died", "1 awake, 1 died"],
        ..NOTIFIER_OF_TWO.info
    },
    parts: &[(Notifies(1), false), (Waits(1), true), (Waits(1), false)],
    passes_on: true,
    ..NOTIFIER
};

/// Both may die: who comes afterwards is not held up.
pub(super) const TWO: Deaths = Deaths {
    info: Info {
        name: "event/two_deaths",
        does: "set a relaxed flag, notify, dying || wait for the flag, dying too; then wait for the flag",
        reach: &["1 awake, 0 died", "1 awake, 1 died", "0 awake, 1 died", "0 awake, 2 died"],
        deaths: 2,
        ..NOTIFIER.info
    },
    parts: &[(Notifies(1), true), (Waits(1), true)],
    ..NOTIFIER
};

/// One of two dies, who have two turns each.
pub(super) const TWO_EACH: Deaths = Deaths {
    info: Info {
        name: "event/death_of_one_of_two",
        does: "set a relaxed flag, notify, twice, dying || wait for the flag, twice, dying; one of them dies",
        reach: &["1 awake, 0 died", "1 awake, 1 died", "0 awake, 1 died"],
        spurious: 0,
        ..NOTIFIER.info
    },
    parts: &[(Notifies(2), true), (Waits(2), true)],
    last: 2,
    ..NOTIFIER
};

impl Scenario for Deaths {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        // The epoch wraps at once.
        let condition = Condition::<M>::new(u32::MAX);
        let (count, passes_on) = (if self.passes_on { 1 } else { u32::MAX }, self.passes_on);
        let act = |part| {
            let (this, ctx) = (condition.clone(), world.ctx());
            let set = move |value| {
                this.flag.store(value, Relaxed);
                this.event.notify(&ctx, count);
            };
            let (this, ctx) = (condition.clone(), world.ctx());
            let wait = move |value| {
                let is_set = |_| (this.flag.load(Relaxed) >= value).then_some(());
                this.event.wait_until(&ctx, None, is_set).expect("there is no deadline");
                if passes_on {
                    this.event.notify(&ctx, count); // It may have got the only wake-up.
                }
            };
            move || match part {
                Notifies(times) => (1..=times).for_each(set),
                Waits(times) => (1..=times).for_each(wait),
            }
        };
        let start = |(owner, (part, mortal)): (u32, &(Part, bool))| {
            let join = world.participant("participant", Owner(owner), *mortal, act(*part));
            (matches!(part, Notifies(_)), join)
        };
        let (notifiers, waiters): (Vec<_>, Vec<_>) =
            (0..).zip(self.parts).map(start).partition(|(notifies, _)| *notifies);
        let ended = |part: Vec<(bool, M::Join<Option<()>>)>| {
            let all = part.len();
            let died = part.into_iter().map(|(_, join)| M::join(join)).filter(Option::is_none);
            let died = died.count();
            (all - died, died)
        };
        let (_, notifiers_died) = ended(notifiers);
        if condition.flag.load(Relaxed) < self.last {
            act(Notifies(self.last))(); // They died before they had done their part.
        }
        let (awake, waiters_died) = ended(waiters);
        act(Waits(self.last))();
        format!("{awake} awake, {} died", notifiers_died + waiters_died)
    }
}
