//! Two producers and two consumers, four separately started programs, share one queue: each record
//! arrives once, each producer's in order at each consumer.

use std::{fs, process::Command, sync::Mutex};

use selvedge::segment::{Directory, MpmcQueue, RingConfig};
use selvedge_tests::{Children, LIMIT, Labelled, Name};

const PRODUCERS: u64 = 2;
const CONSUMERS: u64 = 2;
const TEN_MILLION: u64 = 10_000_000;

/// One exchange at a time: four programs are more than enough for two cores.
static CORES: Mutex<()> = Mutex::new(());

/// Streams `count` records in all through a named queue.
fn exchange(test: &str, config: RingConfig, count: u64) {
    let _alone = CORES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let name = Name::of(test);
    let queue = Directory::shm().create::<MpmcQueue<Labelled>>(&name, config).unwrap();
    let each = count / PRODUCERS;
    let start = |children: &mut Children, program: &str, rest: &[&str]| {
        children.start(program, Command::new(program).arg(&*name).args(rest));
    };

    let files = tempfile::tempdir().unwrap();
    let file = |consumer: u64| files.path().join(consumer.to_string());
    let mut consumers = Children::new();
    for consumer in 0..CONSUMERS {
        let (path, program) = (file(consumer), env!("CARGO_BIN_EXE_consume_many"));
        let rest = [&*PRODUCERS.to_string(), &*each.to_string(), path.to_str().unwrap()];
        start(&mut consumers, program, &rest);
    }
    let mut producers = Children::new();
    for producer in 0..PRODUCERS {
        let program = env!("CARGO_BIN_EXE_produce_many");
        start(&mut producers, program, &[&producer.to_string(), &each.to_string()]);
    }
    producers.finish();
    let mut end = queue.producer().unwrap();
    (0..CONSUMERS).for_each(|_| end.push_timeout(Labelled::END, LIMIT).unwrap());
    consumers.finish();

    let ticked: Vec<Vec<u8>> = (0..CONSUMERS).map(|n| fs::read(file(n)).unwrap()).collect();
    assert!(ticked.iter().all(|bits| bits.len() as u64 == count / 8));
    for (one, other) in ticked[0].iter().zip(&ticked[1]) {
        // A consumer's numbers grow, so none came to it twice.
        assert_eq!((one & other, one | other), (0, 0xFF), "a record twice, or not at all");
    }
    assert!(ticked.iter().all(|bits| bits.iter().any(|byte| *byte != 0)), "an idle consumer");
}

#[test]
fn ten_million_records() {
    exchange("many", RingConfig::new(1024), TEN_MILLION);
}

#[test]
fn ten_million_records_through_one_slot() {
    exchange("many_one_slot", RingConfig::new(1), TEN_MILLION);
}

#[test]
fn ten_million_records_while_the_positions_wrap() {
    exchange("many_wrap", RingConfig::new(1024).start_at(u64::MAX - 1), TEN_MILLION);
}

#[test]
fn ten_million_records_through_one_slot_while_the_positions_wrap() {
    exchange("many_wrap_one_slot", RingConfig::new(1).start_at(u64::MAX - 1), TEN_MILLION);
}
