//! Histories: which moments happen-before which, as loom is asked, and what a queue of one step an
//! operation would be refused for.

use std::sync::{Arc, Mutex};

use selvedge::{
    platform::{AtomicWord, Ordering, Owner},
    protocol::mpmc::{Consumer, Producer, Queue, Slot, Slots},
};
use selvedge_models::{
    engine::{self, Engine, Entry, Plan, Verdict},
    model::{Info, Model, Scenario, World},
    recorder::Recorder,
    spec::{
        fifo::{Answer, Op},
        mpmc, spsc,
    },
};

fn on_loom(scenario: impl Scenario) -> Verdict {
    let entry = Entry::of(scenario);
    let plan = Plan { stop_at_forbidden: false, ..Plan::quick(&entry.info, Engine::Loom) };
    engine::run(&entry, &plan, None).expect("it runs")
}

fn outcomes(verdict: &Verdict) -> Vec<&str> {
    assert!(verdict.held(), "{:?}", verdict.failure);
    verdict.outcomes.keys().map(String::as_str).collect()
}

/// An actor leaves a mark and tells another, with these orderings.
#[derive(Clone, Copy)]
struct Told(Ordering, Ordering);

impl Scenario for Told {
    fn info(&self) -> Info {
        Info { name: "test/told", ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let Self(release, acquire) = *self;
        let (mark, told) = (Arc::new(Mutex::new(None)), Arc::new(M::U32::new(0)));
        let (marking, telling) = (mark.clone(), told.clone());
        let teller = world.actor("teller", move || {
            *marking.lock().unwrap() = Some(M::mark());
            telling.store(1, release);
        });
        let asker = world.actor("asker", move || {
            let told = if told.load(acquire) == 1 { "told" } else { "not told" };
            let before = mark.lock().unwrap().as_ref().is_some_and(M::precedes);
            let before = if before { "before" } else { "not before" };
            format!("{told}, {before}")
        });
        M::join(teller);
        M::join(asker)
    }
}

#[test]
fn a_moment_is_before_another_exactly_if_it_happens_before_it() {
    use Ordering::{Acquire, Relaxed, Release};
    let synchronised = on_loom(Told(Release, Acquire));
    assert_eq!(outcomes(&synchronised), ["not told, not before", "told, before"]);
    for (release, acquire) in [(Relaxed, Acquire), (Release, Relaxed)] {
        let verdict = on_loom(Told(release, acquire));
        assert_eq!(outcomes(&verdict), ["not told, not before", "told, not before"]);
    }
}

/// A producer, and another who pops after its own push; one history, held against two specs.
#[derive(Clone, Copy)]
struct TwoSpecs;

impl Scenario for TwoSpecs {
    fn info(&self) -> Info {
        Info { name: "test/two_specs", quick: Some(2), ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let queue: Arc<Queue<M, Slots<M, u32>>> =
            Arc::new(Queue::new([Slot::default(), Slot::default()]));
        let producer = |owner| Producer::attach(queue.clone(), world.ctx(), Owner(owner)).unwrap();
        let (mut first, mut second) = (producer(0), producer(1));
        let mut consumer = Consumer::attach(queue.clone(), world.ctx(), Owner(2)).unwrap();
        let recorder = Recorder::<M, mpmc::Queue>::new(&["first", "second"]);
        let (by_first, by_second) = (recorder.clone(), recorder.clone());
        let pushing = world.actor("first", move || {
            by_first.call(0, Op::Push(1), || {
                first.try_push(1).map_or(Answer::Full, |()| Answer::Pushed)
            });
        });
        let popping = world.actor("second", move || {
            by_second.call(1, Op::Push(2), || {
                second.try_push(2).map_or(Answer::Full, |()| Answer::Pushed)
            });
            by_second.call(1, Op::Pop, || consumer.try_pop().map_or(Answer::Empty, Answer::Popped));
        });
        M::join(pushing);
        M::join(popping);
        recorder.judge(|history| {
            let two_steps = history.linearize(&mpmc::Queue { capacity: 2 });
            assert!(two_steps.is_ok(), "{two_steps:?}");
            let one_step = history.held_against().linearize(&spsc::Ring { capacity: 2 });
            one_step.map_or_else(|why| why.to_string(), |_| "linearizable".into())
        })
    }
}

/// Why the queue's spec has two steps an operation: with one, this execution has no explanation.
#[test]
fn a_queue_of_one_step_an_operation_is_refuted_by_an_explored_execution() {
    let verdict = on_loom(TwoSpecs);
    insta::assert_snapshot!(outcomes(&verdict).join("\n\n"));
}
