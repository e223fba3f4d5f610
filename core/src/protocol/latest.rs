//! # latest: the latest value of one writer; a reader gets it whole, and holds nobody up
//!
//! [`Cell`] lives in shared memory. The writer has a [`Writer`], and any number of readers a [`Reader`].
//!
//! Source: sequence locks after Boehm, "Can seqlocks get along with programming language memory models?",
//! MSPC 2012; of two copies the writer changes the one that nobody is to read, as with Linux's
//! `seqcount_latch_t`, so that a writer who is slow, stopped or dead in the middle leaves the latest whole one.
//!
//! Trust: whoever may write the memory can tear a value, withhold one or take one back; a reader then gets any
//! bytes, or tries again for as long as the version keeps changing. It cannot do more.
//!
//! Progress: `write` is wait-free. `read` is lock-free: it tries again if another version was written while
//! it copied; `try_read` gives up after so many tries.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | `version` | `U64`: how many values were written | the writer | all | 0 |
//! | `copies` | two values, racy payload; version `v` is in copy `v` mod 2 | the writer | readers | all bytes 0 |
//!
//! Bit budget: 64 bits of version; at 30 million a second they wrap after 19,000 years.
//!
//! ## States
//!
//! Version `v` is in its copy, whole, from W4 on until the W3 of version `v + 2`. Before any W4 that is version 0,
//! the value that the cell was made with.
//!
//! ## Invariants
//!
//! - `I1`: there is one writer at a time: the owner of slot 0 of the segment's registry, which has no other.
//! - `I2`: W3 of version `v + 2` comes after W4 of version `v + 1`.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `W1` | writer: where the last one was |
//! | `W2` | write: fence |
//! | `W3` | write: change the other copy |
//! | `W4` | write: publish it |
//! | `R1` | read: which version is the latest? |
//! | `R2` | read: fence |
//! | `R3` | read: copy it |
//! | `R4` | read: fence |
//! | `R5` | read: is it the latest still? |
//!
//! ## Edges
//!
//! | edge | release | acquire | carries | scenario that fails without it |
//! |------|---------|---------|---------|--------------------------------|
//! | `PUBLISH` | `W4` | `R2` | the bytes of W3 | `latest/never_torn` |
//! | `RECYCLE` | `W2` | `R4` | the W4 before, to the R5 of who read any byte of W3 | `latest/never_torn` |
//!
//! A reader's loads are relaxed, and its fences stand apart, because of all loads only those are defined on memory that
//! is mapped to read alone (`core::sync::atomic`, "Atomic accesses to read-only memory").
//!
//! W1 needs none: what a dead writer did happens-before it (`Platform`), and so does what one did that left.
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `W1` | nothing | nobody | nothing | nothing |
//! | `W2` | nothing | nobody | nothing | the value before stays |
//! | `W3` | a copy that nobody reads | nobody | the next writer overwrites it | the value before stays |
//! | `W4` | nothing | nobody | nothing | the value is there |
//! | `R1` | nothing | nobody | nothing | nothing |
//! | `R2` | nothing | nobody | nothing | nothing |
//! | `R3` | nothing | nobody | nothing | nothing |
//! | `R4` | nothing | nobody | nothing | nothing |
//! | `R5` | nothing | nobody | nothing | nothing |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `LATEST-1` | a value that is read was written, or was there from the start: none is torn | `latest/never_torn`, `latest/writer_dies` |
//! | `LATEST-2` | a reader gets no older value than it got before | `latest/never_torn` |
//! | `LATEST-3` | a writer that dies anywhere keeps no reader waiting, and another goes on | `latest/writer_dies` |

use core::{cell, marker::PhantomData, mem::offset_of};

use super::{Line, SharedRef};
use crate::{
    layout::Field,
    platform::{AtomicWord, Ordering::*, Platform, Pod, RacyCell},
};

/// A cell in shared memory: 128 bytes, then two copies of the value. A zero page is a cell that holds zeros.
#[repr(C)]
pub struct Cell<P: Platform, T: Pod> {
    version: Line<P::U64>,
    copies: [Line<P::Racy<T>>; 2],
}

impl<P: Platform, T: Pod> core::fmt::Debug for Cell<P, T> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Cell(..)")
    }
}

/// Which of the copies a version is in.
const fn place(version: u64) -> usize {
    (version % 2) as usize
}

