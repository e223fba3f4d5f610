//! What the explorer decides for a scenario: what it chooses, and where an actor dies.

use std::sync::Arc;

use selvedge::platform::{
    AtomicWord, DataCell,
    Ordering::{Acquire, Relaxed, Release},
    Owner,
};
use selvedge::protocol::registry::if_dead;
use selvedge_models::{
    engine::Verdict,
    model::{Dies, Info, Model, Scenario, Victim, World},
};

use super::explored;

fn outcomes(verdict: &Verdict) -> Vec<&str> {
    assert!(verdict.held(), "{verdict:?}");
    verdict.outcomes.keys().map(String::as_str).collect()
}

const INFO: Info =
    Info { name: "test/choice", deaths: 1, explorer_only: true, spurious: 0, ..Info::DEFAULT };

const VICTIM: Victim = Victim { owner: Owner(0), dies: Dies::Anywhere };

/// Each of two actors chooses among three.
#[derive(Clone, Copy)]
struct Chooses;

impl Scenario for Chooses {
    fn info(&self) -> Info {
        INFO
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let actors = ["one", "other"].map(|name| world.actor(name, || M::choose(3)));
        format!("{:?}", actors.map(M::join))
    }
}

#[test]
fn each_choice_is_made_in_every_way() {
    let verdict = explored(Chooses);
    assert_eq!((verdict.executions, outcomes(&verdict).len()), (9, 9));
}

/// A survivor that learns of a death reads what the dead one was writing, or asks first whether it was done.
#[derive(Clone, Copy)]
struct Inherits {
    asks: bool,
}

impl Scenario for Inherits {
    fn info(&self) -> Info {
        INFO
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new((M::Cell::new(0_u32), M::U32::new(0)));
        let victim = world.victim("victim", VICTIM, {
            let shared = shared.clone();
            move || {
                // SAFETY: the survivor reads only what it knows to lie before its present moment.
                unsafe { shared.0.write(1) };
                shared.1.store(1, Release);
            }
        });
        let (ctx, asks) = (world.ctx(), self.asks);
        let survivor = world.actor("survivor", move || {
            let dead = if_dead::<M, _>(&ctx, VICTIM.owner, || ()).is_some();
            let done = shared.1.load(Acquire) == 1;
            if !(done || dead && !asks) {
                return "nothing".into();
            }
            // SAFETY: the victim is dead or done.
            format!("read {}", unsafe { shared.0.read() })
        });
        M::join(victim);
        M::join(survivor)
    }
}

#[test]
fn a_payload_half_written_by_the_dead_is_not_to_be_read() {
    let failure = explored(Inherits { asks: false }).failure.expect("it reads torn payload");
    assert!(failure.message.starts_with("torn payload: choices.rs:"), "{}", failure.message);
    insta::assert_snapshot!(failure.schedule.join("\n"));
    assert_eq!(outcomes(&explored(Inherits { asks: true })), ["nothing", "read 1"]);
}

/// Two sleep, one of them mortal; one is told, and tells the other.
#[derive(Clone, Copy)]
struct DiesAsleep;

impl Scenario for DiesAsleep {
    fn info(&self) -> Info {
        INFO
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let word = Arc::new(M::U32::new(0));
        let sleep = || {
            let (word, ctx) = (word.clone(), world.ctx());
            move || {
                while word.load(Relaxed) == 0 {
                    let _ = M::wait(&ctx, &word, 0, None);
                }
                M::wake(&ctx, &word, 1);
            }
        };
        let victim = world.victim("victim", VICTIM, sleep());
        let survivor = world.actor("survivor", sleep());
        word.store(1, Relaxed);
        M::wake(&world.ctx(), &word, 1);
        M::join(survivor);
        format!("the victim died: {}", M::join(victim).is_none())
    }
}

#[test]
fn a_wake_that_the_dead_took_with_it_is_made_good_by_the_bound_on_a_sleep() {
    assert_eq!(
        outcomes(&explored(DiesAsleep)),
        ["the victim died: false", "the victim died: true"]
    );
}

/// Who is asleep is told of what happens, but not if somebody has died before.
#[derive(Clone, Copy)]
struct ForgetsAfterADeath;

impl Scenario for ForgetsAfterADeath {
    fn info(&self) -> Info {
        INFO
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (word, ctx) = (Arc::new(M::U32::new(0)), world.ctx());
        let victim = world.victim("victim", VICTIM, || ());
        let survivor = world.actor("survivor", {
            let word = word.clone();
            let ctx = ctx.clone();
            move || {
                while word.load(Relaxed) == 0 {
                    let _ = M::wait(&ctx, &word, 0, None);
                }
            }
        });
        let died = M::join(victim).is_none();
        word.store(1, Relaxed);
        M::wake(&ctx, &word, u32::from(!died));
        M::join(survivor);
        String::new()
    }
}

#[test]
fn a_wake_that_the_living_forget_after_a_death_is_not_made_good() {
    let failure = explored(ForgetsAfterADeath).failure.expect("the survivor sleeps on");
    assert!(failure.message.contains("everybody is asleep: survivor"), "{}", failure.message);
}
