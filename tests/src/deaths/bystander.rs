//! A process beside the victim, which is waiting while that dies.

use std::{
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use super::{
    Harm,
    tracee::{LIMIT, reap, spawn, state},
};

/// A process that nobody traces; dead and reaped once this is dropped.
#[derive(Debug)]
pub struct Bystander {
    pid: Pid,
    reaped: bool,
}

impl Bystander {
    /// Starts a process that runs `body`, which panics if anything is wrong.
    pub fn start(body: impl FnOnce()) -> Self {
        Self { pid: spawn(false, body), reaped: false }
    }

    /// Waits until it sleeps.
    ///
    /// # Panics
    /// If it does not.
    pub fn fall_asleep(&self) {
        let end = Instant::now() + LIMIT;
        while state(self.pid) != 'S' {
            assert!(Instant::now() < end, "a bystander does not fall asleep");
            thread::sleep(Duration::from_micros(20));
        }
    }

    /// Kills it with SIGKILL, wherever it is.
    pub fn kill(&mut self) {
        if !self.reaped {
            reap(self.pid);
            self.reaped = true;
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Stops it, wherever it is; `false` if it has ended by itself meanwhile.
    ///
    /// # Errors
    /// [`Harm::Corrupt`] if it panicked.
    pub fn stop(&mut self) -> Result<bool, Harm> {
        // An error says that it is dead.
        let _ = kill(self.pid, Signal::SIGSTOP);
        let ended = self.look(WaitPidFlag::WUNTRACED)?;
        Ok(!ended)
    }

    /// Lets it go on after a [`stop`](Self::stop).
    pub fn resume(&self) {
        // Nobody but its parent has stopped it, which has not reaped it.
        let _ = kill(self.pid, Signal::SIGCONT);
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// [`Harm::Wedged`] if it is still waiting after some seconds; [`Harm::Corrupt`] if it panicked.
    pub fn finish(mut self) -> Result<(), Harm> {
        let end = Instant::now() + LIMIT;
        while !self.has_ended()? {
            if Instant::now() > end {
                return Err(Harm::Wedged("another process waits for ever".into()));
            }
            thread::sleep(Duration::from_micros(20));
        }
        Ok(())
    }

    /// Has it ended by itself?
    ///
    /// # Errors
    /// [`Harm::Corrupt`] if it panicked.
    pub fn has_ended(&mut self) -> Result<bool, Harm> {
        self.look(WaitPidFlag::WNOHANG)
    }

    /// Has it ended by itself? With `WNOHANG` it may be running, with `WUNTRACED` it is waited for until it has
    /// ended or stopped.
    fn look(&mut self, how: WaitPidFlag) -> Result<bool, Harm> {
        if self.reaped {
            return Ok(true);
        }
        match waitpid(self.pid, Some(how)) {
            Ok(WaitStatus::StillAlive | WaitStatus::Stopped(..)) => Ok(false),
            status => {
                self.reaped = true;
                match status {
                    Ok(WaitStatus::Exited(_, 0)) => Ok(true),
                    other => Err(Harm::Corrupt(format!("another process: {other:?}"))),
                }
            }
        }
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.kill();
    }
}
