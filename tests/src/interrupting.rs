//! The examples and the tool, ended by `SIGINT` or `SIGTERM` at random moments, as a user would.

use core::mem::forget;
use std::{
    any::Any,
    env,
    fs::{self, File},
    io::{Read, Seek},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use nix::sys::signal::{SigHandler, signal};
use selvedge::{
    mutex::{MutexConfig, SharedMutex},
    permits::{PermitPool, PermitsConfig},
    segment::{Cleaned, Directory},
    signal::{Process, Signal},
};

use crate::soak::Random;

/// How long a program may take to end.
const BOUND: Duration = Duration::from_secs(5);

/// The longest time before a program is sent a signal.
const LONGEST: Duration = Duration::from_millis(60);

/// What a program reads.
#[derive(Clone, Copy, Debug)]
enum Input {
    Nothing,
    /// More lines than it has room for.
    Lines,
    /// From somebody who types nothing.
    Silence,
}

use Input::{Lines, Nothing, Silence};

/// A program in a role: what is run, without its path; and what it reads.
type Role = (&'static [&'static str], Input);

/// How somebody comes to hold something of a new segment of that name.
type Hold = fn(&Directory, &str) -> Box<dyn Any>;

/// Programs side by side.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// What it is called.
    pub name: &'static str,
    roles: &'static [Role],
    /// The name of a segment of which this process holds what they want.
    holds: Option<(&'static str, Hold)>,
}

const fn scene(name: &'static str, roles: &'static [Role]) -> Scene {
    Scene { name, roles, holds: None }
}

