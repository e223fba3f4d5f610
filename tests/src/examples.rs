//! The examples of the library, as programs.

use std::{
    env,
    path::Path,
    process::{Child, Command},
    sync::Once,
};

use crate::Children;

/// Makes `command` one in the workspace's root, where `cargo` is that of the toolchain that runs this test.
///
/// # Panics
/// If no cargo runs it.
pub fn prepare(command: &mut Command) -> &mut Command {
    let cargo = env::var("CARGO").expect("cargo runs it");
    let toolchain = Path::new(&cargo).parent().expect("a directory");
    let path = format!("{}:{}", toolchain.display(), env::var("PATH").unwrap_or_default());
    command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).env("PATH", path)
}

/// Builds all examples: otherwise those that are started side by side would wait for each other to compile.
///
/// # Panics
/// If they are not built.
pub fn build() {
    static BUILT: Once = Once::new();
    const TASKS: [&str; 4] = ["--features", "tokio", "--example", "tasks"];
    BUILT.call_once(|| {
        for which in [&["--examples"][..], &TASKS] {
            let mut build = Command::new("cargo");
            prepare(build.args(["build", "-q", "-p", "selvedge"]).args(which));
            assert!(build.status().expect("cargo is there").success(), "the examples are built");
        }
    });
}

/// Starts the example `name` with these arguments, in words; its segments and sockets are in `directory`.
///
/// # Panics
/// If it is not built.
pub fn start<'a>(
    children: &'a mut Children,
    directory: &Path,
    name: &str,
    arguments: &str,
) -> &'a mut Child {
    build();
    let mut command = Command::new("cargo");
    let features = if name == "tasks" { "tokio" } else { "" };
    command.args(["run", "-q", "-p", "selvedge", "--features", features, "--example", name, "--"]);
    command.args(arguments.split_whitespace()).env("SELVEDGE_DIRECTORY", directory);
    children.start(name, prepare(&mut command))
}
