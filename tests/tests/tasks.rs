//! The example of tasks: hundreds of connections in one thread, as seen from outside.
#![cfg(target_os = "linux")]

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use nix::unistd::{SysconfVar, sysconf};
use selvedge::platform::native::SLEEP_SLICE;
use selvedge_tests::{A_WHILE, Children, FOR_EVER, examples, hear};

/// How many descriptors a process has open.
fn descriptors(process: u32) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).unwrap().count()
}

/// The processor's time that a process has taken.
fn processor_time(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // Behind the program's name: utime and stime.
    let fields = stat.rsplit_once(')').unwrap().1.split_whitespace();
    let ticks: u32 = fields.skip(11).take(2).map(|field| field.parse::<u32>().unwrap()).sum();
    let second = sysconf(SysconfVar::CLK_TCK).unwrap().unwrap();
    Duration::from_secs(1) * ticks / second as u32
}

/// How long it takes until a process has so many descriptors.
fn until(process: u32, count: usize) -> Duration {
    let start = Instant::now();
    while descriptors(process) != count {
        let open = descriptors(process);
        assert!(start.elapsed() < FOR_EVER, "{open} descriptors are open, not {count}");
        thread::sleep(Duration::from_millis(1));
    }
    start.elapsed()
}

#[test]
fn two_hundred_connections_take_no_time_while_nothing_comes_and_end_with_their_client() {
    const CONNECTIONS: usize = 200;
    /// Descriptors: two memfds, the lifeline, and a bell for each end.
    const EACH: usize = 5;
    let directory = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut children = Children::new();
    let server =
        examples::start(&mut children, directory.path(), "tasks", "serve local://echo").id();
    let mut ends = Vec::new();
    for round in 0..9 {
        let mut children = Children::new();
        let client = format!("ping local://echo --connections {CONNECTIONS} --then stay");
        let client = examples::start(&mut children, directory.path(), "tasks", &client);
        assert_eq!(hear(client), "200 connections are answered");
        let open = descriptors(server);
        if round == 0 {
            thread::sleep(A_WHILE);
            let before = processor_time(server);
            thread::sleep(Duration::from_secs(1));
            let took = processor_time(server) - before;
            assert!(took < Duration::from_millis(50), "{took:?} of a second, to wait for nothing");
        }
        client.kill().unwrap();
        ends.push(until(server, open - CONNECTIONS * EACH));
    }
    ends.sort();
    // At the ends of slices it would be more than that, in the middle.
    assert!(ends[ends.len() / 2] < SLEEP_SLICE / 2, "{ends:?}");
}
