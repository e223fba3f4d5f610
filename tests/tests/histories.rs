//! What separately started programs did to one object, stamped by one clock, is linearizable. On this
//! clock every return is ordered with every call, so all refusals are held against one order.

use std::{fs, process::Command, sync::Mutex};

use selvedge::{
    segment::{Directory, MpmcQueue, Object, RingConfig, SpscRing},
    semaphore::{SemaphoreConfig, SharedSemaphore},
};
use selvedge_models::spec::{
    Calls, History, Spec,
    fifo::{Answer, Op},
    mpmc::Queue,
    semaphore::{self, Semaphore},
    spsc::Ring,
};
use selvedge_tests::{Children, Clock, Name};
use serde::de::DeserializeOwned;

/// Calls of each program.
const CALLS: u64 = 1500;

/// One history at a time: the programs are more than enough for two cores.
static CORES: Mutex<()> = Mutex::new(());

type Actors<S> = Vec<(&'static str, Calls<S>)>;

/// Starts a program for each part, then one for the rest, all on an object of this configuration.
fn record<S, O>(
    test: &str,
    config: O::Config,
    parts: &[&'static str],
    rest: &[&'static str],
) -> Actors<S>
where
    S: Spec<Op: DeserializeOwned, Answer: DeserializeOwned>,
    O: Object + ?Sized,
{
    let _alone = CORES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (name, clock) = (Name::of(test), Name::of(&format!("{test}.clock")));
    let shm = Directory::shm();
    shm.create::<O>(&name, config).unwrap();
    shm.create::<Clock>(&clock, ()).unwrap();
    let files = tempfile::tempdir().unwrap();
    let mut actors = Vec::new();
    for stage in [parts, rest] {
        let mut children = Children::new();
        let first = actors.len();
        for (part, actor) in stage.iter().zip(first..) {
            let file = files.path().join(actor.to_string());
            let [actor, together, calls] =
                [actor as u64, stage.len() as u64, CALLS].map(|n| n.to_string());
            let args = [part, &*name, &clock, &actor, &together, &calls, file.to_str().unwrap()];
            let program = env!("CARGO_BIN_EXE_record_history");
            children.start(part, Command::new(program).args(args));
            actors.push((*part, file));
        }
        children.finish();
    }
    let read = |(part, file)| (part, serde_json::from_slice(&fs::read(file).unwrap()).unwrap());
    actors.into_iter().map(read).collect()
}

/// Is it linearizable? It must be long enough, and its operations must have overlapped.
fn holds<S: Spec>(spec: &S, actors: &Actors<S>) {
    let total: usize = actors.iter().map(|(_, calls)| calls.len()).sum();
    assert!(total as u64 >= 2 * CALLS);
    // Alone, an operation begins at one moment and ends at the next.
    let overlapping = actors.iter().flat_map(|(_, calls)| calls).filter(|c| c.end > c.start + 1);
    assert!(overlapping.count() > 10, "the programs ran one after the other");
    if let Err(why) = History::<S>::stamped(actors).linearize(spec) {
        panic!("{why}");
    }
}

/// Is it refused?
fn breaks<S: Spec>(spec: &S, actors: &Actors<S>) {
    assert!(History::<S>::stamped(actors).linearize(spec).is_err(), "a spoilt history is accepted");
}

/// Two records of one producer that one consumer popped one after the other, and one was popped after
/// both: the places of the pops.
fn two_pops(calls: &Calls<Queue>) -> Option<(usize, usize)> {
    let pops: Vec<(usize, u32)> = (calls.iter().enumerate())
        .filter_map(|(n, call)| match call.answer {
            Answer::Popped(record) => Some((n, record)),
            _ => None,
        })
        .collect();
    let same = |pair: &&[(usize, u32)]| pair[0].1 >> 24 == pair[1].1 >> 24;
    pops.windows(2).find(same).map(|pair| (pair[0].0, pair[1].0))
}

/// Two answers exchanged, a record that comes twice, and one that never comes.
fn spoilt_ones_break<S: Spec<Op = Op, Answer = Answer>>(spec: &S, actors: &Actors<S>) {
    let popper = actors.iter().position(|(_, calls)| two_pops(calls).is_some()).unwrap();
    let (one, other) = two_pops(&actors[popper].1).unwrap();
    let spoil = |spoil: &dyn Fn(&mut Calls<S>)| {
        let mut actors = actors.clone();
        spoil(&mut actors[popper].1);
        breaks(spec, &actors);
    };
    spoil(&|calls| {
        (calls[one].answer, calls[other].answer) = (calls[other].answer, calls[one].answer)
    });
    spoil(&|calls| calls[other].answer = calls[one].answer);
    spoil(&|calls| calls[one].answer = Answer::Empty);
}

#[test]
fn of_a_ring() {
    for capacity in [1, 2, 8] {
        for start in [0, u64::MAX - 1] {
            let config = RingConfig::new(capacity).start_at(start);
            let parts = ["producer", "consumer"];
            let actors = record::<Ring, SpscRing<u32>>("ring_history", config, &parts, &[]);
            let spec = Ring { capacity: capacity as usize };
            holds(&spec, &actors);
            spoilt_ones_break(&spec, &actors);
        }
    }
}

#[test]
fn of_a_queue() {
    for capacity in [1, 2, 8] {
        for start in [0, u64::MAX - 1] {
            let config = RingConfig::new(capacity).start_at(start);
            let (parts, rest) = (["queue"; 4], ["queue-rest"]);
            let actors = record::<Queue, MpmcQueue<u32>>("queue_history", config, &parts, &rest);
            let spec = Queue { capacity: capacity as usize };
            holds(&spec, &actors);
            spoilt_ones_break(&spec, &actors);
        }
    }
}

#[test]
fn of_a_semaphore() {
    for max in [1, 2, 8] {
        let config = SemaphoreConfig::counting(max);
        let (parts, rest) = (["semaphore"; 4], ["semaphore-rest"]);
        let mut actors =
            record::<Semaphore, SharedSemaphore>("semaphore_history", config, &parts, &rest);
        let spec = Semaphore { permits: max, max };
        holds(&spec, &actors);
        // With a permit that was never taken there is one too many in the end.
        let taken = |calls: &Calls<Semaphore>| {
            calls.iter().rposition(|call| call.answer == semaphore::Answer::Acquired)
        };
        let rest = &mut actors.last_mut().unwrap().1;
        if let Some(last) = taken(rest) {
            rest[last].answer = semaphore::Answer::NoPermit;
            breaks(&spec, &actors);
        }
    }
}
