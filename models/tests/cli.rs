//! `cargo verify` as a user meets it: exit codes and messages.

use std::{
    process::{Command, Output, Stdio},
    thread::sleep,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

fn verify(arguments: &[&str], variable: Option<(&str, &str)>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge-verify"));
    command.args(arguments).envs(variable);
    command.output().expect("the program starts")
}

fn refused(arguments: &[&str], variable: Option<(&str, &str)>) -> String {
    let output = verify(arguments, variable);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn what_cannot_be_run_as_asked_is_exit_code_2_and_says_why() {
    let nothing = refused(&["--only", "nonsense"], None);
    assert_eq!(nothing, "cargo verify: nothing matches nonsense; --list says what there is\n");
    let one = &["--only", "spsc/one_producer"][..];
    let cut = refused(one, Some(("LOOM_MAX_PREEMPTIONS", "1")));
    assert!(cut.contains("unset LOOM_MAX_PREEMPTIONS"), "{cut}");
    refused(&["--engine", "herd"], None);
    refused(&["replay", "nonsense"], None);
    refused(&["--shard", "3/2"], None);
    refused(&["--complete", "--deep"], None);
    let sampled = refused(&["--complete", "--engine", "native"], None);
    assert_eq!(sampled, "cargo verify: runs on the machine are never complete\n");
    let unreadable = refused(&["merge", "/nonexistent"], None);
    assert!(unreadable.starts_with("cargo verify: /nonexistent: No such file"), "{unreadable}");
    refused(&["replay", "spsc/nonsense@loom#1"], None);
}

#[test]
fn the_list_names_scenarios_claims_and_bugs() {
    let output = verify(&["--list"], None);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    for name in ["spsc/fifo", "SEM-3", "weaken:event/N1", "spsc-wrap-around", "litmus/SB"] {
        assert!(text.contains(name), "{name}");
    }
}

#[test]
fn a_litmus_test_is_explored_under_both_models() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/litmus/SB.litmus");
    let output = verify(&["litmus", "--json", file], None);
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let rc11 = r#""rc11":{"executions":4,"exists":true,"race":false}"#;
    let sc = r#""sc":{"executions":3,"exists":false,"race":false}"#;
    assert_eq!(text, format!("{{\"name\":\"SB\",{rc11},{sc}}}\n"));
    let unreadable = refused(&["litmus", "/nonexistent"], None);
    assert!(unreadable.starts_with("cargo verify: /nonexistent: No such file"), "{unreadable}");
    let no_program = refused(&["litmus", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")], None);
    assert!(no_program.contains("Cargo.toml: 1:1: expected"), "{no_program}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_litmus_test_is_run_on_the_machine_unless_it_may_race() {
    let text = |arguments: &[&str], file| {
        let file = format!("{}/litmus/{file}.litmus", env!("CARGO_MANIFEST_DIR"));
        let output = verify(&[&["litmus", "--native", "200"], arguments, &[&file]].concat(), None);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    assert!(text(&[], "casdep").contains("  native: 200 runs, "));
    let json = text(&["--json"], "casdep");
    assert!(json.contains(r#""native":{"runs":200,"allowed":2,"reached":"#), "{json}");
    let plain = text(&[], "plain/MP+rels+acqf+na");
    assert!(plain.ends_with("  native: not run, its plain accesses may race\n"), "{plain}");
    refused(&["litmus", "--native", "0", "SB.litmus"], None);
}

#[test]
fn a_planted_bug_is_exit_code_1_and_shows_its_schedule() {
    let output = verify(&["replay", "spsc/fifo@loom#2!weaken:spsc/P4"], None);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.contains("spsc/P4 store rlx 1"), "{text}");
}

#[test]
fn engines_are_compared_without_bounds_but_for_the_time() {
    let output = verify(&["--complete", "--only", "spsc/three_each", "--within", "2"], None);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let bound = |engine| {
        let row =
            text.lines().find(|line| line.contains("spsc/three_each") && line.contains(engine));
        row.unwrap_or_else(|| panic!("no {engine}: {text}")).trim_end().rsplit("   ").next()
    };
    assert_eq!((bound("explorer"), bound("loom")), (Some("complete"), Some("cut after 2 s")));
    assert!(text.contains("ALL HELD: 3 searches of 1 scenarios"), "{text}");
}

#[test]
fn ctrl_c_ends_the_searches_with_what_they_have_seen() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_selvedge-verify"));
    command.args(["--engine", "loom", "--deep", "--only", "semaphore/hand_over_of_two"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    // Calibration comes first, and takes longer than this.
    sleep(Duration::from_secs(2));
    let pid = Pid::from_raw(child.id().try_into().expect("a pid"));
    kill(pid, Signal::SIGINT).expect("it runs");
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output.status.code(), Some(130), "{text}");
    assert!(text.contains("INTERRUPTED, the rest is missing"), "{text}");
}
