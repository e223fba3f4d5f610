//! Where tracing is refused, it is said that nothing was tested.

use std::{env, process::Command};

use selvedge_tests::{
    confined::refuse_ptrace,
    deaths::{Arguments, Subject},
};

/// A program that cannot do without.
struct Refused {
    name: &'static str,
    program: fn() -> Command,
    says: &'static str,
}

fn this_program() -> Command {
    let mut command = Command::new(env::current_exe().expect("it runs"));
    command.args(["--every", "1000", "semaphore"]);
    command
}

fn soak() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_soak"));
    command.args(["--seconds", "1", "--complete"]);
    command
}

impl Subject for Refused {
    fn name(&self) -> &str {
        self.name
    }

    fn run(&self, _: &Arguments) -> Result<String, String> {
        let mut command = (self.program)();
        refuse_ptrace(&mut command);
        let output = command.output().map_err(|error| format!("{}: {error}", self.name))?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        let line = format!("{}: {}, {}", self.name, output.status, said.trim());
        let right = output.status.code() == Some(2) && said.contains(self.says);
        if right { Ok(line) } else { Err(line) }
    }
}

pub(crate) fn programs() -> Vec<Box<dyn Subject>> {
    vec![
        Box::new(Refused {
            name: "refused, to this program",
            program: this_program,
            says: "ptrace is refused: EPERM: Operation not permitted: nothing was tested",
        }),
        Box::new(Refused {
            name: "refused, to a complete soak",
            program: soak,
            says: "nothing was run, because it cannot be complete",
        }),
    ]
}
