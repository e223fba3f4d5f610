//! Segments: a file in memory that holds one [`Object`], a ring, a queue or a semaphore, behind a header
//! that says what it is.
//!
//! A segment is finished before anybody else can see it. Attaching checks every word of the
//! [`Header`] before anything in the segment is used, and reports what it found and what it
//! expected; afterwards sizes, offsets and the capacity are the attacher's private numbers.
//!
//! # Whom is trusted
//!
//! It follows from how a segment was obtained.
//!
//! | | [`Directory`]: a name | [`sealed`]: a memfd |
//! |---|---|---|
//! | who can reach it | whoever may open the file (by default the creator's user, and root: [mode](Directory::mode) 0600) | whoever was handed the descriptor |
//! | may shorten it | yes: *trusted* not to; every process that touches the missing pages gets SIGBUS, unless it has installed the [`guard`] | no: sealed |
//! | may write any byte at any time | *trusted* not to | **not trusted**: indices and sizes are validated or private, so safety does not depend on it |
//! | may punch holes (pages turn zero) | *trusted* not to | yes; it counts as writing zeros |
//! | may withhold service | yes | yes |
//!
//! On a sealed segment a hostile peer can make records hold any bytes, end or stall a stream, and
//! make operations return their `Corrupt` error, as each protocol's card says. A peer that runs the
//! machine out of memory can still make anybody's page fault fail.
//!
//! # Who creates, who cleans
//!
//! A named segment is *in use* while a process has it mapped, and *stale* when nobody has: the kernel
//! knows, also of processes that were killed.
//!
//! | you want | and nothing has the name | it is stale | it is in use |
//! |----------|--------------------------|-------------|--------------|
//! | [`create`](Directory::create) | new | an error | an error |
//! | [`attach`](Directory::attach) | an error | the old one | the old one |
//! | [`create_or_attach`](Directory::create_or_attach) | new | the old one | the old one |
//! | [`take_over`](Directory::take_over) | new | new | an error |
//! | [`clean`](Directory::clean) | nothing | removed | left alone |
//! | [`unlink`](Directory::unlink) | an error | removed | removed; its users keep it |
//!
//! The promises behind it are those of [`naming`](crate::protocol::naming). A [`sealed`] segment has no
//! name and takes no part.
//!
//! # Layout
//!
//! ```text
//! 0          128                            file size
//! +----------+------------------------------+
//! | Header   | object (aligned to 128)      |
//! +----------+------------------------------+
//! ```
//!
//! Words are little-endian. Records are identified by a name that their author gives them
//! ([`RecordId`]), their size and their alignment, never by what a compiler calls a type: programs
//! built by different toolchains attach to each other.

mod error;
mod failure;
mod file;
pub mod guard;
mod header;
mod kernel;
mod mapping;
mod named;
mod object;
mod record;
pub mod sealed;
mod shared;

pub use error::{
    AttachError, CapacityError, CleanError, ConfigError, CreateError, JoinError, NameError,
    OpenError, UnlinkError,
};
pub use header::{HEADER_SIZE, Header, LAYOUT_VERSION, LOCKS, MAGIC};
pub use named::{Cleaned, Directory, Origin};
pub use object::{DEFAULT_OWNERS, MAX_ALIGNMENT, MpmcQueue, Object, RingConfig, SpscRing, fixed};
pub use record::{Identity, ProtocolId, Record, RecordId};
pub use shared::Shared;

pub(crate) use file::attach_io;
pub(crate) use header::Contents;
pub(crate) use object::trailing;
