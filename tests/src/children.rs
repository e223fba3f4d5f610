//! Child processes that end with their test, however it ends.

use std::{
    env,
    io::Read,
    os::fd::{FromRawFd, OwnedFd, RawFd},
    process::{Child, Command, ExitStatus, Stdio, exit},
    thread,
    time::{Duration, Instant},
};

use nix::sys::{prctl::set_pdeathsig, signal::Signal};

/// How long a test may wait for its children before it kills them and fails.
pub const LIMIT: Duration = Duration::from_secs(120);

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
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        self.all.push((name.to_owned(), child));
        &mut self.all.last_mut().expect("just pushed").1
    }

    /// Waits for all children and returns what each of them printed, in the order of their start.
    /// What they print must fit into a pipe.
    ///
    /// # Panics
    /// If one fails, or any is left after [`LIMIT`].
    pub fn finish(mut self) -> Vec<String> {
        let end = Instant::now() + LIMIT;
        let mut printed = Vec::new();
        for (name, child) in &mut self.all {
            let status = wait(child, end).unwrap_or_else(|| panic!("{name} hangs"));
            let mut text = String::new();
            let stdout = child.stdout.as_mut().expect("piped");
            stdout.read_to_string(&mut text).expect("a child prints text");
            assert!(status.success(), "{name}: {status}, printed {text:?}");
            printed.push(text.trim().to_owned());
        }
        printed
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

fn wait(child: &mut Child, end: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait().expect("the child is ours") {
            None if Instant::now() < end => thread::sleep(Duration::from_millis(2)),
            status => return status,
        }
    }
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
