//! The sessions of the README, run as written: the `console` blocks below one heading are terminals, side by side.
#![cfg(target_os = "linux")]

use std::{
    env, fs,
    path::Path,
    process::{Command, Stdio},
    thread,
};

/// A command and what it prints.
type Exchange = (String, String);

/// The terminals below each heading.
fn sessions(markdown: &str) -> Vec<(String, Vec<Vec<Exchange>>)> {
    let mut sessions = Vec::new();
    let mut in_block = false;
    for line in markdown.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            sessions.push((heading.to_owned(), Vec::new()));
        }
        let Some((_, terminals)) = sessions.last_mut() else { continue };
        match line {
            "```console" => {
                in_block = true;
                terminals.push(Vec::new());
            }
            "```" => in_block = false,
            _ if !in_block => {}
            _ => {
                let terminal = terminals.last_mut().expect("in a block");
                match (line.strip_prefix("$ "), terminal.last_mut()) {
                    (Some(command), _) => terminal.push((command.to_owned(), String::new())),
                    (None, Some((_, printed))) => *printed += &format!("{line}\n"),
                    (None, None) => panic!("a block begins with a command: {line}"),
                }
            }
        }
    }
    sessions.retain(|(_, terminals)| !terminals.is_empty());
    sessions
}

/// What a command prints, line by line, without spaces at the ends of lines.
fn run(command: &str, directory: &Path, segments: &Path) -> String {
    let tool = Path::new(env!("CARGO_BIN_EXE_selvedge")).parent().expect("a directory");
    let path = format!("{}:{}", tool.display(), env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(directory)
        .env("PATH", path)
        .env("SELVEDGE_DIRECTORY", segments)
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
    printed.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn the_readmes_sessions_print_what_they_say() {
    let readme = include_str!("../README.md");
    let sessions = sessions(readme);
    assert_eq!(sessions.len(), 3, "sessions are found");
    for (_, terminals) in sessions {
        let directory = tempfile::tempdir().unwrap();
        let segments = tempfile::tempdir_in("/dev/shm").unwrap();
        for file in ["a.txt", "b.md", "c.txt"] {
            fs::write(directory.path().join(file), "").unwrap();
        }
        thread::scope(|scope| {
            for terminal in &terminals {
                let (directory, segments) = (directory.path(), segments.path());
                scope.spawn(move || {
                    for (command, printed) in terminal {
                        let found = run(command, directory, segments);
                        assert_eq!(&found, printed, "$ {command}");
                    }
                });
            }
        });
    }
}
