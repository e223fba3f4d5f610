//! Separately started programs exchange records, permits and bytes, and lose none.

use std::{
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
};

use selvedge::{
    segment::{Directory, RingConfig, SpscRing, sealed},
    semaphore::{SemaphoreConfig, SharedSemaphore},
};
use selvedge_tests::{Checksum, Children, LIMIT, Name, Tick, heir};

const MILLION: u64 = 1_000_000;
const TEN_MILLION: u64 = 10 * MILLION;

/// One pair of programs at a time: with more of them than cores, every hand-over is a context switch.
static CORES: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    // Another test's failure is no reason not to run.
    CORES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn program(path: &str, args: &[&str]) -> Command {
    let mut command = Command::new(path);
    command.args(args);
    command
}

/// What the programs print after the first `count` ticks.
fn sum_of(count: u64) -> String {
    let mut checksum = Checksum::default();
    (0..count).for_each(|seq| checksum.add(Tick::nth(seq).mix));
    format!("{count} {:#x}", checksum.value())
}

/// Streams `count` ticks between two programs over a named ring.
fn stream(test: &str, config: RingConfig, count: u64) {
    let _alone = alone();
    let name = Name::of(test);
    Directory::shm().create::<SpscRing<Tick>>(&name, config).unwrap();
    let mut children = Children::new();
    let count_arg = count.to_string();
    children.start("produce", &mut program(env!("CARGO_BIN_EXE_produce"), &[&name, &count_arg]));
    children.start("consume", &mut program(env!("CARGO_BIN_EXE_consume"), &[&name]));
    let sum = sum_of(count);
    assert_eq!(children.finish(), [sum.as_str(), &sum]);
}

#[test]
fn ten_million_records() {
    stream("ten_million_records", RingConfig::new(1024), TEN_MILLION);
}

#[test]
fn ten_million_records_through_one_slot() {
    stream("one_slot", RingConfig::new(1), TEN_MILLION);
}

#[test]
fn ten_million_records_while_the_counters_wrap() {
    stream("wrap", RingConfig::new(1024).start_at(u64::MAX - 1), TEN_MILLION);
}

#[test]
fn ten_million_records_through_one_slot_while_the_counters_wrap() {
    stream("wrap_one_slot", RingConfig::new(1).start_at(u64::MAX - 1), TEN_MILLION);
}

/// Two programs pass one permit to and fro.
fn hand_offs(test: &str, count: u64, cores: &str) {
    let _alone = alone();
    let (ping, pong) = (Name::of(&format!("{test}.ping")), Name::of(&format!("{test}.pong")));
    let shm = Directory::shm();
    let free = SemaphoreConfig::binary();
    let ping_semaphore = shm.create::<SharedSemaphore>(&ping, free).unwrap();
    let pong_semaphore = shm.create::<SharedSemaphore>(&pong, free.initially(0)).unwrap();
    let mut children = Children::new();
    let each = (count / 2).to_string();
    for [mine, theirs] in [[&ping, &pong], [&pong, &ping]] {
        let args = [&**mine, theirs, &each, cores];
        children.start("hand_off", &mut program(env!("CARGO_BIN_EXE_hand_off"), &args));
    }
    children.finish();
    assert_eq!(ping_semaphore.state().0, 1, "one permit, no waiter");
    assert_eq!(pong_semaphore.state().0, 0, "no permit, no waiter");
}

#[test]
fn a_million_hand_offs() {
    hand_offs("hand_offs", MILLION, "any");
}

/// On one core every hand-off has to sleep and wake: were wake-ups lost, each would cost a slice of
/// 100 ms, and the test would not end in time.
#[test]
fn a_hundred_thousand_hand_offs_between_sleepers() {
    hand_offs("sleepers", 100_000, "one");
}

#[test]
fn over_a_sealed_memfd() {
    let _alone = alone();
    let count = MILLION;
    let (ring, descriptor) = sealed::create::<SpscRing<Tick>>(RingConfig::new(256)).unwrap();
    let mut command = heir(env!("CARGO_BIN_EXE_consume_descriptor"), descriptor);
    let mut children = Children::new();
    children.start("consume_descriptor", &mut command);

    let mut producer = ring.producer().unwrap();
    for seq in 0..count {
        producer.push_timeout(Tick::nth(seq), LIMIT).unwrap();
    }
    producer.close();
    assert_eq!(children.finish(), [sum_of(count)]);
}

#[test]
fn ten_million_bytes_in_pieces() {
    let _alone = alone();
    let name = Name::of("bytes");
    Directory::shm().create::<SpscRing<u8>>(&name, RingConfig::new(256)).unwrap();
    let mut children = Children::new();
    let count = TEN_MILLION.to_string();
    children.start("send", &mut program(env!("CARGO_BIN_EXE_send_bytes"), &[&name, &count]));
    children.start("receive", &mut program(env!("CARGO_BIN_EXE_receive_bytes"), &[&name]));
    let printed = children.finish();
    let (received, partial) = printed[1].split_once(' ').unwrap();
    assert_eq!(received, count);
    assert_ne!(partial, "0", "pieces longer than what is there are read in part");
}
