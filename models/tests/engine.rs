//! What the engines must refuse, and that what they find can be found again.

use std::sync::{Arc, Mutex};

use selvedge_models::{
    engine::{self, Engine, Entry, Plan, Replay},
    job::Job,
    model::{Info, Model, Scenario, World},
    scenario,
    wrap::Mutation,
};

/// One actor only.
#[derive(Clone, Copy)]
struct Alone;

impl Scenario for Alone {
    fn info(&self) -> Info {
        Info { name: "test/alone", reach: &["done"], ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        M::join(world.actor("alone", || "done".to_owned()))
    }
}

/// Two actors, and an outcome that nobody reaches.
#[derive(Clone, Copy)]
struct NeverReached;

impl Scenario for NeverReached {
    fn info(&self) -> Info {
        Info { name: "test/never_reached", reach: &["done", "elsewhere"], ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        M::join(world.actor("one", || ()));
        M::join(world.actor("other", || "done".to_owned()))
    }
}

/// Two actors that take three turns each.
#[derive(Clone, Copy)]
struct TakesTurns;

impl Scenario for TakesTurns {
    fn info(&self) -> Info {
        Info { name: "test/takes_turns", ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let course = Arc::new((M::Turns::default(), Mutex::new(String::new())));
        let actors = ["a", "b"].map(|name| {
            let course = course.clone();
            world.actor(name, move || {
                for _ in 0..3 {
                    M::take_turn(&course.0);
                    course.1.lock().expect("nobody panics").push_str(name);
                }
            })
        });
        actors.into_iter().for_each(M::join);
        course.1.lock().expect("nobody panics").clone()
    }
}

fn failure(entry: &Entry, mutation: Option<&Mutation>) -> engine::Failure {
    let verdict = engine::run(entry, &Plan::quick(&entry.info, Engine::Loom), mutation);
    verdict.expect("it runs").failure.expect("it fails")
}

#[test]
fn a_scenario_without_a_second_thread_is_an_error() {
    let message = failure(&Entry::of(Alone), None).message;
    assert_eq!(message, "a scenario needs two actors: 1 started");
}

#[test]
fn an_outcome_that_must_be_reached_and_is_not_is_a_failure() {
    let message = failure(&Entry::of(NeverReached), None).message;
    assert_eq!(message, "never reached: elsewhere");
}

/// The model directory relies on it: three turns and three have (6 choose 3) orders.
#[test]
fn turns_are_taken_in_every_order() {
    let entry = Entry::of(TakesTurns);
    let plan = Plan::quick(&entry.info, Engine::Loom);
    let plan = Plan { stop_at_forbidden: false, ..plan };
    let verdict = engine::run(&entry, &plan, None).expect("it runs");
    assert_eq!(verdict.outcomes.len(), 20, "{:?}", verdict.outcomes);
}

#[test]
fn a_failure_is_replayed_by_its_token_and_shows_the_same_schedule() {
    let entry = scenario::find("spsc/fifo").expect("it exists");
    let bug = Mutation::Weaken("spsc/P4".into());
    let first = failure(&entry, Some(&bug));
    let token: Replay = first.replay.expect("loom repeats itself").parse().expect("its own form");
    let again =
        Job::replaying(&token).expect("a job").run().expect("it runs").failure.expect("it fails");
    assert_eq!((first.message, &first.schedule), (again.message, &again.schedule));
    insta::assert_snapshot!(first.schedule.join("\n"));
}

#[test]
fn nonsense_is_refused() {
    for text in ["", "spsc/fifo", "spsc/fifo@loom", "spsc/fifo@herd#1", "spsc/fifo@loom#x"] {
        assert!(text.parse::<Replay>().is_err(), "{text}");
    }
    for text in ["", "weaken", "strengthen:spsc/P4"] {
        assert!(text.parse::<Mutation>().is_err(), "{text}");
    }
    let entry = scenario::find("spsc/fifo").expect("it exists");
    let plan = Plan::quick(&entry.info, Engine::Loom);
    let nowhere = Mutation::Weaken("spsc/Z9".into());
    let refused = engine::run(&entry, &plan, Some(&nowhere));
    assert_eq!(refused.expect_err("no such step"), "no access is labelled `spsc/Z9`");
}
