//! What the two programs agree on, and how they are started and stopped.

use std::{error::Error, process::ExitCode, time::Duration};

use selvedge::segment::{Record, RecordId, SpscRing};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// What travels from the producer to the consumer.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub(crate) struct Tick {
    pub(crate) seq: u64,
    pub(crate) price: u64,
}

impl Record for Tick {
    const ID: RecordId = RecordId::new("example.tick/1");
}

/// The ring between the two.
pub(crate) type TickRing = SpscRing<Tick>;

/// Its name, unless `--name` says otherwise.
pub(crate) const NAME: &str = "ticks";

/// How often a program that waits looks whether it has been asked to stop.
pub(crate) const GLANCE: Duration = Duration::from_millis(100);

/// A peer that has been silent for so long is worth a remark.
pub(crate) const SILENCE: Duration = Duration::from_secs(3);

/// Ctrl-C and its like, once [`listen`](Self::listen) has been called.
pub(crate) struct Stop(Signals);

impl Stop {
    pub(crate) fn listen() -> std::io::Result<Self> {
        Signals::new([SIGINT, SIGTERM]).map(Self)
    }

    /// Has the program been asked to stop since the last look?
    pub(crate) fn asked(&mut self) -> bool {
        self.0.pending().next().is_some()
    }
}

/// The command line: words of the form `--flag` and `--option value`.
pub(crate) struct Args(Vec<String>);

impl Args {
    pub(crate) fn parse() -> Self {
        Self(std::env::args().skip(1).collect())
    }

    /// Removes `word` if it is there, and says where it was.
    pub(crate) fn take(&mut self, word: &str) -> Option<usize> {
        let place = self.0.iter().position(|arg| arg == word)?;
        self.0.remove(place);
        Some(place)
    }

    /// What follows `option`, if it is there.
    pub(crate) fn option(&mut self, option: &str) -> Result<Option<String>, Box<dyn Error>> {
        match self.take(option) {
            None => Ok(None),
            Some(place) if place == self.0.len() => Err(format!("{option} needs a value").into()),
            Some(place) => Ok(Some(self.0.remove(place))),
        }
    }

    /// Complains about words that nobody asked for.
    pub(crate) fn end(self, usage: &str) -> Result<(), Box<dyn Error>> {
        if self.0.is_empty() { Ok(()) } else { Err(format!("usage: {usage}").into()) }
    }
}

/// Ends `program` with an exit code, and with its error if it had one.
pub(crate) fn exit(program: &str, outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{program}: {error}");
            ExitCode::FAILURE
        }
    }
}
