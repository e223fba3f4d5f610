//! The sessions of the README, run as written.
#![cfg(target_os = "linux")]

use std::{env, fs, path::Path};

use selvedge_tests::sessions::Session;

#[test]
fn the_readmes_sessions_print_what_they_say() {
    let sessions = Session::all(include_str!("../README.md"));
    assert_eq!(sessions.len(), 3, "sessions are found");
    let tool = Path::new(env!("CARGO_BIN_EXE_selvedge")).parent().expect("a directory");
    let path = format!("{}:{}", tool.display(), env::var("PATH").unwrap_or_default());
    for session in sessions {
        let directory = tempfile::tempdir().unwrap();
        for file in ["a.txt", "b.md", "c.txt"] {
            fs::write(directory.path().join(file), "").unwrap();
        }
        session.run(|shell| {
            shell.current_dir(directory.path()).env("PATH", &path);
        });
    }
}
