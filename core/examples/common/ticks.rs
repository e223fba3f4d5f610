//! What `producer` and `consumer` agree on, and how they are started and stopped.

use std::time::Duration;

use clap::Parser;
use selvedge::{
    protocol::spsc::Claim,
    segment::{CleanError, Directory, Record, RecordId, Shared, SpscRing},
};
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

/// One half of a ring between two terminals.
#[derive(Debug, Parser)]
pub(crate) struct Arguments {
    /// So many ticks; otherwise, until Ctrl-C.
    #[arg(long, value_name = "N", default_value_t = u64::MAX, hide_default_value = true)]
    pub(crate) count: u64,
    /// The ring's name.
    #[arg(long, default_value = "ticks")]
    pub(crate) name: String,
}

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

/// Detaches from the ring. Once both ends are closed, the last to go removes its name.
pub(crate) fn leave(
    directory: &Directory,
    name: &str,
    ring: Shared<TickRing>,
) -> Result<(), CleanError> {
    let over = ring.ends() == [Claim::Closed; 2];
    drop(ring);
    if over {
        // In use, it is the other's to remove.
        let _ = directory.clean(name)?;
    }
    Ok(())
}
