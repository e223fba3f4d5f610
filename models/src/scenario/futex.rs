//! What the protocols rely on of a futex. The same programs run on the engines' model of it and on
//! the kernel: they hold the model against the real thing.

use std::sync::Arc;

use selvedge::platform::{AtomicWord, Ordering::Relaxed, Wait};

use super::Entry;
use crate::model::{Info, Model, Scenario, World};

/// Every contract of the futex.
pub fn all() -> Vec<Entry> {
    Contract::ALL.into_iter().map(Entry::of).collect()
}

/// A contract: what wakes and waits do to each other, on the low half of a 64-bit word.
#[derive(Clone, Copy, Debug)]
enum Contract {
    /// A wake that comes before the wait is lost; the changed word is not.
    WakeBeforeWait,
    /// A wait for another value than the word's returns at once; the high half does not count.
    Mismatch,
    /// One wake ends one sleep.
    TwoWaitersOneWake,
    /// A wake between the check and the sleep of a wait is not lost.
    WakeWhileFallingAsleep,
}

/// In the high half: not the futex's business.
const HIGH: u64 = 7 << 32;

/// What wakes whom is the subject; that anybody may wake for no reason is known.
const CONTRACT: Info = Info { spurious: 0, ..Info::DEFAULT };

impl Contract {
    const ALL: [Self; 4] = [
        Self::WakeBeforeWait,
        Self::Mismatch,
        Self::TwoWaitersOneWake,
        Self::WakeWhileFallingAsleep,
    ];
}

fn how(wait: Wait) -> &'static str {
    match wait {
        Wait::Woken => "woken",
        Wait::Mismatch => "mismatch",
        Wait::TimedOut => "timed out",
    }
}

impl Scenario for Contract {
    fn info(&self) -> Info {
        match self {
            Self::WakeBeforeWait => Info {
                name: "futex/wake_before_wait",
                does: "wake || wait until a deadline, the word unchanged",
                reach: &["timed out", "woken"],
                ..CONTRACT
            },
            Self::Mismatch => Info {
                name: "futex/mismatch",
                does: "wait for 1 on a word that holds 0, or 2 || set it to 2",
                reach: &["mismatch"],
                ..CONTRACT
            },
            Self::TwoWaitersOneWake => Info {
                name: "futex/two_waiters_one_wake",
                does: "wake 1 || wait until a deadline || wait until a deadline",
                reach: &["timed out, timed out", "timed out, woken"],
                parks: true,
                quick: Some(2),
                ..CONTRACT
            },
            Self::WakeWhileFallingAsleep => Info {
                name: "futex/wake_while_falling_asleep",
                does: "set the word, wake || wait while it is not set",
                reach: &["mismatch", "woken"],
                ..CONTRACT
            },
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let word = Arc::new(M::U64::new(HIGH));
        let waiter = |name, expected, until| {
            let (word, ctx) = (word.clone(), world.ctx());
            world.actor(name, move || how(M::wait_low(&ctx, &word, expected, until)))
        };
        let setter = |value: u64, wakes: u32| {
            let (word, ctx) = (word.clone(), world.ctx());
            world.actor("waker", move || {
                if value > 0 {
                    word.store(HIGH | value, Relaxed);
                }
                if wakes > 0 {
                    M::wake_low(&ctx, &word, wakes);
                }
            })
        };
        match self {
            Self::WakeBeforeWait => {
                let (waiter, clock) = (waiter("waiter", 0, world.deadline()), world.clock());
                M::join(setter(0, 1));
                M::join(clock);
                M::join(waiter).into()
            }
            Self::Mismatch => {
                let waiter = waiter("waiter", 1, None);
                M::join(setter(2, 0));
                M::join(waiter).into()
            }
            Self::TwoWaitersOneWake => {
                let until = world.deadline();
                let waiters = ["waiter 1", "waiter 2"].map(|name| waiter(name, 0, until));
                let clock = world.clock();
                M::join(setter(0, 1));
                M::join(clock);
                let mut how = waiters.map(M::join);
                how.sort_unstable();
                how.join(", ")
            }
            Self::WakeWhileFallingAsleep => {
                let waiter = waiter("waiter", 0, None);
                M::join(setter(1, 1));
                M::join(waiter).into()
            }
        }
    }
}
