//! A process beside the victim, which is waiting while that dies.

use std::{
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::{
        ptrace,
        signal::{Signal, kill},
        wait::{WaitPidFlag, WaitStatus, waitpid},
    },
    unistd::Pid,
};

use super::{
    Harm,
    tracee::{LIMIT, reap, spawn, state},
};

/// A process that nobody traces until it is to die; dead and reaped once this is dropped.
#[derive(Debug)]
pub struct Bystander {
    pid: Pid,
    /// By its parent, until that lets it go on.
    stopped: bool,
    reaped: bool,
}

impl Bystander {
    /// Starts a process that runs `body`, which panics if anything is wrong.
    pub fn start(body: impl FnOnce()) -> Self {
        Self { pid: spawn(false, body), stopped: false, reaped: false }
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
        if self.stopped {
            return Ok(true);
        }
        // An error says that it is dead.
        let _ = kill(self.pid, Signal::SIGSTOP);
        self.stopped = matches!(self.wait(WaitPidFlag::WUNTRACED)?, WaitStatus::Stopped(..));
        Ok(self.stopped)
    }

    /// Lets it go on, if it is [stopped](Self::stop).
    pub fn resume(&mut self) {
        if self.stopped {
            let _ = kill(self.pid, Signal::SIGCONT);
            self.stopped = false;
        }
    }

    /// Traces it, once it is [stopped](Self::stop): from now on it goes on by single steps.
    ///
    /// # Errors
    /// Of ptrace(2), where that is refused.
    pub fn trace(&mut self) -> nix::Result<()> {
        ptrace::seize(self.pid, ptrace::Options::PTRACE_O_EXITKILL)?;
        // It stops anew, for its tracer.
        waitpid(self.pid, None).map(drop)
    }

    /// Goes on by one instruction, if it is traced, however long that takes; `false` if it has ended by itself.
    ///
    /// # Errors
    /// [`Harm::Corrupt`] if it panicked.
    pub fn step(&mut self) -> Result<bool, Harm> {
        // An error says that it is dead.
        let _ = ptrace::step(self.pid, None);
        let status = self.wait(WaitPidFlag::empty())?;
        Ok(!matches!(status, WaitStatus::Exited(..)))
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
        Ok(matches!(self.wait(WaitPidFlag::WNOHANG)?, WaitStatus::Exited(..)))
    }

    /// What has become of it: `Exited` if it has ended well.
    fn wait(&mut self, how: WaitPidFlag) -> Result<WaitStatus, Harm> {
        if self.reaped {
            return Ok(WaitStatus::Exited(self.pid, 0));
        }
        match waitpid(self.pid, Some(how)) {
            Ok(WaitStatus::Exited(_, status)) if status != 0 => {
                self.reaped = true;
                Err(Harm::Corrupt(format!("another process ended with status {status}")))
            }
            Ok(WaitStatus::Signaled(_, signal, _)) => {
                self.reaped = true;
                Err(Harm::Corrupt(format!("another process: {signal}")))
            }
            Ok(status) => {
                self.reaped = matches!(status, WaitStatus::Exited(..));
                Ok(status)
            }
            Err(errno) => Err(Harm::Corrupt(format!("another process: {errno}"))),
        }
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        self.kill();
    }
}
