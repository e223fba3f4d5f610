//! Where local servers listen: a socket's file, and its lock.

use std::{
    fs::{self, File, Permissions},
    io::ErrorKind::{AddrInUse, InvalidInput, NotFound, PermissionDenied, TimedOut},
    os::unix::{
        fs::{PermissionsExt, symlink},
        net::{UnixDatagram, UnixListener},
    },
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Duration,
};

use nix::{
    time::{ClockId, clock_gettime},
    unistd::geteuid,
};
use selvedge::socket::{
    Address,
    local::{Connection, Listener, ListenerConfig},
};
use selvedge_tests::{
    Children, FOR_EVER, begin,
    handshake::{half_open, hello},
    hear, receive_packet, send_packet,
    sockets::Kind,
};
use tempfile::TempDir;

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    (directory, path)
}

fn names(directory: &TempDir) -> Vec<String> {
    let files = fs::read_dir(directory.path()).unwrap();
    let mut names: Vec<_> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn program(path: &Path, deed: &str) -> Command {
    Kind::ours(Address::Local(path.into())).hand_to(env!("CARGO_BIN_EXE_socket_end"), deed)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_listener_takes_the_place_of_one_that_was_killed_and_leaves_nothing_behind() {
    let (directory, path) = place();
    for _ in 0..3 {
        let mut children = Children::new();
        let child = children.start("listen", &mut program(&path, "listen"));
        assert_eq!(hear(child), "done");
        assert_eq!(Listener::at(&path).unwrap_err().kind(), AddrInUse);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(names(&directory), ["socket", "socket.lock"]);
    }
    let mut listener = Listener::at(&path).unwrap();
    let client = begin({
        let path = path.clone();
        move || Connection::to(&path, Some(FOR_EVER)).map(drop)
    });
    listener.accept_within(Some(FOR_EVER)).unwrap();
    client.recv_timeout(FOR_EVER).unwrap().unwrap();
    drop(listener);
    assert_eq!(names(&directory), [""; 0]);
}

#[test]
fn of_those_who_race_for_a_path_one_listens_at_a_time() {
    const RACERS: usize = 4;
    let (directory, path) = place();
    for _ in 0..200 {
        let won = thread::scope(|scope| {
            let racers = [(); RACERS].map(|()| scope.spawn(|| Listener::at(&path)));
            racers.map(|racer| racer.join().unwrap())
        });
        // They are here all at once: none had gone before another came.
        let listen = won.iter().filter(|won| won.is_ok()).count();
        assert_eq!(listen, 1, "{won:?}");
        for error in won.iter().filter_map(|won| won.as_ref().err()) {
            assert_eq!(error.kind(), AddrInUse, "{error}");
        }
        half_open(&path).unwrap();
    }
    // They also leave while others come.
    thread::scope(|scope| {
        for _ in 0..RACERS {
            scope.spawn(|| {
                for _ in 0..200 {
                    match Listener::at(&path) {
                        Ok(_listener) => drop(half_open(&path).expect("it is there")),
                        Err(error) => assert_eq!(error.kind(), AddrInUse, "{error}"),
                    }
                }
            });
        }
    });
    assert_eq!(names(&directory), [""; 0]);
}

#[test]
fn what_is_anothers_is_not_touched() {
    let (directory, path) = place();
    let refused = |how: &str| {
        let error = Listener::at(&path).unwrap_err();
        assert_eq!(error.kind(), AddrInUse, "{how}");
        let shown = error.to_string();
        assert!(shown.starts_with(&format!("{}: ", path.display())), "{shown}");
        assert_eq!(names(&directory), ["socket"], "{how}");
        shown.replace(path.to_str().unwrap(), "PATH")
    };

    let stream = UnixListener::bind(&path).unwrap();
    assert_eq!(refused("a server of streams"), "PATH: somebody listens there");
    drop(stream);
    fs::remove_file(&path).unwrap();

    let datagrams = UnixDatagram::bind(&path).unwrap();
    assert_eq!(refused("a receiver of datagrams"), "PATH: somebody listens there");
    drop(datagrams);
    fs::remove_file(&path).unwrap();

    fs::write(&path, "mine").unwrap();
    assert_eq!(refused("a file"), "PATH: it is another kind of file");
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    fs::remove_file(&path).unwrap();

    symlink("/dev/null", &path).unwrap();
    assert_eq!(refused("a link"), "PATH: it is another kind of file");
    fs::remove_file(&path).unwrap();

    let (_elsewhere, target) = place();
    File::create(&target).unwrap();
    symlink(&target, path.with_added_extension("lock")).unwrap();
    assert!(Listener::at(&path).is_err(), "its lock is a link");
    assert_eq!(names(&directory), ["socket.lock"]);
}

#[test]
fn the_mode_is_what_was_asked_for_whatever_the_umask() {
    for umask in ["0", "777"] {
        let (_directory, path) = place();
        let mut children = Children::new();
        let mut command = Command::new("sh");
        let script = format!("umask {umask}; exec \"$@\"");
        command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_socket_server")]);
        command.args([&format!("local://{}", path.display()), "bytes", "640"]);
        hear(children.talk_to("socket_server", &mut command));
        assert_eq!(mode(&path), 0o640, "under umask {umask}");
    }
    let (_directory, path) = place();
    let _listener = Listener::at(&path).unwrap();
    assert_eq!([mode(&path), mode(&path.with_added_extension("lock"))], [0o600; 2]);
}

#[test]
fn a_path_where_nobody_can_listen_is_an_error_that_names_it() {
    let (directory, path) = place();
    let refused = |path: &Path| {
        let errors = [Listener::at(path).map(drop), Connection::to(path, Some(FOR_EVER)).map(drop)];
        errors.map(|error| {
            let error = error.unwrap_err();
            let shown = path.to_str().unwrap();
            assert!(error.to_string().starts_with(shown), "{error}");
            (error.kind(), error.to_string()[shown.len() + 2..].to_owned())
        })
    };
    let long = directory.path().join("x".repeat(200));
    assert_eq!(refused(&long).map(|(_, why)| why), ["File name too long (os error 36)"; 2]);
    let missing = directory.path().join("missing/socket");
    assert_eq!(refused(&missing).map(|(kind, _)| kind), [NotFound; 2]);
    let config = ListenerConfig::new().capacity(3, 64);
    assert_eq!(Listener::with(&path, config).unwrap_err().kind(), InvalidInput);
    if !geteuid().is_root() {
        fs::set_permissions(directory.path(), Permissions::from_mode(0o500)).unwrap();
        assert_eq!(Listener::at(&path).unwrap_err().kind(), PermissionDenied);
    }
    assert_eq!(names(&directory), [""; 0]);
}

/// The time that this thread has had of a processor.
fn processor() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap().into()
}

#[test]
fn a_listener_sleeps_while_its_connections_do_what_they_like() {
    let (_directory, path) = place();
    let mut listener = Listener::at(&path).unwrap();
    let mut accept = |within| listener.accept_within(Some(within));
    let early = half_open(&path).unwrap();
    assert_eq!(accept(Duration::from_millis(1)).unwrap_err().kind(), TimedOut);
    // It has been waited for; from now on it is nobody's but the connection's.
    send_packet(&early, &hello(1, 0), &[]).unwrap();
    let connection = accept(FOR_EVER).unwrap();
    receive_packet(&early).unwrap();
    send_packet(&early, b"more, on the lifeline", &[]).unwrap();
    drop(early);
    let before = processor();
    assert_eq!(accept(Duration::from_millis(300)).unwrap_err().kind(), TimedOut);
    let took = processor() - before;
    assert!(took < Duration::from_millis(50), "{took:?} of a processor");
    drop(connection);
}

#[test]
fn a_client_that_is_killed_before_it_is_let_in_leaves_nothing_behind() {
    let (_directory, path) = place();
    let mut listener = Listener::at(&path).unwrap();
    for deed in ["half_open", "hello"] {
        let mut children = Children::new();
        let child = children.start("socket_end", &mut program(&path, deed));
        assert_eq!(hear(child), "done");
        if deed == "half_open" {
            let waiting = listener.accept_within(Some(Duration::from_millis(10)));
            assert_eq!(waiting.unwrap_err().kind(), TimedOut);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let none = listener.accept_within(Some(Duration::from_millis(200)));
        assert_eq!(none.map_err(|error| error.kind()).map(drop), Err(TimedOut), "{deed}");
    }
    assert_eq!((listener.refused().silent, listener.connections()), (2, 0));
}
