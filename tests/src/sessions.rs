//! Sessions in a README, run as written, so that they print what they say.
//!
//! Below a `## ` heading, `console` blocks between which there is no text are terminals side by side, started
//! together; those after a text begin when those before it are done.

use std::{
    fs::File,
    io::{Read, Seek},
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use selvedge::segment::Directory;

/// How long the commands of a terminal may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A command and what it prints.
type Exchange = (String, String);

/// What is typed and printed in one terminal.
type Terminal = Vec<Exchange>;

/// What stands below a heading.
#[derive(Debug, Default)]
pub struct Session {
    /// Terminals side by side, time after time.
    rounds: Vec<Vec<Terminal>>,
}

impl Session {
    /// The sessions of a README, one for each heading that has any.
    ///
    /// # Panics
    /// If a block does not begin with a command.
    #[must_use]
    pub fn all(markdown: &str) -> Vec<Self> {
        let headed = markdown.split("\n## ").skip(1).map(Self::below);
        headed.filter(|session| !session.rounds.is_empty()).collect()
    }

    fn below(markdown: &str) -> Self {
        let mut session = Self::default();
        let (mut in_block, mut after_text) = (false, true);
        for line in markdown.lines() {
            match line {
                "```console" => {
                    in_block = true;
                    if after_text {
                        session.rounds.push(Vec::new());
                    }
                    session.rounds.last_mut().expect("a heading is text").push(Terminal::new());
                }
                "```" if in_block => (in_block, after_text) = (false, false),
                _ if in_block => session.line(line),
                _ => after_text |= !line.is_empty(),
            }
        }
        session
    }

    /// A line of the last terminal.
    fn line(&mut self, line: &str) {
        let terminal = self.rounds.last_mut().and_then(|round| round.last_mut());
        let terminal = terminal.expect("in a block");
        match (line.strip_prefix("$ "), terminal.last_mut()) {
            (Some(command), _) => terminal.push((command.to_owned(), String::new())),
            (None, Some((_, printed))) => *printed += &format!("{line}\n"),
            (None, None) => panic!("a block begins with a command: {line}"),
        }
    }

    /// Types its commands into shells, which `prepare` sets up, and compares what they print. Its segments are in a
    /// directory of their own.
    ///
    /// # Panics
    /// If a command prints something else; if a terminal takes too long, whose shell is killed then; if a segment
    /// is left.
    pub fn run(&self, prepare: impl Fn(&mut Command) + Sync) {
        let segments = tempfile::tempdir_in("/dev/shm").expect("a directory");
        for round in &self.rounds {
            thread::scope(|scope| {
                for terminal in round {
                    scope.spawn(|| play(terminal, segments.path(), &prepare));
                }
            });
        }
        let left = Directory::at(segments.path()).names().expect("it is there");
        assert!(left.is_empty(), "segments are left: {left:?}");
    }
}

fn play(terminal: &[Exchange], segments: &Path, prepare: impl Fn(&mut Command)) {
    let end = Instant::now() + LIMIT;
    for (command, expected) in terminal {
        let mut screen = tempfile::tempfile().expect("a file");
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).env("SELVEDGE_DIRECTORY", segments).stdin(Stdio::null());
        shell.stdout(screen.try_clone().expect("a descriptor is free"));
        shell.stderr(screen.try_clone().expect("a descriptor is free"));
        prepare(&mut shell);
        let ended = finish(shell.process_group(0), end);
        let printed = text(&mut screen);
        assert!(ended.is_some(), "killed after {LIMIT:?}: $ {command}\n{printed}");
        assert_eq!(&printed, expected, "$ {command}");
    }
}

/// Runs the command to its end, or kills it, with all that it has started.
fn finish(command: &mut Command, end: Instant) -> Option<ExitStatus> {
    let mut child = command.spawn().expect("a shell");
    loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            return Some(status);
        }
        if Instant::now() > end {
            killpg(Pid::from_raw(child.id() as i32), Signal::SIGKILL).expect("it is not reaped");
            child.wait().expect("the child is ours");
            return None;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// What is on the screen, without spaces at the ends of lines.
fn text(screen: &mut File) -> String {
    let mut text = String::new();
    screen.rewind().and_then(|()| screen.read_to_string(&mut text)).expect("text");
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_side_by_side_unless_there_is_text_between_them() {
        let block = |n| format!("```console\n$ {n}\nprints {n}\n```\n");
        let [one, two, three, four] = [1, 2, 3, 4].map(block);
        let readme = format!("# A\n\n## B\n{one}\n{two}\nthen\n\n{three}\n## C\n\n## D\n{four}");
        let terminal = |n: u32| vec![(n.to_string(), format!("prints {n}\n"))];
        let found: Vec<_> = Session::all(&readme).into_iter().map(|found| found.rounds).collect();
        let below_b = vec![vec![terminal(1), terminal(2)], vec![terminal(3)]];
        assert_eq!(found, [below_b, vec![vec![terminal(4)]]]);
    }
}
