//! Bugs planted on purpose: each must be caught, by the engine that it names. A check that has not
//! been seen to fail shows nothing.

mod copy;

use selvedge::platform::Ordering;
use serde::{Deserialize, Serialize};

pub use copy::{Patched, PatchedCopy, apply, workspace};

use crate::{
    card,
    engine::{Engine, Plan, Verdict},
    job::Job,
    scenario,
    wrap::Mutation,
};

/// A bug, and who must catch it.
#[derive(Clone, Debug)]
pub struct Bug {
    /// Its name: what a wrapper is told, or the patch's file.
    pub name: String,
    /// What is wrong.
    pub what: String,
    /// The scenario in which it shows.
    pub scenario: String,
    /// The engine that must catch it.
    pub engine: Engine,
    /// How it is planted.
    pub how: How,
}

/// How a bug is planted.
#[derive(Clone, Debug)]
pub enum How {
    /// By a wrapper around the engine's platform.
    Wrapper(Mutation),
    /// By a patch, applied to a copy of the sources.
    Patch(&'static str),
}

/// How the hunt for a bug ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hunt {
    /// The bug.
    pub bug: String,
    /// What is wrong in it.
    pub what: String,
    /// The scenario.
    pub scenario: String,
    /// The engine.
    pub engine: Engine,
    /// `wrapper` or `patch`.
    pub planted_by: String,
    /// Was it caught?
    pub caught: bool,
    /// What the engine said, or why there is no verdict.
    pub said: String,
    /// Executions until it was caught.
    pub executions: u64,
    /// Wall-clock time, without building.
    pub seconds: f64,
}

/// Patches by name, each with its text.
macro_rules! patches {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("../bugs/", $name, ".patch")))),*]
    };
}

const PATCHES: &[(&str, &str)] = patches![
    "cells-counted-in-two-steps"
    "event-carry-kept"
    "event-registers-late"
    "event-waiter-kept"
    "event-wakes-elided"
    "latest-writes-what-is-read"
    "mpmc-aba"
    "mpmc-beaten-means-empty"
    "mpmc-buried-in-silence"
    "mpmc-counter-first"
    "mpmc-dead-reader-kept"
    "mpmc-dead-writer-kept"
    "mpmc-freed-in-silence"
    "mpmc-helps-nobody"
    "mpmc-living-taken-for-dead"
    "mpmc-not-swept"
    "mpmc-notify-on-edge"
    "mpmc-publish-early"
    "mpmc-vyukov"
    "mpmc-wake-up-kept"
    "mpmc-wrap-around"
    "mutex-never-taken-over"
    "mutex-not-swept"
    "mutex-one-told"
    "mutex-swept-whole"
    "mutex-torn-called-whole"
    "mutex-torn-state-forgotten"
    "mutex-waiter-kept"
    "mutex-waiters-lost"
    "mutex-wakes-early"
    "naming-attach-unchecked"
    "naming-attach-unused"
    "naming-clean-shares"
    "naming-creates-over"
    "naming-half-made"
    "naming-open-then-lock"
    "naming-takes-over-used"
    "naming-unlink-unlocked"
    "naming-used-too-late"
    "permits-back-twice"
    "permits-never-back"
    "permits-not-swept"
    "permits-released-twice"
    "permits-swept-in-silence"
    "registry-burial-keeps"
    "registry-joiner-keeps"
    "registry-lets-go-early"
    "registry-no-owner-yet"
    "registry-not-swept"
    "semaphore-beaten-means-none"
    "semaphore-no-maximum"
    "semaphore-two-takers"
    "semaphore-waiter-kept"
    "semaphore-wakes-early"
    "signals-raised-in-silence"
    "signals-raised-one-at-a-time"
    "signals-taken-in-two-steps"
    "spsc-close-forgotten"
    "spsc-close-in-silence"
    "spsc-commits-all"
    "spsc-consumes-all"
    "spsc-dead-consumer-unnoticed"
    "spsc-dead-without-a-last-look"
    "spsc-death-unnoticed"
    "spsc-looks-too-late"
    "spsc-never-inherited"
    "spsc-no-last-look"
    "spsc-not-swept"
    "spsc-one-too-many"
    "spsc-publish-early"
    "spsc-swept-in-silence"
    "spsc-two-producers"
    "spsc-wrap-around"
];

/// Every planted bug: both ends of every edge of every card, lost and elided wakes, and the patches.
///
/// # Panics
/// If a patch does not say what it is: the patches are part of the program.
pub fn all() -> Vec<Bug> {
    orderings().chain(wakes()).chain(PATCHES.iter().map(|(name, text)| patch(name, text))).collect()
}

/// Patched bugs, as few copies hold them: one of each protocol at a time, because a scenario runs the code
/// of its own protocol, of `event`, through which others block, and of `registry`, by which they learn of
/// deaths. A bug of those is alone.
pub fn rounds(patched: Vec<Bug>) -> Vec<Vec<Bug>> {
    let mut rounds: Vec<Vec<Bug>> = Vec::new();
    for bug in patched {
        let stays_out = |round: &&mut Vec<Bug>| {
            let shares = |other: &Bug| {
                let protocols = [bug.protocol(), other.protocol()];
                protocols[0] == protocols[1]
                    || ["event", "registry"].iter().any(|shared| protocols.contains(shared))
            };
            !round.iter().any(shares)
        };
        match rounds.iter_mut().find(stays_out) {
            Some(round) => round.push(bug),
            None => rounds.push(vec![bug]),
        }
    }
    rounds
}

