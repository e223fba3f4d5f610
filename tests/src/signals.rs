//! Signals of each kind, the kernel's and ours, to be held against each other. A set's signal 0 is to the kernel `SIGHUP`,
//! 1 is `SIGUSR1`, 2 is `SIGUSR2`: they have their numbers in the same order.

use std::{fmt, io, io::ErrorKind::TimedOut, os::fd::OwnedFd, process::Command, time::Duration};

use selvedge::{
    segment::Directory,
    signal::{Caught, Process, Set, Signal, Signals},
};

use crate::{bequeath, inherited};

const KERNELS: [Signal; 3] = [Signal::SIGHUP, Signal::SIGUSR1, Signal::SIGUSR2];

/// Signals of some kind.
#[derive(Debug)]
pub enum Kind {
    /// The kernel's, by the process that receives them.
    Kernel(u32),
    /// Ours, by the descriptor of a set.
    Anonymous(OwnedFd),
    /// Ours, by the name of a set.
    Named(String),
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kernel(_) => "signalfd(2)",
            Self::Anonymous(_) => "anonymous",
            Self::Named(_) => "named",
        })
    }
}

impl Kind {
    /// One of each kind; the kernel's have no receiver yet.
    ///
    /// # Panics
    /// If there can be none.
    #[must_use]
    pub fn all(name: &str) -> [Self; 3] {
        let (_, descriptor) = Signals::anonymous().expect("some memory");
        [Self::Kernel(0), Self::Anonymous(descriptor), Self::Named(name.to_owned())]
    }

    /// The program at `path`, which is told of them.
    #[must_use]
    pub fn hand_to(&self, path: &str) -> Command {
        let mut command = Command::new(path);
        match self {
            Self::Kernel(receiver) => _ = command.arg(receiver.to_string()),
            Self::Anonymous(descriptor) => bequeath(&mut command, descriptor),
            Self::Named(name) => _ = command.arg(name),
        }
        command.arg(self.to_string());
        command
    }

    /// Those that a child was [told](Self::hand_to) of.
    ///
    /// # Panics
    /// If it was told nonsense.
    #[must_use]
    pub fn handed(place: String, kind: &str) -> Self {
        let number = || place.parse().expect("a number");
        match kind {
            "signalfd(2)" => Self::Kernel(number()),
            "anonymous" => Self::Anonymous(inherited(number().cast_signed())),
            "named" => Self::Named(place),
            other => panic!("no signals are called {other}"),
        }
    }

    /// One end, of one process.
    ///
    /// # Panics
    /// If there can be none.
    #[must_use]
    pub fn end(&self) -> Box<dyn End> {
        match self {
            Self::Kernel(0) => {
                let all = Caught::new(KERNELS).expect("a descriptor is free");
                let each = KERNELS.map(|one| Caught::new([one]).expect("a descriptor is free"));
                Box::new(Receiver { all, each })
            }
            Self::Kernel(receiver) => Box::new(*receiver),
            Self::Anonymous(descriptor) => Box::new(Signals::inherit(descriptor).expect("a set")),
            Self::Named(name) => {
                let named = Signals::named(&Directory::shm(), name);
                Box::new(named.expect("a name in /dev/shm").0)
            }
        }
    }
}

/// What one end of signals can do.
pub trait End {
    /// Raises a signal.
    ///
    /// # Errors
    /// Why not.
    fn raise(&self, signal: u32) -> Result<(), String>;

    /// Takes what is pending, of one signal or of all.
    fn take(&self, wanted: Option<u32>) -> Vec<u32>;

    /// Takes what is pending of all signals, once anything is, for at most so long.
    ///
    /// # Errors
    /// Why nothing.
    fn wait(&self, timeout: Option<Duration>) -> Result<Vec<u32>, String>;

    /// Who sent the signal that is taken next.
    fn sender(&self) -> Option<u32>;
}

/// The kernel's end that receives.
struct Receiver {
    all: Caught,
    each: [Caught; 3],
}

fn number(signal: Signal) -> u32 {
    KERNELS.iter().position(|known| *known == signal).expect("one of those") as u32
}

impl End for Receiver {
    fn raise(&self, _: u32) -> Result<(), String> {
        unreachable!("it receives")
    }

    fn take(&self, wanted: Option<u32>) -> Vec<u32> {
        let from = wanted.map_or(&self.all, |signal| &self.each[signal as usize]);
        let next = || from.try_next().expect("a descriptor to read");
        std::iter::from_fn(next).map(|received| number(received.signal)).collect()
    }

    fn wait(&self, timeout: Option<Duration>) -> Result<Vec<u32>, String> {
        let first = self.all.next(timeout).map_err(|error: io::Error| match error.kind() {
            TimedOut => "nothing in time".to_owned(),
            _ => error.to_string(),
        })?;
        let mut all = vec![number(first.signal)];
        all.extend(self.take(None));
        Ok(all)
    }

    fn sender(&self) -> Option<u32> {
        self.all.try_next().ok()??.sender.map(|sender| sender.pid)
    }
}

/// The kernel's end that sends, which is the number of whom it sends to.
impl End for u32 {
    fn raise(&self, signal: u32) -> Result<(), String> {
        let receiver = Process::open(*self).map_err(|error| error.to_string())?;
        receiver.send(KERNELS[signal as usize]).map_err(|error| error.to_string())
    }

    fn take(&self, _: Option<u32>) -> Vec<u32> {
        unreachable!("it sends")
    }

    fn wait(&self, _: Option<Duration>) -> Result<Vec<u32>, String> {
        unreachable!("it sends")
    }

    fn sender(&self) -> Option<u32> {
        unreachable!("it sends")
    }
}

impl End for Signals {
    fn raise(&self, signal: u32) -> Result<(), String> {
        self.raise(Set::of(signal));
        Ok(())
    }

    fn take(&self, wanted: Option<u32>) -> Vec<u32> {
        self.take(wanted.map_or(Set::ALL, Set::of)).iter().collect()
    }

    fn wait(&self, timeout: Option<Duration>) -> Result<Vec<u32>, String> {
        let taken = match timeout {
            Some(timeout) => self.wait_timeout(Set::ALL, timeout).map_err(|_| "nothing in time")?,
            None => self.wait(Set::ALL),
        };
        Ok(taken.iter().collect())
    }

    fn sender(&self) -> Option<u32> {
        self.take(Set::ALL);
        None
    }
}