impl<P: Platform, T: Pod> Cell<P, T> {
    /// A cell outside shared memory that holds `value`.
    pub fn new(value: T) -> Self {
        let copy = || Line(P::Racy::<T>::new(value));
        Self { version: Line(P::U64::new(0)), copies: [copy(), copy()] }
    }

    /// Gives a zeroed cell that no other participant has seen yet its first value.
    pub fn init(&self, value: T) {
        self.copies[0].write(value);
    }

    /// How many values were written, for inspection; stale at once.
    pub fn version(&self) -> u64 {
        // ORDERING: Relaxed, hint: nothing is decided by it.
        self.version.load(Relaxed)
    }

    /// Name, offset and size of each word, in order.
    #[must_use]
    pub const fn fields() -> [Field; 2] {
        [
            Field::new("version", offset_of!(Self, version), size_of::<P::U64>()),
            Field::new("copies", offset_of!(Self, copies), size_of::<[Line<P::Racy<T>>; 2]>()),
        ]
    }
}

/// The writer's handle. It may move between threads, not be shared by them.
#[derive(Debug)]
pub struct Writer<P: Platform, T, R> {
    cell: R,
    ctx: P::Ctx,
    version: u64,
    not_sync: PhantomData<cell::Cell<T>>,
}

impl<P: Platform, T: Pod, R: SharedRef<Target = Cell<P, T>>> Writer<P, T, R> {
    /// The handle of a writer who owns slot 0 of the registry, in the context `ctx`. It goes on after the last.
    pub fn attach(cell: R, ctx: P::Ctx) -> Self {
        // W1  ORDERING: Relaxed, own: nobody else writes it (I1).
        let version = cell.version.load(Relaxed);
        Self { cell, ctx, version, not_sync: PhantomData }
    }

    /// Makes `value` the latest. Wait-free.
    ///
    /// # If a process dies
    /// In the middle of this call: the value before stays, or this one is there.
    pub fn write(&mut self, value: T) {
        P::enter(&self.ctx);
        let next = self.version.wrapping_add(1);
        // W2  ORDERING: Release, edge RECYCLE to R4: who reads a byte of W3 sees the last W4 at its R5 (I2).
        P::fence(Release);
        // W3  Nobody reads this copy who does not look again.
        self.cell.copies[place(next)].write(value);
        // W4  ORDERING: Release, edge PUBLISH to R2: carries the bytes of W3.
        self.cell.version.store(next, Release);
        self.version = next;
    }
}

/// A reader's handle. It needs no slot of the registry.
#[derive(Debug)]
pub struct Reader<P: Platform, T, R> {
    cell: R,
    platform: PhantomData<fn() -> (P, T)>,
}

impl<P: Platform, T, R: Clone> Clone for Reader<P, T, R> {
    fn clone(&self) -> Self {
        Self { cell: self.cell.clone(), platform: PhantomData }
    }
}

impl<P: Platform, T: Pod, R: SharedRef<Target = Cell<P, T>>> Reader<P, T, R> {
    /// A handle that reads.
    pub fn attach(cell: R) -> Self {
        Self { cell, platform: PhantomData }
    }

    /// What it reads.
    pub fn cell(&self) -> &R {
        &self.cell
    }

    /// The latest value, and how many were written before it. Tries again while the writer is fast.
    pub fn read(&self) -> (T, u64) {
        loop {
            if let Some(read) = self.try_read() {
                return read;
            }
            P::give_way();
        }
    }

    /// The latest value, and how many were written before it; nothing if another was written meanwhile. Wait-free.
    pub fn try_read(&self) -> Option<(T, u64)> {
        let cell = &*self.cell;
        // R1  ORDERING: Relaxed, hint: R2 makes what it names visible, and R5 looks again.
        let version = cell.version.load(Relaxed);
        // R2  ORDERING: Acquire, edge PUBLISH from W4: R3 sees the bytes.
        P::fence(Acquire);
        // R3  They may be overwritten meanwhile; then R5 tells.
        let value = cell.copies[place(version)].read();
        // R4  ORDERING: Acquire, edge RECYCLE from W2: R5 sees the W4 before whatever R3 saw.
        P::fence(Acquire);
        // R5  ORDERING: Relaxed, hint: it is compared, nothing else; R4 makes it recent enough.
        (cell.version.load(Relaxed) == version).then_some((value, version))
    }
}
