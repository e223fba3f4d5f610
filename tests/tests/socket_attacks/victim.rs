//! A server that is attacked, and its honest clients.

use std::{
    fs,
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    path::{Path, PathBuf},
    process::{ChildStdin, ChildStdout, Command},
    sync::mpsc::{TryRecvError, channel},
    thread,
    time::{Duration, Instant},
};

use selvedge::socket::{self, Address, Connection, Socket, frame::Framed};
use selvedge_tests::{Children, FOR_EVER};
use tempfile::TempDir;

/// How long an honest client waits for its echo, whatever goes on.
const SERVED: Duration = Duration::from_secs(1);

/// Bytes of memory that an attack may cost at a time.
const MEMORY: u64 = 16 << 20;

pub(crate) struct Victim {
    _children: Children,
    _directory: TempDir,
    pid: u32,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    address: Address,
    frames: bool,
}

impl Victim {
    pub(crate) fn start(transport: &str, serves: &str) -> Self {
        Self::with(transport, serves, "600", |_| ())
    }

    /// A server whose socket has this mode.
    pub(crate) fn with(
        transport: &str,
        serves: &str,
        mode: &str,
        confine: impl FnOnce(&mut Command),
    ) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let address = match transport {
            "local" => format!("local://{}", directory.path().join("socket").display()),
            other => format!("{other}://127.0.0.1:0"),
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_socket_server"));
        confine(command.args([&address, serves, mode]));
        let mut children = Children::new();
        let child = children.talk_to("socket_server", &mut command);
        let pid = child.id();
        let stdin = child.stdin.take().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let address = line(&mut stdout).parse().unwrap();
        let frames = serves == "frames";
        Self { _children: children, _directory: directory, pid, stdin, stdout, address, frames }
    }

    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    pub(crate) fn path(&self) -> &Path {
        match &self.address {
            Address::Local(path) => path,
            other => panic!("{other} has no path"),
        }
    }

    /// A connection like an honest client's.
    pub(crate) fn connect(&self) -> Connection {
        socket::connect_within(&self.address, Some(FOR_EVER)).unwrap()
    }

    /// Whom it has refused, and how the connections ended that did not end well.
    pub(crate) fn tells(&mut self) -> String {
        self.stdin.write_all(b"\n").unwrap();
        line(&mut self.stdout)
    }

    /// It [tells](Self::tells) something, and nothing but this.
    pub(crate) fn tells_of(&mut self, ends: &[&str]) -> String {
        let told = self.tells();
        let known = |part: &str| part.split_once(' ').is_some_and(|(_, end)| ends.contains(&end));
        assert!(told.split(", ").all(known), "{told}");
        told
    }

    /// What an attacker sees, while honest clients are served in time. Afterwards, the server has no more descriptors
    /// open than before, and has not had much more memory.
    pub(crate) fn is_attacked(&self, attack: impl FnOnce(&Self) -> String) -> String {
        // Once, so that it has what stays: a thread that waits for all connections.
        self.echoes();
        let (before, memory) = (self.settled(), self.peak());
        let (over, is_over) = channel::<()>();
        let seen = thread::scope(|scope| {
            let honest = scope.spawn(move || {
                loop {
                    let is_last = is_over.try_recv() == Err(TryRecvError::Disconnected);
                    let start = Instant::now();
                    self.echoes();
                    assert!(start.elapsed() < SERVED, "served after {:?}", start.elapsed());
                    if is_last {
                        return;
                    }
                    thread::sleep(Duration::from_millis(5));
                }
            });
            let seen = attack(self);
            drop(over);
            honest.join().unwrap();
            seen
        });
        let end = Instant::now() + FOR_EVER;
        while self.descriptors() > before {
            assert!(
                Instant::now() < end,
                "it has {} descriptors, not {before}",
                self.descriptors()
            );
            thread::sleep(Duration::from_millis(1));
        }
        // The kernel counts roughly.
        let more = self.peak().saturating_sub(memory);
        assert!(more < MEMORY, "it took {more} bytes more");
        seen
    }

    /// An honest client is served.
    fn echoes(&self) {
        let text = [b'x'; 64];
        let mut connection = self.connect_again();
        if self.frames {
            let mut framed = Framed::new(connection);
            framed.send(&text, Some(FOR_EVER)).unwrap();
            assert_eq!(framed.recv(Some(FOR_EVER)).unwrap().as_deref(), Some(&text[..]));
            framed.get_mut().finish().unwrap();
            assert_eq!(framed.recv(Some(FOR_EVER)).unwrap(), None);
        } else {
            connection.write_all(&text).unwrap();
            connection.finish().unwrap();
            let mut echo = Vec::new();
            connection.read_to_end(&mut echo).unwrap();
            assert_eq!(echo, text);
        }
    }

    /// A connection to a server that may have taken this client for one of the many that say nothing.
    fn connect_again(&self) -> Connection {
        loop {
            match socket::connect_within(&self.address, Some(FOR_EVER)) {
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                connected => return connected.unwrap(),
            }
        }
    }

    fn proc(&self, what: &str) -> PathBuf {
        format!("/proc/{}/{what}", self.pid).into()
    }

    fn descriptors(&self) -> usize {
        fs::read_dir(self.proc("fd")).unwrap().count()
    }

    /// How many descriptors it has once nobody is served.
    fn settled(&self) -> usize {
        loop {
            let count = self.descriptors();
            thread::sleep(Duration::from_millis(20));
            if self.descriptors() == count {
                return count;
            }
        }
    }

    /// The most bytes of memory that it has had.
    fn peak(&self) -> u64 {
        let status = fs::read_to_string(self.proc("status")).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }
}

fn line(stdout: &mut impl BufRead) -> String {
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}
