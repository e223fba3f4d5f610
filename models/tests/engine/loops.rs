//! Loops that wait without sleeping: they end when what they wait for comes, and are a livelock if it cannot.

use std::sync::Arc;

use selvedge::platform::{
    AtomicWord, DataCell,
    Ordering::{self, Acquire, Relaxed, Release},
    Owner,
};
use selvedge_models::model::{Dies, Info, Model, Scenario, Victim, World};

use super::explored;

/// The executions of a scenario in which nothing goes wrong.
fn executions(scenario: impl Scenario) -> u64 {
    let verdict = explored(scenario);
    assert!(verdict.held() && verdict.bound.is_complete(), "{verdict:?}");
    verdict.executions
}

fn message(scenario: impl Scenario) -> String {
    explored(scenario).failure.expect("it fails").message
}

/// Two actors that each wait in a loop for what the other would do afterwards.
#[derive(Clone, Copy)]
struct WaitForEachOther;

impl Scenario for WaitForEachOther {
    fn info(&self) -> Info {
        Info { name: "test/wait_for_each_other", ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let flags = Arc::new([M::U32::new(0), M::U32::new(0)]);
        let actors = [("one", 0), ("other", 1)].map(|(name, mine)| {
            let flags = flags.clone();
            world.actor(name, move || {
                while flags[1 - mine].load(Acquire) == 0 {
                    M::give_way();
                }
                flags[mine].store(1, Release);
            })
        });
        actors.into_iter().for_each(M::join);
        String::new()
    }
}

/// An actor that waits in a loop for another one's store.
#[derive(Clone, Copy)]
struct WaitsInALoop;

impl Scenario for WaitsInALoop {
    fn info(&self) -> Info {
        Info { name: "test/waits_in_a_loop", reach: &["1"], ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let flag = Arc::new((M::U32::new(0), M::U32::new(0)));
        let waiter = world.actor("waiter", {
            let flag = flag.clone();
            move || {
                while flag.1.load(Acquire) == 0 {
                    M::give_way();
                }
                flag.0.load(Relaxed)
            }
        });
        M::join(world.actor("setter", move || {
            flag.0.store(1, Relaxed);
            flag.1.store(1, Release);
        }));
        M::join(waiter).to_string()
    }
}

#[test]
fn a_loop_ends_when_what_it_waits_for_comes_and_is_a_livelock_if_it_cannot() {
    assert_eq!(executions(WaitsInALoop), 1);
    let message = message(WaitForEachOther);
    assert!(message.starts_with("livelock: nothing can change for one at loops.rs:"), "{message}");
}

/// How a lock is taken that is a word: 1 if it is held.
#[derive(Clone, Copy, Debug)]
enum Take {
    Swap,
    Or,
    CompareExchange,
}

/// Users of a lock, each of which counts.
#[derive(Clone, Copy)]
struct SpinLock {
    users: usize,
    take: Take,
    /// How it is freed; by nobody if `None`.
    free: Option<Ordering>,
}

impl Scenario for SpinLock {
    fn info(&self) -> Info {
        Info { name: "test/spin_lock", reach: &["2", "3"][self.users - 2..][..1], ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new((M::U32::new(0), M::Cell::new(0_u32)));
        let Self { users, take, free } = *self;
        let users: Vec<_> = (0..users)
            .map(|_| {
                let shared = shared.clone();
                world.actor("user", move || {
                    let (word, counter) = &*shared;
                    while match take {
                        Take::Swap => word.swap(1, Acquire) == 1,
                        Take::Or => word.fetch_or(1, Acquire) == 1,
                        Take::CompareExchange => {
                            word.compare_exchange(0, 1, Acquire, Relaxed).is_err()
                        }
                    } {
                        M::give_way();
                    }
                    // SAFETY: the lock has one holder at a time; the explorer checks just that.
                    let count = 1 + unsafe { counter.read() };
                    // SAFETY: likewise.
                    unsafe { counter.write(count) };
                    if let Some(order) = free {
                        word.store(0, order);
                    }
                    count
                })
            })
            .collect();
        users.into_iter().map(M::join).max().expect("there are users").to_string()
    }
}

/// Putting back what was found is not gone round for ever: a swap has the executions of a compare-exchange.
#[test]
fn a_spin_lock_is_taken_in_as_many_orders_as_it_has_users() {
    for take in [Take::Swap, Take::Or, Take::CompareExchange] {
        for (users, orders) in [(2, 2), (3, 6)] {
            let lock = SpinLock { users, take, free: Some(Release) };
            assert_eq!(executions(lock), orders, "{take:?}");
        }
    }
}

#[test]
fn a_spin_lock_that_is_freed_too_weakly_or_never_is_caught() {
    for take in [Take::Swap, Take::Or, Take::CompareExchange] {
        let weak = message(SpinLock { users: 2, take, free: Some(Relaxed) });
        assert!(weak.starts_with("data race: loops.rs:"), "{take:?}: {weak}");
        let kept = message(SpinLock { users: 3, take, free: None });
        assert!(kept.starts_with("livelock: nothing can change for user at loops"), "{kept}");
    }
}

/// Somebody who may die waits in a loop, with or without giving way.
#[derive(Clone, Copy)]
struct WaitsMortally {
    gives_way: bool,
}

impl Scenario for WaitsMortally {
    fn info(&self) -> Info {
        Info { name: "test/waits_mortally", deaths: 1, explorer_only: true, ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let flag = Arc::new(M::U32::new(0));
        let (victim, gives_way) =
            (Victim { owner: Owner(0), dies: Dies::Anywhere }, self.gives_way);
        let waiter = world.victim("waiter", victim, {
            let flag = flag.clone();
            move || {
                while flag.load(Acquire) == 0 {
                    if gives_way {
                        M::give_way();
                    }
                }
            }
        });
        M::join(world.actor("setter", move || flag.store(1, Release)));
        format!("{:?}", M::join(waiter))
    }
}

/// It dies before it looks, after it has looked in vain, or not at all.
#[test]
fn that_a_waiter_did_not_die_is_no_reason_to_go_round_again() {
    let verdict = explored(WaitsMortally { gives_way: true });
    assert!(verdict.held(), "{verdict:?}");
    assert_eq!(verdict.outcomes.keys().collect::<Vec<_>>(), ["None", "Some(())"]);
}

#[test]
fn a_loop_that_does_not_give_way_is_told_to() {
    let message = message(WaitsMortally { gives_way: false });
    assert!(message.contains("without calling `give_way`"), "{message}");
}
