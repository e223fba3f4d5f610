//! The sessions of the examples' README, run as written.
#![cfg(target_os = "linux")]

use selvedge_tests::{examples, sessions::Session};

#[test]
fn the_examples_sessions_print_what_they_say() {
    let sessions = Session::all(include_str!("../../core/examples/README.md"));
    assert_eq!(sessions.len(), 11, "sessions are found");

    examples::build();
    for session in sessions {
        session.run(|command| {
            examples::prepare(command);
        });
    }
}
