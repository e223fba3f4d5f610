//! What the explorer decides for a scenario: what it chooses, and where an actor dies.

use std::sync::Arc;

use selvedge::platform::{
    AtomicWord, DataCell, Liveness,
    Ordering::{Acquire, Relaxed, Release},
    Owner,
    WaiterKind::Futex,
};
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
    Info { name: "test/choice", dies: true, explorer_only: true, spurious: 0, ..Info::DEFAULT };

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
            let dead = M::liveness(&ctx, VICTIM.owner) == Liveness::Dead;
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

/// Two sleep, one of them mortal, and one of them is told, or both are.
#[derive(Clone, Copy)]
struct DiesAsleep {
    told: u32,
}

impl Scenario for DiesAsleep {
    fn info(&self) -> Info {
        INFO
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let word = Arc::new(M::U32::new(0));
        let sleep = || {
            let (word, ctx) = (word.clone(), world.ctx());
            move || _ = M::wait(&ctx, &word, 0, None)
        };
        let victim = world.victim("victim", VICTIM, sleep());
        let survivor = world.actor("survivor", sleep());
        word.store(1, Relaxed);
        M::wake(&world.ctx(), &word, Futex, self.told);
        M::join(survivor);
        format!("the victim returned: {}", M::join(victim).is_some())
    }
}

#[test]
fn a_wake_that_the_dead_took_with_it_is_lost() {
    let all = explored(DiesAsleep { told: 2 });
    assert_eq!(outcomes(&all), ["the victim returned: false", "the victim returned: true"]);
    let failure = explored(DiesAsleep { told: 1 }).failure.expect("one sleeps on");
    assert!(failure.message.contains("everybody is asleep"), "{}", failure.message);
}
