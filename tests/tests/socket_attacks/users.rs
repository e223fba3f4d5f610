//! Clients of other users.

use std::{
    fs,
    io::ErrorKind::{PermissionDenied, TimedOut},
    os::unix::fs::PermissionsExt,
    process::Command,
    time::Duration,
};

use nix::{libc, unistd::geteuid};
use selvedge::socket::local::{Connection, Listener, ListenerConfig, Refusal};
use selvedge_tests::{Children, FOR_EVER, begin, confined, hear, sockets::Kind};

use crate::Victim;

/// What the user "nobody" is told.
fn nobody_is_told(victim: &Victim) -> [String; 2] {
    fs::set_permissions(victim.path().parent().unwrap(), fs::Permissions::from_mode(0o755))
        .unwrap();
    let mut children = Children::new();
    let kind = Kind::ours(victim.address().clone());
    let mut command = kind.hand_to(env!("CARGO_BIN_EXE_socket_end"), "try_as_nobody");
    let child = children.start("socket_end", &mut command);
    [hear(child), hear(child)].map(|line| line.replace(victim.path().to_str().unwrap(), "PATH"))
}

#[test]
fn a_user_who_is_not_on_the_list_is_refused_before_there_is_any_memory() {
    if !geteuid().is_root() {
        return;
    }
    let refuse = |command: &mut Command| confined::refuse(command, libc::SYS_memfd_create);
    let mut victim = Victim::with("local", "bytes", "666", refuse);
    let why = "PermissionDenied: PATH: the server does not let this user in";
    assert_eq!(nobody_is_told(&victim), [why, "0"]);
    assert_eq!(victim.tells(), "1 not allowed");
    let error = Connection::to(victim.path(), Some(FOR_EVER)).unwrap_err();
    assert_eq!(Refusal::of(&error), Some(Refusal::Busy), "one that is, if there can be none");
}

#[test]
fn a_user_who_may_not_write_to_the_socket_is_refused_by_the_kernel() {
    if !geteuid().is_root() {
        return;
    }
    let mut victim = Victim::with("local", "bytes", "600", |_| ());
    let why = "PermissionDenied: PATH: Permission denied (os error 13)";
    assert_eq!(nobody_is_told(&victim), [why, "0"]);
    assert_eq!(victim.tells(), "");
}

#[test]
fn a_user_is_refused_who_says_nothing_too_and_hears_why() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let config = ListenerConfig::new().users([geteuid().as_raw() + 1]);
    let mut listener = Listener::with(&path, config).unwrap();
    let clients = begin(move || {
        // Some have said hello before they are looked at, others have not.
        [(); 200].map(|()| {
            let error = Connection::to(&path, Some(FOR_EVER)).unwrap_err();
            (error.kind(), Refusal::of(&error))
        })
    });
    let told = loop {
        match clients.try_recv() {
            Ok(told) => break told,
            Err(_) => {
                let none = listener.accept_within(Some(Duration::from_millis(1)));
                assert_eq!(none.unwrap_err().kind(), TimedOut);
            }
        }
    };
    let refused = (PermissionDenied, Some(Refusal::NotAllowed));
    assert!(told.iter().all(|told| *told == refused), "{told:?}");
    assert_eq!((listener.refused().not_allowed, listener.connections()), (200, 0));
}