/// The first word is an example's name, or the tool's.
pub const SCENES: &[Scene] = &[
    scene("pipe write, to nobody", &[(&["pipe", "write", "log"], Lines)]),
    scene("pipe write, of nothing", &[(&["pipe", "write", "log"], Silence)]),
    scene("pipe read, of nothing", &[(&["pipe", "read", "log"], Nothing)]),
    scene("pipe", &[(&["pipe", "write", "log"], Lines), (&["pipe", "read", "log"], Nothing)]),
    scene(
        "message_queue dispatch",
        &[(&["message_queue", "dispatch", "s", "--jobs", "9"], Nothing)],
    ),
    scene("message_queue work", &[(&["message_queue", "work", "s"], Nothing)]),
    scene(
        "message_queue",
        &[
            (&["message_queue", "dispatch", "s", "--jobs", "100000"], Nothing),
            (&["message_queue", "work", "s"], Nothing),
        ],
    ),
    scene(
        "shared_memory",
        &[
            (&["shared_memory", "publish", "t", "1", "2", "3", "4", "5", "--rate", "10"], Nothing),
            (&["shared_memory", "watch", "t", "--until", "9"], Nothing),
        ],
    ),
    scene("counter broken, alone", &[(&["counter", "broken", "hits"], Nothing)]),
    scene(
        "counter broken",
        &[(&["counter", "broken", "hits"], Nothing), (&["counter", "broken", "hits"], Nothing)],
    ),
    scene(
        "counter mutex",
        &[(&["counter", "mutex", "hits"], Nothing), (&["counter", "mutex", "hits"], Nothing)],
    ),
    scene(
        "counter semaphore",
        &[
            (&["counter", "semaphore", "hits"], Nothing),
            (&["counter", "semaphore", "hits"], Nothing),
        ],
    ),
    scene(
        "counter atomic",
        &[(&["counter", "atomic", "hits"], Nothing), (&["counter", "atomic", "hits"], Nothing)],
    ),
    scene(
        "mutex sell",
        &[
            (&["mutex", "sell", "stock", "1000"], Nothing),
            (&["mutex", "sell", "stock", "1000"], Nothing),
        ],
    ),
    Scene {
        holds: Some(("hits.guard", |directory, name| {
            let mutex = directory.create::<SharedMutex<u64>>(name, MutexConfig::of(0));
            let handle = mutex.expect("a new name").handle().expect("a slot");
            forget(handle.lock().expect("nobody has it"));
            Box::new(handle)
        })),
        ..scene(
            "counter mutex, held",
            &[(&["counter", "mutex", "hits"], Nothing), (&["counter", "mutex", "hits"], Nothing)],
        )
    },
    scene("signals wait", &[(&["signals", "wait", "bells", "--until", "9"], Nothing)]),
    scene(
        "signals raise --one-by-one",
        &[(&["signals", "raise", "bells", "3", "5", "--one-by-one"], Nothing)],
    ),
    scene("semaphore acquire", &[(&["semaphore", "acquire", "go"], Nothing)]),
    scene(
        "semaphore acquire --within",
        &[
            (&["semaphore", "acquire", "go", "--within", "1000"], Nothing),
            (&["semaphore", "acquire", "go"], Nothing),
        ],
    ),
    Scene {
        holds: Some(("licence", |directory, name| {
            let pool = directory.create::<PermitPool>(name, PermitsConfig::new(1));
            let handle = pool.expect("a new name").handle().expect("a slot");
            forget(handle.acquire().expect("nobody has it"));
            Box::new(handle)
        })),
        ..scene(
            "permits work, held",
            &[
                (&["permits", "work", "licence"], Nothing),
                (&["permits", "work", "licence"], Nothing),
            ],
        )
    },
    scene("producer", &[(&["producer"], Nothing)]),
    scene("consumer", &[(&["consumer"], Nothing)]),
    scene("producer, consumer", &[(&["producer"], Nothing), (&["consumer"], Nothing)]),
    scene("server", &[(&["server", "--frames", "local://guests"], Nothing)]),
    scene("client", &[(&["client", "local://guests", "hello"], Nothing)]),
    scene(
        "server, client",
        &[
            (&["server", "--frames", "local://guests"], Nothing),
            (&["client", "local://guests", "hello"], Nothing),
        ],
    ),
    scene(
        "tasks",
        &[
            (&["tasks", "serve", "local://echo"], Nothing),
            (&["tasks", "ping", "local://echo", "--connections", "9", "--then", "stay"], Nothing),
        ],
    ),
    scene("selvedge pipe out", &[(&["selvedge", "pipe", "out", "log"], Silence)]),
    scene("selvedge pipe in", &[(&["selvedge", "pipe", "in", "log"], Nothing)]),
    scene(
        "selvedge pipe",
        &[
            (&["selvedge", "pipe", "out", "log"], Lines),
            (&["selvedge", "pipe", "in", "log"], Nothing),
        ],
    ),
    scene("selvedge send", &[(&["selvedge", "send", "jobs"], Silence)]),
    scene("selvedge recv", &[(&["selvedge", "recv", "jobs", "--count", "1"], Nothing)]),
];

/// Where the programs are, and what they read.
#[derive(Debug)]
pub struct Stage {
    programs: PathBuf,
    lines: tempfile::NamedTempFile,
}

impl Stage {
    /// Builds the programs, as this one was built.
    ///
    /// # Panics
    /// If it cannot.
    #[must_use]
    pub fn build() -> Self {
        let this = env::current_exe().expect("it runs");
        let place = this.parent().expect("a directory");
        let programs =
            if place.ends_with("deps") { place.parent().expect("a profile's") } else { place };
        let mut cargo = Command::new(option_env!("CARGO").unwrap_or("cargo"));
        cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        cargo.args([
            "build",
            "-q",
            "-p",
            "selvedge",
            "-p",
            "selvedge-tool",
            "--examples",
            "--bins",
        ]);
        cargo
            .args(["--features", "selvedge/tokio"])
            .arg("--target-dir")
            .arg(programs.parent().expect("a target directory"));
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        assert!(cargo.status().expect("cargo").success(), "the programs are built");

        let lines = tempfile::NamedTempFile::new().expect("a file");
        fs::write(&lines, "a line\n".repeat(100_000)).expect("some space");
        // Whoever runs this in the background has it ignored, and with it all that it starts.
        // SAFETY: the default action is no handler.
        unsafe { signal(Signal::SIGINT, SigHandler::SigDfl) }.expect("it can be ignored");
        Self { programs: programs.to_owned(), lines }
    }

