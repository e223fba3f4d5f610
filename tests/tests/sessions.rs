//! The sessions of the examples' README, run as written.
#![cfg(target_os = "linux")]

use std::{env, path::Path, process::Command};

use selvedge_tests::sessions::Session;

#[test]
fn the_examples_sessions_print_what_they_say() {
    let sessions = Session::all(include_str!("../../core/examples/README.md"));
    assert_eq!(sessions.len(), 8, "sessions are found");

    // The toolchain that runs this test, from the workspace's root.
    let cargo = Path::new(env!("CARGO")).parent().expect("a directory");
    let path = format!("{}:{}", cargo.display(), env::var("PATH").unwrap_or_default());
    let prepare = |command: &mut Command| {
        command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).env("PATH", &path);
    };

    // Otherwise the terminals would wait for each other to compile.
    let mut build = Command::new("cargo");
    prepare(build.args(["build", "-q", "-p", "selvedge", "--examples"]));
    assert!(build.status().unwrap().success(), "the examples are built");
    for session in sessions {
        session.run(prepare);
    }
}
