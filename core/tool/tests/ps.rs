//! `selvedge ps`: what processes hold that has no name.
#![cfg(target_os = "linux")]

use std::{
    fmt::Debug,
    fs::{self, File},
    io::Write,
    os::{
        fd::{AsRawFd, OwnedFd},
        unix::{fs::symlink, process::CommandExt},
    },
    process::{self, Child, Command, Output},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::memfd::{MFdFlags, memfd_create},
    unistd::geteuid,
};
use selvedge::{
    pipe::Pipe,
    platform::{Owner, native::NativeCtx},
    protocol::spsc::{Consumer, Producer},
    segment::{Directory, HEADER_SIZE, RingConfig, SpscRing, sealed},
    semaphore::{SemaphoreConfig, SharedSemaphore},
    signal::{Set, Signals},
    socket::local::{Connection, Listener},
};
use selvedge_tests::{Children, FOR_EVER, begin, bequeath, hear};
use serde_json::{Value, from_slice, json};

const TOOL: &str = env!("CARGO_BIN_EXE_selvedge");

/// Starts a program called `client`, which holds these descriptors, and returns once it does.
fn client<'a>(children: &'a mut Children, descriptors: &[&OwnedFd]) -> &'a mut Child {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("client");
    symlink("/bin/sh", &path).unwrap();
    let mut command = Command::new(path);
    command.arg0("sh").args(["-c", "echo here; read _"]);
    for descriptor in descriptors {
        bequeath(&mut command, descriptor);
    }
    let child = children.talk_to("client", &mut command);
    hear(child);
    child
}

/// The pid of another client.
fn another(children: &mut Children, descriptors: &[&OwnedFd]) -> u32 {
    client(children, descriptors).id()
}

fn ps(pid: u32) -> Command {
    let mut command = Command::new(TOOL);
    command.args(["ps", &pid.to_string()]);
    command
}

fn run(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output
}

fn found(pid: u32) -> Vec<Value> {
    let mut command = ps(pid);
    command.arg("--json");
    from_slice(&run(command).stdout).unwrap()
}

/// What a process holds: of each thing its kind, or why it is none, and who else holds it.
fn held_by(pid: u32) -> Vec<(String, Vec<u64>)> {
    let row = |row: &Value| {
        let kind = row.get("kind").unwrap_or(&row["error"]).as_str().unwrap().to_owned();
        let processes = row.get("pipes").map_or(row, |pipes| &pipes[0])["processes"].as_array();
        let pids = processes.unwrap().iter().map(|process| process["pid"].as_u64().unwrap());
        (kind, pids.filter(|other| *other != u64::from(pid)).collect())
    };
    found(pid).iter().map(row).collect()
}

/// Who writes into each pipe of a connection that a process holds, and how many bytes wait there.
fn ways(pid: u32) -> Vec<Value> {
    let way = |pipe: &Value| json!([pipe["from"], pipe["state"]["records"]]);
    found(pid).iter().filter_map(|row| row["pipes"].as_array()).flatten().map(way).collect()
}

