//! A process beside the victim, which is waiting while that dies.

use std::{
    thread,
    time::{Duration, Instant},
};

use nix::{
    sys::wait::{WaitPidFlag, WaitStatus, waitpid},
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

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// [`Harm::Wedged`] if it is still waiting after some seconds; [`Harm::Corrupt`] if it panicked.
    pub fn finish(mut self) -> Result<(), Harm> {
        let end = Instant::now() + LIMIT;
        loop {
            match waitpid(self.pid, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) if Instant::now() > end => {
                    return Err(Harm::Wedged("another process waits for ever".into()));
                }
                Ok(WaitStatus::StillAlive) => thread::sleep(Duration::from_micros(20)),
                status => {
                    self.reaped = true;
                    return match status {
                        Ok(WaitStatus::Exited(_, 0)) => Ok(()),
                        other => Err(Harm::Corrupt(format!("another process: {other:?}"))),
                    };
                }
            }
        }
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        if !self.reaped {
            reap(self.pid);
        }
    }
}
