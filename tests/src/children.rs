//! Child processes that end with their test, however it ends.

use std::{
    env,
    ffi::OsStr,
    io::Read,
    os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd},
    process::{Child, Command, Stdio, exit},
    thread,
    time::{Duration, Instant},
};

use command_fds::CommandFdExt;
use nix::sys::{prctl::set_pdeathsig, signal::Signal};
use selvedge::platform::native::SLEEP_SLICE;

/// How long a test may wait for its children before it kills them and fails.
pub const LIMIT: Duration = Duration::from_secs(300);

/// Long enough for whoever mistakes a silence for a death.
pub const A_WHILE: Duration = SLEEP_SLICE.saturating_mul(3);

/// Whoever waits so long for a death would wait for ever.
pub const FOR_EVER: Duration = Duration::from_secs(5);

/// A test's children. All of them are dead and reaped once this is dropped.
#[derive(Debug, Default)]
pub struct Children {
    all: Vec<(String, Child)>,
}

impl Children {
    /// No child yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts `command`, which is shown by its `name` in failures.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(&mut self, name: &str, command: &mut Command) -> &mut Child {
        self.spawn(name, command.stdin(Stdio::null()))
    }

    /// Starts `command`, which is talked to through its `stdin`.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn talk_to(&mut self, name: &str, command: &mut Command) -> &mut Child {
        self.spawn(name, command.stdin(Stdio::piped()))
    }

    fn spawn(&mut self, name: &str, command: &mut Command) -> &mut Child {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::inherit());
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        self.all.push((name.to_owned(), child));
        &mut self.all.last_mut().expect("just pushed").1
    }

    /// The one that was started as the `n`-th, from 0.
    ///
    /// # Panics
    /// If there is none.
    pub fn nth(&mut self, n: usize) -> &mut Child {
        &mut self.all[n].1
    }

    /// Waits for all children and returns what each of them printed, in the order of their start.
    /// What they print must fit into a pipe.
    ///
    /// # Panics
    /// As soon as one fails, or if any is left after [`LIMIT`].
    pub fn finish(mut self) -> Vec<String> {
        let end = Instant::now() + LIMIT;
        while !self.succeeded() {
            assert!(Instant::now() < end, "still running after {LIMIT:?}: {:?}", self.running());
            thread::sleep(Duration::from_millis(2));
        }
        let printed = self.all.iter_mut().map(|(_, child)| {
            let mut text = String::new();
            let stdout = child.stdout.as_mut().expect("piped");
            stdout.read_to_string(&mut text).expect("a child prints text");
            text.trim().to_owned()
        });
        printed.collect()
    }

    /// Have all ended?
    fn succeeded(&mut self) -> bool {
        let mut all = true;
        for (name, child) in &mut self.all {
            match child.try_wait().expect("the child is ours") {
                Some(status) => assert!(status.success(), "{name}: {status}; see its stderr"),
                None => all = false,
            }
        }
        all
    }

    fn running(&mut self) -> Vec<&str> {
        let running = self.all.iter_mut().filter_map(|(name, child)| match child.try_wait() {
            Ok(None) => Some(name.as_str()),
            _ => None,
        });
        running.collect()
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        for (_, child) in &mut self.all {
            // An error says that it has been reaped.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The next line that `child` says.
///
/// # Panics
/// If it says none.
pub fn hear(child: &mut Child) -> String {
    // A byte at a time: the next line is for whoever hears next.
    let (mut line, mut byte) = (Vec::new(), [0]);
    loop {
        child.stdout.as_mut().expect("piped").read_exact(&mut byte).expect("a line");
        match byte {
            [b'\n'] => return String::from_utf8(line).expect("a child prints text"),
            [byte] => line.push(byte),
        }
    }
}

/// The program at `path`, which inherits `descriptor`, and is told its number.
///
/// # Panics
/// If there are no descriptors left.
#[must_use]
pub fn heir(path: impl AsRef<OsStr>, descriptor: impl AsFd) -> Command {
    let mut command = Command::new(path);
    bequeath(&mut command, descriptor);
    command
}

/// Lets the program of `command` inherit `descriptor` too, and tells it its number.
///
/// # Panics
/// If there are no descriptors left.
pub fn bequeath(command: &mut Command, descriptor: impl AsFd) {
    // Another than a standard stream's, which the program will have of its own.
    let descriptor = descriptor.as_fd().try_clone_to_owned().expect("a descriptor is free");
    command.arg(descriptor.as_raw_fd().to_string()).preserved_fds(vec![descriptor]);
}

/// The beginning of a child program: it dies with its parent, and gets its arguments.
///
/// # Panics
/// If the kernel does not know the first.
#[must_use]
pub fn child<const N: usize>() -> [String; N] {
    set_pdeathsig(Signal::SIGKILL).expect("PR_SET_PDEATHSIG is older than this program");
    let args: Vec<String> = env::args().skip(1).collect();
    args.try_into().unwrap_or_else(|args| {
        eprintln!("{N} arguments expected, not {args:?}");
        exit(2)
    })
}

/// The descriptor that a child's parent gave it under this number. To be called once for it.
///
/// # Panics
/// If it is a standard stream's.
#[must_use]
pub fn inherited(descriptor: RawFd) -> OwnedFd {
    assert!(descriptor > 2, "the standard streams have owners");
    // SAFETY: the parent left it open for this program, which has no other owner of it.
    unsafe { OwnedFd::from_raw_fd(descriptor) }
}