/// What is found in the end is this: a program that is being started, by a test beside, holds for a moment what this
/// process does.
fn eventually<T: PartialEq + Debug>(expected: &T, find: impl Fn() -> T) {
    let start = Instant::now();
    loop {
        let found = find();
        if found == *expected || start.elapsed() > FOR_EVER {
            return assert_eq!(found, *expected);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// A memfd with anything in it.
fn memfd(name: &str, bytes: &[u8]) -> OwnedFd {
    let mut file = File::from(memfd_create(name, MFdFlags::MFD_CLOEXEC).unwrap());
    file.write_all(bytes).unwrap();
    file.into()
}

/// The bytes of an anonymous pipe.
fn pipe() -> Vec<u8> {
    let (_, descriptor) = Pipe::anonymous(4096).unwrap();
    fs::read(format!("/proc/self/fd/{}", descriptor.as_raw_fd())).unwrap()
}

/// The memfds of this process's connections.
fn memfds() -> Vec<OwnedFd> {
    let links = fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().path());
    let ours = links.filter(|link| {
        fs::read_link(link).is_ok_and(|file| file.to_string_lossy().contains("connection"))
    });
    let mut options = File::options();
    ours.map(|link| options.read(true).write(true).open(link).unwrap().into()).collect()
}

#[test]
fn connections_of_the_same_two_processes_are_told_apart_and_their_ways_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let mut listener = Listener::at(&path).unwrap();
    let mut connections = ["a", "four"].map(|words| {
        thread::scope(|scope| {
            let client = scope.spawn(|| Connection::to(&path, None).unwrap());
            let mut server = listener.accept_within(Some(FOR_EVER)).unwrap();
            server.write_all(words.as_bytes()).unwrap();
            [server, client.join().unwrap()]
        })
    });
    connections[1][1].write_all(b"to the server").unwrap();
    let memfds = memfds();
    let mut children = Children::new();
    // It stands for the client, whose end this process has.
    let client = another(&mut children, &memfds.iter().collect::<Vec<_>>());
    let server = process::id();
    let expected = [(server, 1), (client, 0), (server, 4), (client, 13)];
    eventually(&expected.map(|way| json!(way)).to_vec(), || ways(client));
}

#[test]
fn the_readme_shows_what_ps_prints_of_a_connection_signals_and_the_foreign() {
    fs::write("/proc/self/comm", "server").unwrap();
    let (back, here) = Pipe::anonymous(4096).unwrap();
    let (forth, there) = Pipe::anonymous(4096).unwrap();
    let (mut writer, _reader) = (forth.writer().unwrap(), back.reader().unwrap());
    writer.write_all(b"twelve bytes").unwrap();
    let (signals, raised) = Signals::anonymous().unwrap();
    signals.raise(Set::of(3).and(Set::of(5)));
    let text = "no segment, but more than a header has bytes ".repeat(3);
    let notes = memfd("selvedge", text.as_bytes());
    let _alone = sealed::create::<SharedSemaphore>(SemaphoreConfig::binary()).unwrap();
    let mut children = Children::new();
    let client = another(&mut children, &[&here, &there, &raised, &notes]);
    drop(notes);

    let printed = || {
        let printed = String::from_utf8(run(ps(client)).stdout).unwrap();
        let lines = printed.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        let lines = lines.replace(&format!("server {}", process::id()), "server 4711");
        lines.replace(&format!("client {client}"), "client 4712")
    };
    let blocks: Vec<_> = include_str!("../README.md").split("```").collect();
    let shown = blocks.iter().find_map(|block| block.strip_prefix("text\n KIND")).unwrap();
    eventually(&format!(" KIND{}", shown.trim_end()), printed);
    eventually(&vec![json!([process::id(), 12]), json!([client, 0])], || ways(client));
}

#[test]
fn what_is_no_segment_is_shown_as_what_it_is() {
    let whole = pipe();
    let mut other = whole.clone();
    other[8] = 99;
    let memfds = [
        memfd("selvedge", &[]),
        memfd("selvedge.short", &whole[..HEADER_SIZE - 1]),
        memfd("selvedge.half", &whole[..whole.len() / 2]),
        memfd("selvedge", &[0; HEADER_SIZE]),
        memfd("selvedge", &other),
        memfd("selvedges", &whole),
        memfd("another", &whole),
    ];
    let mut children = Children::new();
    let client = another(&mut children, &memfds.each_ref());
    drop(memfds);

    let mut expected = [
        "the file has 0 bytes, less than a header of 128: not a segment",
        "the file has 127 bytes, less than a header of 128: not a segment",
        "the file has 2432 bytes, the segment 4864: it was truncated or extended",
        "the segment was never initialised: its first word is zero",
        "the segment has layout version 99, this program 2: rebuild the older",
    ];
    expected.sort_unstable();
    eventually(&expected.map(|why| (why.to_owned(), vec![])).to_vec(), || {
        let mut found = held_by(client);
        found.sort_unstable();
        found
    });
}

#[test]
fn words_that_nobody_would_write_are_shown_as_they_are() {
    let mut whole = pipe();
    whole[HEADER_SIZE..].fill(0xff);
    let memfds = [memfd("selvedge", &whole), memfd("selvedge", &whole)];
    let mut children = Children::new();
    let [one, other] = [(); 2].map(|()| another(&mut children, &memfds.each_ref()));
    drop(memfds);
    let connection = vec![("connection".into(), vec![other.into()])];
    eventually(&connection, || held_by(one));
    let printed = String::from_utf8(run(ps(one)).stdout).unwrap();
    assert!(printed.contains(&(4 * u64::from(u32::MAX)).to_string()), "{printed}");
}

#[test]
fn what_a_process_calls_itself_is_nothing_that_a_terminal_obeys() {
    let (_pipe, descriptor) = Pipe::anonymous(4096).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", r"printf '\033[2J\nring' > /proc/self/comm; echo here; read _"]);
    bequeath(&mut command, &descriptor);
    let mut children = Children::new();
    let child = children.talk_to("the shell", &mut command);
    hear(child);
    let printed = String::from_utf8(run(ps(child.id())).stdout).unwrap();
    assert!(printed.contains(&format!(r" \x1b[2J\nring {}", child.id())), "{printed}");
}

#[test]
fn what_only_has_the_name_of_a_memfd_is_not_opened() {
    // In a file system that was unmounted while it was in use, paths begin at its root.
    let place = tempfile::tempdir().unwrap();
    let script = r#"
        name="memfd:selvedge (deleted)"
        mount -t tmpfs none "$0" && cd "$0" && mkfifo "$name" || exit
        exec 8<>"$name" 9<"$name" 8>&-
        cd / && umount -l "$0" && readlink /proc/self/fd/9 && read _"#;
    let mut command = Command::new("unshare");
    let rights = if geteuid().is_root() { "-m" } else { "-rm" };
    command.args([rights, "sh", "-c", script]).arg(place.path());
    let mut children = Children::new();
    let client = children.talk_to("client", &mut command);
    assert_eq!(hear(client), "/memfd:selvedge (deleted)");
    let pid = client.id();
    // Whoever opens it to read waits until somebody opens it to write.
    let looked = begin(move || held_by(pid)).recv_timeout(FOR_EVER);
    assert_eq!(looked, Ok(vec![]));
}

#[test]
fn a_holder_that_is_killed_holds_nothing() {
    let (pipe, descriptor) = Pipe::anonymous(4096).unwrap();
    let mut children = Children::new();
    let one = another(&mut children, &[&descriptor]);
    let other = client(&mut children, &[&descriptor]);
    drop((pipe, descriptor));
    eventually(&vec![("ring".into(), vec![other.id().into()])], || held_by(one));
    other.kill().unwrap();
    other.wait().unwrap();
    eventually(&vec![("ring".into(), vec![])], || held_by(one));
    assert_eq!(held_by(other.id()), []);
}

#[test]
fn who_only_looks_is_no_holder() {
    let (pipe, descriptor) = Pipe::anonymous(4096).unwrap();
    let mut children = Children::new();
    let place = tempfile::tempdir_in("/dev/shm").unwrap();
    let mut command = Command::new(TOOL);
    // The name is the descriptor's number: this program holds what it was not asked for.
    command.arg("--directory").arg(place.path()).args(["pipe", "in"]);
    bequeath(&mut command, &descriptor);
    children.start("the tool", &mut command);
    let client = another(&mut children, &[&descriptor]);
    drop((command, pipe, descriptor));
    let opened = || Directory::at(place.path()).names().unwrap().len();
    eventually(&1, opened);
    eventually(&vec![("ring".into(), vec![])], || held_by(client));
}

#[test]
fn processes_that_may_not_be_looked_at_are_counted() {
    let (_pipe, descriptor) = Pipe::anonymous(4096).unwrap();
    let mut children = Children::new();
    let client = another(&mut children, &[&descriptor]);
    // In a user namespace of its own it has no rights over who is outside.
    let mut command = Command::new("unshare");
    command.args(["-r", TOOL, "--json", "ps", &client.to_string()]);
    let output = run(command);
    assert_eq!(output.stdout, b"[]\n");
    let said = String::from_utf8(output.stderr).unwrap();
    let counted = said.strip_prefix("selvedge: ").and_then(|said| said.split_once(' '));
    let (count, rest) = counted.expect(&said);
    assert!(count.parse::<u32>().unwrap() >= 2, "this process and the client: {said}");
    assert_eq!(rest, "processes may not be looked at\n");
}

#[test]
fn two_pipes_between_two_processes_are_a_connection() {
    let whole = pipe();
    let (connection, ring) = ("connection", "ring");
    for (names, expected) in [
        (&["selvedge", "selvedge"][..], &[connection][..]),
        (&["selvedge", "selvedge.b"], &[ring; 2]),
        // Which of them belong together cannot be told, except by their names.
        (&["selvedge"; 4], &[ring; 4]),
        (&["selvedge.a", "selvedge.b", "selvedge.a", "selvedge.b"], &[connection; 2]),
    ] {
        let memfds: Vec<_> = names.iter().map(|name| memfd(name, &whole)).collect();
        let all: Vec<_> = memfds.iter().collect();
        let mut children = Children::new();
        let (one, other) = (another(&mut children, &all), another(&mut children, &all));
        drop(memfds);
        let expected = expected.iter().map(|kind| ((*kind).to_owned(), vec![other.into()]));
        eventually(&expected.collect(), || held_by(one));
        let third =
            another(&mut children, &[&memfd("selvedge", &whole), &memfd("selvedge", &whole)]);
        eventually(&vec![("ring".into(), vec![]); 2], || held_by(third));
    }
}

#[test]
fn ends_without_locks_are_not_taken_for_those_of_the_dead() {
    let pipe = || sealed::create::<SpscRing<u8>>(RingConfig::new(4096).owners(2)).unwrap();
    let [(to, there), (from, here)] = [(); 2].map(|()| pipe());
    // As a listener does, whose connections have lifelines.
    let nobody = NativeCtx::default();
    let _ends = [(&to, [0, 1]), (&from, [1, 0])].map(|(ring, [producer, consumer])| {
        let producer = Producer::claim(ring.clone(), nobody.clone(), Owner(producer)).unwrap();
        (producer, Consumer::claim(ring.clone(), nobody.clone(), Owner(consumer)).unwrap())
    });
    let mut children = Children::new();
    let client = another(&mut children, &[&there, &here]);
    eventually(&vec![("connection".into(), vec![process::id().into()])], || held_by(client));
    let is_mourned = || String::from_utf8(run(ps(client)).stdout).unwrap().contains("dead");
    eventually(&false, is_mourned);
}

#[test]
fn two_pipes_that_lead_the_same_way_are_no_connection() {
    let (one, other) = (Pipe::anonymous(4096).unwrap(), Pipe::anonymous(4096).unwrap());
    let _writers = [&one, &other].map(|(pipe, _)| pipe.writer().unwrap());
    let mut children = Children::new();
    let client = another(&mut children, &[&one.1, &other.1]);
    eventually(&vec![("ring".into(), vec![process::id().into()]); 2], || held_by(client));
}
