//! An actor that goes on for ever without an access is ended, and where it made its last one is said.

use std::{
    env, fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    process::Command,
    sync::Arc,
    time::Instant,
};

use nix::sys::signal::Signal;
use selvedge::platform::{AtomicWord, Ordering::Relaxed};
use selvedge_models::{
    check,
    engine::{Engine, Plan},
    job::Job,
    model::{Info, Model, Scenario, World},
};

/// One actor waits for what it never looks at again.
#[derive(Clone, Copy)]
struct Deaf;

impl Scenario for Deaf {
    fn info(&self) -> Info {
        Info { name: "test/deaf", ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let word = Arc::new(M::U32::new(0));
        let actor = world.actor("deaf", {
            let word = word.clone();
            move || {
                if word.load(Relaxed) == 0 {
                    loop {
                        std::hint::spin_loop();
                    }
                }
            }
        });
        M::join(world.actor("other", move || word.store(1, Relaxed)));
        M::join(actor);
        String::new()
    }
}

/// Set in the process that is to be ended.
const VICTIM: &str = "SELVEDGE_TEST_DEAF";

#[test]
fn a_plain_test_with_an_endless_loop_is_ended_and_says_where_it_is() {
    if env::var_os(VICTIM).is_some() {
        check(Deaf);
        return;
    }
    let name = "watchdog::a_plain_test_with_an_endless_loop_is_ended_and_says_where_it_is";
    let mut test = Command::new(env::current_exe().expect("this program"));
    let output =
        test.args(["--exact", name, "--nocapture"]).env(VICTIM, "").output().expect("it runs");
    assert_eq!(output.status.signal(), Some(Signal::SIGABRT as i32), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    let expected = "an actor has not touched shared memory for 10 s (an endless loop, or a wait for what \
                    is not shared memory?): its last access was at watchdog.rs:";
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_worker_that_tells_of_a_silent_actor_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let worker = folder.path().join("worker");
    let alive =
        |silent| format!(r#"{{"Alive":{{"executions":5,"seconds":20.0,"silent":{silent}}}}}"#);
    let script = format!(
        "#!/bin/sh\necho '{}'\necho '{}'\nexec sleep 1000\n",
        alive(r#"[9.8,"spsc/P1"]"#),
        alive(r#"[10.0,"spsc/P1"]"#),
    );
    fs::write(&worker, script).expect("a file");
    fs::set_permissions(&worker, fs::Permissions::from_mode(0o700)).expect("our file");
    let plan = Plan::quick(&Info::DEFAULT, Engine::Explorer);
    let job = Job { scenario: "spsc/fifo".into(), plan, mutation: None };
    let (start, mut heard) = (Instant::now(), Vec::new());
    let answer = job.run_in(&worker, |vitals| heard.push(vitals.executions));
    let why = answer.expect_err("no verdict");
    assert!(why.contains("for 10 s") && why.ends_with("at spsc/P1"), "{why}");
    assert_eq!(heard, [5, 5]);
    assert!(start.elapsed().as_secs() < 60, "it was not killed");
}