/// Both ends of every edge of every card, made relaxed.
pub fn orderings() -> impl Iterator<Item = Bug> {
    card::all().iter().flat_map(|card| {
        card.edges.iter().flat_map(move |edge| {
            let ends = [(&edge.release, Ordering::Release), (&edge.acquire, Ordering::Acquire)];
            ends.map(|(step, order)| {
                let step = format!("{}/{step}", card.protocol);
                let mutation = Mutation::Weaken(step.clone());
                Bug {
                    name: mutation.to_string(),
                    what: format!("{order:?} of {step} becomes Relaxed: no edge {}", edge.name),
                    scenario: edge.scenario.clone(),
                    engine: Engine::Explorer,
                    how: How::Wrapper(mutation),
                }
            })
        })
    })
}

/// Lost and elided wakes, and sleeps that no death ends.
fn wakes() -> impl Iterator<Item = Bug> {
    let drop = |step: &str| Mutation::DropWake(step.into());
    let fewer = |step: &str| Mutation::WakeFewer(step.into());
    let endless = |step: &str| Mutation::Endless(step.into());
    let bugs = [
        (drop("event/N3"), "event/no_lost_wakeup"),
        (fewer("event/N3"), "event/two_waiters"),
        (drop("event/N3"), "spsc/blocking"),
        (drop("event/N3"), "permits/exclusion"),
        (drop("semaphore/R3"), "semaphore/mutual_exclusion"),
        (fewer("semaphore/R3"), "semaphore/two_waiters_one_release"),
        (drop("mutex/U2"), "mutex/exclusion"),
        // Killed between publishing and waking.
        (endless("event/W2"), "event/notifier_dies"),
        (endless("semaphore/W2"), "semaphore/releaser_dies"),
        (endless("mutex/W2"), "mutex/two_deaths"),
        // Killed with a wake-up in hand.
        (endless("event/W2"), "event/waiter_dies"),
        // Killed while others wait for what it holds.
        (endless("event/W2"), "permits/two_deaths"),
        (endless("event/W2"), "spsc/one_death"),
        (endless("event/W2"), "mpmc/consumer_sleeps_beside_the_dead"),
    ];
    bugs.into_iter().map(|(mutation, scenario)| Bug {
        name: mutation.to_string(),
        what: match &mutation {
            Mutation::WakeFewer(step) => format!("{step} wakes one waiter too few"),
            Mutation::Endless(step) => format!("nothing but a wake ends the sleep of {step}"),
            other => format!("the wake of {} is lost", other.step()),
        },
        scenario: scenario.into(),
        engine: Engine::Explorer,
        how: How::Wrapper(mutation),
    })
}

fn patch(name: &str, text: &'static str) -> Bug {
    let field = |key| {
        let found = text.lines().find_map(|line| line.strip_prefix(key));
        found.unwrap_or_else(|| panic!("{name}.patch has no line `{key}`")).trim().to_owned()
    };
    let engine = match field("Engine:").as_str() {
        "explorer" => Engine::Explorer,
        "loom" => Engine::Loom,
        "shuttle" => Engine::Shuttle,
        other => panic!("{name}.patch names the engine `{other}`"),
    };
    Bug {
        name: name.into(),
        what: field("Bug:"),
        scenario: field("Scenario:"),
        engine,
        how: How::Patch(text),
    }
}

impl Bug {
    /// The protocol that it is in, with which the name of a patch begins.
    fn protocol(&self) -> &str {
        self.name.split('-').next().unwrap_or(&self.name)
    }

    /// Its patch, if it is planted by one.
    pub fn patch(&self) -> Option<&'static str> {
        match self.how {
            How::Patch(patch) => Some(patch),
            How::Wrapper(_) => None,
        }
    }

    /// The job that must catch it; a patched bug's is run by its own copy of the program.
    ///
    /// # Errors
    /// If there is no such scenario.
    pub fn job(&self) -> Result<Job, String> {
        let entry = scenario::find(&self.scenario)?;
        let mutation = match &self.how {
            How::Wrapper(mutation) => Some(mutation.to_string()),
            How::Patch(_) => None,
        };
        let plan = Plan::quick(&entry.info, self.engine);
        Ok(Job { scenario: self.scenario.clone(), plan, mutation })
    }

    /// Judges the verdict of its job.
    pub fn judge(&self, verdict: Result<Verdict, String>) -> Hunt {
        let (caught, said, executions, seconds) = match verdict {
            Err(why) => (false, why, 0, 0.0),
            Ok(Verdict { failure: None, executions, seconds, .. }) => {
                (false, "held: the bug was not seen".into(), executions, seconds)
            }
            Ok(Verdict { failure: Some(failure), executions, seconds, .. }) => {
                (true, failure.message, executions, seconds)
            }
        };
        Hunt {
            bug: self.name.clone(),
            what: self.what.clone(),
            scenario: self.scenario.clone(),
            engine: self.engine,
            planted_by: match self.how {
                How::Wrapper(_) => "wrapper",
                How::Patch(_) => "patch",
            }
            .into(),
            caught,
            said,
            executions,
            seconds,
        }
    }
}
