//! What `producer` and `consumer` agree on, and how they are started.

use std::time::Duration;

use clap::Parser;
use selvedge::{
    protocol::spsc::Claim,
    segment::{CleanError, Directory, Record, RecordId, Shared, SpscRing},
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

/// How often a program looks whether its peer is there again.
pub(crate) const GLANCE: Duration = Duration::from_millis(100);

/// A peer that has been silent for so long is worth a remark.
pub(crate) const SILENCE: Duration = Duration::from_secs(3);

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