    fn start(&self, (words, input): Role, segments: &Path) -> Program {
        let (program, arguments) = words.split_first().expect("a program");
        let path = if *program == "selvedge" { "" } else { "examples" };
        let screen = tempfile::tempfile().expect("a file");
        let shown = || screen.try_clone().expect("a descriptor is free");
        let mut command = Command::new(self.programs.join(path).join(program));
        command.args(arguments).env("SELVEDGE_DIRECTORY", segments);
        command.stdout(shown()).stderr(shown()).stdin(match input {
            Nothing => Stdio::null(),
            Lines => File::open(&self.lines).expect("it is there").into(),
            Silence => Stdio::piped(),
        });
        let mut child = command.spawn().expect("it was built");
        let process = Process::of_child(&mut child);
        Program { words, child, process: process.ok(), screen }
    }
}

/// A program that runs; it is dead and reaped once this is dropped.
struct Program {
    words: &'static [&'static str],
    child: Child,
    /// Unless it has ended.
    process: Option<Process>,
    screen: File,
}

impl Program {
    /// Sends it a signal, and says what is wrong with how it ends. It may end by itself, and for what it says if it is
    /// not `alone`.
    fn interrupt(&mut self, by: Signal, alone: bool) -> Result<(), String> {
        if let Some(process) = &self.process {
            // It may be gone.
            let _ = process.send(by);
            process.wait_for_end(Some(BOUND)).map_err(|_| self.told(&format!("{by}: goes on")))?;
        }
        let status = self.child.wait().expect("it is ours");
        let by_itself = status.success() || !alone && status.code() == Some(1);
        if (status.signal() == Some(by as i32) || by_itself) && !self.text().contains("panicked") {
            return Ok(());
        }
        Err(self.told(&format!("{by}: {status}")))
    }

    fn text(&self) -> String {
        let (mut text, mut screen) = (String::new(), &self.screen);
        screen.rewind().and_then(|()| screen.read_to_string(&mut text)).expect("text");
        text
    }

    fn told(&self, what: &str) -> String {
        let text = self.text();
        let end = text.len().saturating_sub(1000);
        format!("{}: {what}; it printed …{}", self.words.join(" "), &text[end..])
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // An error says that it has been reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Scene {
    /// Plays it once: each program, in any order, is sent a signal at a random moment.
    ///
    /// # Errors
    /// What was wrong: a program went on, panicked, or ended otherwise; something was left.
    ///
    /// # Panics
    /// If it cannot be played.
    pub fn play(&self, stage: &Stage, random: &mut Random) -> Result<(), String> {
        let place = tempfile::tempdir_in("/dev/shm").expect("a directory");
        let directory = Directory::at(place.path());
        let held = self.holds.map(|(name, hold)| (name, hold(&directory, name)));
        let mut programs: Vec<Program> =
            self.roles.iter().map(|role| stage.start(*role, place.path())).collect();
        let mut alone = true;
        while !programs.is_empty() {
            let which = random.below(programs.len() as u64) as usize;
            let by = [Signal::SIGINT, Signal::SIGTERM][random.below(2) as usize];
            // Half of them while they start.
            let longest = LONGEST / [1, 16][random.below(2) as usize];
            thread::sleep(Duration::from_micros(random.below(longest.as_micros() as u64)));
            programs.swap_remove(which).interrupt(by, alone)?;
            alone = false;
        }
        if let Some((name, held)) = held {
            drop(held);
            let cleaned = directory.clean(name).map_err(|error| error.to_string())?;
            if cleaned != Cleaned::Removed {
                return Err(format!("{name}: {cleaned:?}"));
            }
        }
        let left = fs::read_dir(&place).expect("it is there");
        let left: Vec<_> = left.flatten().map(|entry| entry.file_name()).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("left: {left:?}")) }
    }
}
