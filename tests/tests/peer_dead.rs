//! Whoever waits for a process that is killed learns of it in time. The program `peer_dead` shows the times.

use std::{path::Path, thread};

use selvedge::platform::native::SLEEP_SLICE;
use selvedge_tests::peer_dead::{BOUND, Call};

/// Of each call; they sleep most of the time, so all calls are tested at once.
const DEATHS: u32 = 10;

#[test]
fn a_death_is_known_in_every_blocking_call_within_a_slice_and_the_kernels_time() {
    let program = Path::new(env!("CARGO_BIN_EXE_peer_dead"));
    thread::scope(|scope| {
        for call in Call::ALL {
            scope.spawn(move || {
                let times = call.times(program, DEATHS);
                assert!(times.iter().all(|time| *time <= BOUND), "{call:?}: {times:?}");
                // At the end of a slice it would be half of one.
                let median = times[times.len() / 2];
                assert!(!call.is_told() || median < SLEEP_SLICE / 4, "{call:?}: {times:?}");
            });
        }
    });
}
