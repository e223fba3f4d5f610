//! What the engines must refuse, and that what they find can be found again.

mod choices;
mod loops;
mod watchdog;

use std::{
    cell::Cell,
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use selvedge::platform::{AtomicWord, Ordering::Relaxed};
use selvedge_models::{
    engine::{self, Engine, Entry, Plan, Replay, Verdict},
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

/// Two actors, one of which panics.
#[derive(Clone, Copy)]
struct Panics;

impl Scenario for Panics {
    fn info(&self) -> Info {
        Info { name: "test/panics", ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let one = world.actor("one", || panic!("one has {}", "had enough"));
        M::join(world.actor("other", || ()));
        M::join(one)
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

/// An actor that nobody wakes, with a deadline that no clock ever reaches.
#[derive(Clone, Copy)]
struct SleepsForEver;

impl Scenario for SleepsForEver {
    fn info(&self) -> Info {
        Info { name: "test/sleeps_for_ever", ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (ctx, until, word) = (world.ctx(), world.deadline(), M::U32::new(0));
        let sleeper =
            world.actor("sleeper", move || format!("{:?}", M::wait(&ctx, &word, 0, until)));
        M::join(world.actor("other", || ()));
        M::join(sleeper)
    }
}

/// More actors than the explorer has room for.
#[derive(Clone, Copy)]
struct Crowd;

impl Scenario for Crowd {
    fn info(&self) -> Info {
        Info { name: "test/crowd", ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let actors: Vec<_> = (0..8).map(|_| world.actor("one of many", || ())).collect();
        actors.into_iter().for_each(M::join);
        String::new()
    }
}

/// Something else in each execution.
#[derive(Clone, Copy)]
struct Moody;

thread_local! {
    static MOOD: Cell<u32> = const { Cell::new(0) };
}

impl Scenario for Moody {
    fn info(&self) -> Info {
        Info { name: "test/moody", ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let word = Arc::new(M::U32::new(0));
        MOOD.set(MOOD.get() + 1);
        let writer = world.actor("writer", {
            let word = word.clone();
            move || word.store(MOOD.get(), Relaxed)
        });
        let reader = world.actor("reader", move || word.load(Relaxed));
        M::join(writer);
        M::join(reader).to_string()
    }
}

fn explored(scenario: impl Scenario) -> Verdict {
    let entry = Entry::of(scenario);
    engine::run(&entry, &Plan::quick(&entry.info, Engine::Explorer), None).expect("it runs")
}

fn failure_on(engine: Engine, entry: &Entry, mutation: Option<&Mutation>) -> engine::Failure {
    let plan = Plan {
        stop_at_forbidden: !entry.info.reach.is_empty(),
        ..Plan::quick(&entry.info, engine)
    };
    engine::run(entry, &plan, mutation).expect("it runs").failure.expect("it fails")
}

fn failure(entry: &Entry, mutation: Option<&Mutation>) -> engine::Failure {
    failure_on(Engine::Loom, entry, mutation)
}

#[test]
fn the_explorer_says_what_it_cannot_explore() {
    let message = |entry| failure_on(Engine::Explorer, &entry, None).message;
    assert_eq!(message(Entry::of(Alone)), "a scenario needs two actors: 1 started");
    assert_eq!(message(Entry::of(NeverReached)), "never reached: elsewhere");
    let crowd = message(Entry::of(Crowd));
    assert_eq!(crowd, "too many threads: 8 at most, the main one included");
    let moody = message(Entry::of(Moody));
    assert!(moody.starts_with("the scenario is not deterministic:"), "{moody}");
}

#[test]
fn a_deadline_that_never_comes_hides_no_lost_wake_up() {
    let message = failure_on(Engine::Explorer, &Entry::of(SleepsForEver), None).message;
    assert!(
        message.starts_with("lost wake-up or deadlock: everybody is asleep: sleeper"),
        "{message}"
    );
}

#[test]
fn the_explorer_tells_of_a_lost_wake_up_a_data_race_and_a_death() {
    for (name, scenario, bug) in [
        ("lost_wake_up", "semaphore/mutual_exclusion", Mutation::DropWake("semaphore/R3".into())),
        ("data_race", "spsc/fifo", Mutation::Weaken("spsc/P4".into())),
        ("death", "mpmc/consumer_dies", Mutation::Weaken("mpmc/R2".into())),
    ] {
        let entry = scenario::find(scenario).expect("it exists");
        let found = failure_on(Engine::Explorer, &entry, Some(&bug));
        insta::assert_snapshot!(name, format!("{}\n{}", found.message, found.schedule.join("\n")));
        let token: Replay = found.replay.expect("a token").parse().expect("its own form");
        let again = Job::replaying(&token).expect("a job").run().expect("it runs");
        assert_eq!(again.failure.expect("it fails").schedule, found.schedule);
    }
}

#[test]
fn the_parts_of_a_search_are_the_whole() {
    let entry = scenario::find("mpmc/fifo").expect("it exists");
    let plan = Plan::quick(&entry.info, Engine::Explorer);
    let whole = engine::run(&entry, &plan, None).expect("it runs");
    let parts: Vec<_> = ["1/3", "2/3", "3/3"]
        .map(|shard| Plan { shard: Some(shard.parse().expect("a shard")), ..plan.clone() })
        .map(|plan| engine::run(&entry, &plan, None).expect("it runs"))
        .into();
    let mut sum = BTreeMap::new();
    for (outcome, executions) in parts.iter().flat_map(|part| &part.outcomes) {
        *sum.entry(outcome.clone()).or_insert(0) += executions;
    }
    assert_eq!(sum, whole.outcomes);
    assert!(parts.iter().all(|part| part.executions > whole.executions / 9), "{parts:?}");
}

#[test]
fn a_token_of_a_node_that_there_is_not_is_an_error() {
    let token: Replay = "spsc/fifo@explorer/1#0.99.7".parse().expect("a token");
    let verdict = Job::replaying(&token).expect("a job").run().expect("it runs");
    assert_eq!(verdict.failure.expect("it fails").message, "this search has no execution 0.99.7");
}

#[test]
fn a_scenario_without_a_second_thread_is_an_error() {
    let message = failure(&Entry::of(Alone), None).message;
    assert_eq!(message, "a scenario needs two actors: 1 started");
}

#[test]
fn what_an_actor_panics_with_is_the_failure_and_the_next_search_is_another() {
    for _ in 0..2 {
        for engine in [Engine::Explorer, Engine::Native] {
            let failure = failure_on(engine, &Entry::of(Panics), None);
            assert_eq!(failure.message, "one has had enough", "{engine}");
            assert_eq!(failure.execution, Some(1), "{engine}");
        }
        let verdict = Job::run(&Job {
            scenario: "spsc/fifo".into(),
            plan: Plan::quick(&Info::DEFAULT, Engine::Native),
            mutation: None,
        });
        assert!(verdict.expect("it runs").held());
    }
}

#[test]
fn an_outcome_that_must_be_reached_and_is_not_is_a_failure() {
    let message = failure(&Entry::of(NeverReached), None).message;
    assert_eq!(message, "never reached: elsewhere");
}

/// The model directory relies on it: three turns and three have (6 choose 3) orders.
#[test]
fn turns_are_taken_in_every_order() {
    for engine in [Engine::Explorer, Engine::Loom] {
        let entry = Entry::of(TakesTurns);
        let plan = Plan::quick(&entry.info, engine);
        let plan = Plan { stop_at_forbidden: false, ..plan };
        let verdict = engine::run(&entry, &plan, None).expect("it runs");
        assert_eq!(verdict.outcomes.len(), 20, "{:?}", verdict.outcomes);
        assert!(engine == Engine::Loom || verdict.executions == 20, "{}", verdict.executions);
    }
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
    for text in [
        "",
        "spsc/fifo",
        "spsc/fifo@loom",
        "spsc/fifo@herd#1",
        "spsc/fifo@loom#x",
        "spsc/fifo@explorer#7",
    ] {
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
