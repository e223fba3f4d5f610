//! Shared memory: data that several processes have before them at once.
//!
//! What is in a segment is one object, with a protocol that says who may touch it when. For plain data there are:
//!
//! | you want | use |
//! |----------|-----|
//! | one process to publish, all others to see the latest, nobody to wait | [`LatestCell`] |
//! | counters, flags, sums: single words, each changed in one step | [`AtomicCells`] |
//! | several to change the same data, each seeing what the last one did | [`mutex`](crate::mutex) |
//! | to hand every value on, in order | [`pipe`](crate::pipe), [`message_queue`](crate::message_queue), [`SpscRing`](crate::segment::SpscRing) |
//!
//! Each by name ([`Directory`]) or by descriptor ([`sealed`]).
//!
//! There is no plain reference into a segment: another process may write at any time, which a `&T` forbids. Values are
//! copied in and out, and a protocol says when a copy is whole.
//!
//! # A broken counter, and three cures
//! What makes shared memory hard is that a change is more than one step, and that others take theirs in between. The
//! classic:
//!
//! ```
//! # use selvedge::{segment::sealed, shared_memory::{AtomicCells, CellsConfig}};
//! # let (cells, _) = sealed::create::<AtomicCells>(CellsConfig::new(1))?;
//! // BROKEN: two processes read the same number, and one of their counts is lost.
//! let count = cells.load(0);
//! cells.store(0, count + 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The first cure is a lock, under which the steps are one to everybody who takes it, too. It is the one for data of
//! more than a word, and the one that says so when a holder died between two steps.
//!
//! ```
//! # use selvedge::{mutex::{MutexConfig, SharedMutex}, segment::sealed};
//! # let (shared, _) = sealed::create::<SharedMutex<u64>>(MutexConfig::of(0))?;
//! # let mutex = shared.handle()?;
//! mutex.lock().unwrap().update(|count| *count += 1);
//! # assert_eq!(mutex.lock().unwrap().get(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The second is a binary semaphore around the two steps: the same, but a holder that dies is waited for in vain.
//!
//! ```
//! # use selvedge::{segment::sealed, semaphore::{Semaphore, SemaphoreConfig}};
//! # use selvedge::shared_memory::{AtomicCells, CellsConfig};
//! # let (semaphore, _) = Semaphore::anonymous(SemaphoreConfig::binary())?;
//! # let (cells, _) = sealed::create::<AtomicCells>(CellsConfig::new(1))?;
//! semaphore.acquire()?;
//! cells.store(0, cells.load(0) + 1);
//! semaphore.release(1)?;
//! # assert_eq!(cells.load(0), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The third makes one step of it. It is the fastest, and enough where the data is one word.
//!
//! ```
//! # use selvedge::{segment::sealed, shared_memory::{AtomicCells, CellsConfig}};
//! # let (cells, _) = sealed::create::<AtomicCells>(CellsConfig::new(1))?;
//! cells.add(0, 1);
//! # assert_eq!(cells.load(0), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `cargo verify` counts in all four ways: the cures in `mutex/exclusion`, `semaphore/mutual_exclusion` and
//! `cells/counted`, where every execution counts 2; and the broken one, planted as `cells-counted-in-two-steps`, in
//! which it finds the lost count. `cargo run --example counter` counts with processes.
//!
//! # Against the kernel's
//!
//! | | `shm_overview(7)`, `memfd_create(2)` | here |
//! |-|--------------------------------------|------|
//! | what is in it | bytes | one object, whose kind, version and record are checked when a process attaches |
//! | a program that does not know this library | yes | what knows [the layout](crate::segment#layout) |
//! | larger or smaller later | `ftruncate` | **no**: create another |
//! | no memory left | SIGBUS at the first access to a page | an error when it is created |
//! | found before it is ready | between `shm_open` and the last write | never: it has its name once it is finished |
//! | to read alone | `O_RDONLY`, `PROT_READ`; `F_SEAL_FUTURE_WRITE` | [`LatestReader::attach`], [`CellsReader::attach`]; [`create_for_readers`](sealed::create_for_readers) |
//! | who died holding what | is not known | [`mutex`](crate::mutex), [`permits`](crate::permits), the writer of a [`LatestCell`] |
//! | the name stays | until it is unlinked, or the machine is booted | the same; [`clean`](Directory::clean) finds what nobody uses |
//!
//! # Whom is trusted
//! With a sealed segment nobody: a peer may write any bytes, which a reader gets then; no more. One that is
//! [for readers](sealed::create_for_readers) has only its creator's process to trust, and the children that it forks.
//! Under a name, whoever may open the file to write: see [`segment`](crate::segment).
//!
//! # If a process dies
//! Of a [`LatestCell`], the value before the writer's death stays, and another may be the writer, within some
//! milliseconds. Of [`AtomicCells`], what it did is there, and what it did not is not. No reader ever waits.
//!
//! # After a restart
//! Memory is as it was: a named segment outlives its processes. A writer that is restarted goes on behind the last
//! value, of which a reader tells it value and number; a reader finds the latest, and what came between is gone.
//! `core/examples/shared_memory.rs` is a writer that is killed again and again, and skips nothing.
//!
//! # Examples
//! ```
//! use selvedge::{
//!     segment::sealed,
//!     shared_memory::{LatestCell, LatestConfig, LatestReader},
//! };
//!
//! let (cell, descriptor) = sealed::create::<LatestCell<f64>>(LatestConfig::of(19.5))?;
//! let mut writer = cell.writer()?;
//!
//! // Usually in another process.
//! let reader = LatestReader::<f64>::inherit(descriptor)?;
//! assert_eq!(reader.read(), 19.5);
//! writer.write(20.25);
//! assert_eq!(reader.read(), 20.25);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cells;
mod latest;

pub use cells::{AtomicCells, CellsConfig, CellsReader};
pub use latest::{LatestCell, LatestConfig, LatestReader, LatestWriter};

#[cfg(doc)]
use crate::segment::{Directory, sealed};
