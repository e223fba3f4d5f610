//! # cells: words that several processes read, write and change, each change in one step
//!
//! [`Cells`] live in shared memory and need no handle. What lost updates look like where a change is two steps, and
//! the cures, is shown in [`shared_memory`](crate::shared_memory).
//!
//! Source: the atomic read-modify-write of C++20, §31.7 "Order and consistency" ([atomics.order]): it reads the last
//! value of the modification order before its own write.
//!
//! Trust: whoever may write the memory can put any number into a cell at any time. It cannot do more.
//!
//! Progress: all operations are wait-free, as far as the machine's instructions are.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | `cells` | `U64` each | all | all | 0 each |
//!
//! Bit budget: 64 bits; adding wraps.
//!
//! ## States
//!
//! Any number. Each operation is one step on one cell.
//!
//! ## Invariants
//!
//! None: whatever the cells mean together is the users' to keep, by a mutex for instance.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `L1` | load |
//! | `L2` | load: fence |
//! | `S1` | store |
//! | `A1` | add: change, and say what was there before |
//! | `X1` | compare-exchange: change what is as expected |
//!
//! ## Edges
//!
//! | edge | release | acquire | carries | scenario that fails without it |
//! |------|---------|---------|---------|--------------------------------|
//! | `STORED` | `S1` | `L2` | what the writer did before | `cells/handed_over` |
//! | `ADDED` | `A1` | `A1` | what whoever added before did | `cells/counted` |
//! | `EXCHANGED` | `X1` | `X1` | what whoever exchanged before did | `cells/exchanged` |
//!
//! Any pair of a releasing and an acquiring step on one cell is such an edge; these are the ones that are tried.
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `L1` | nothing | nobody | nothing | nothing |
//! | `L2` | nothing | nobody | nothing | nothing |
//! | `S1` | nothing | nobody | nothing | the value is there |
//! | `A1` | nothing | nobody | nothing | it was added, once |
//! | `X1` | nothing | nobody | nothing | it was exchanged, if it was as expected |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `CELLS-1` | a change is one step: of changes at the same time none is lost | `cells/counted`, `cells/exchanged` |
//! | `CELLS-2` | what a process did before it stored, added or exchanged is visible to whoever finds that | `cells/handed_over`, `cells/counted`, `cells/exchanged` |
//! | `CELLS-3` | a process that dies has taken a step, or has not | `cells/one_dies` |

use core::{fmt, marker::PhantomData};

use crate::{
    layout::Field,
    platform::{AtomicWord, Ordering::*, Platform},
};

/// Cells in shared memory: eight bytes each, one after the other.
///
/// `S` is `[P::U64]`; an array of them lets cells be built in private memory and unsized.
#[repr(C)]
pub struct Cells<P: Platform, S: ?Sized> {
    platform: PhantomData<fn() -> P>,
    cells: S,
}

/// The cells of a platform.
pub type Words<P> = [<P as Platform>::U64];

impl<P: Platform, S: ?Sized> fmt::Debug for Cells<P, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cells(..)")
    }
}

impl<P: Platform, S> Cells<P, S> {
    /// Cells outside shared memory.
    pub fn new(cells: S) -> Self {
        Self { platform: PhantomData, cells }
    }

    /// Name, offset and size of the cells.
    #[must_use]
    pub const fn fields() -> [Field; 1] {
        [Field::new("cells", 0, size_of::<S>())]
    }
}

/// Cells are counted from 0.
impl<P: Platform> Cells<P, Words<P>> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.cells.len()
    }

    /// What is in a cell. All that was done before it was put there is visible.
    ///
    /// # Panics
    /// If there is no cell of that number.
    pub fn load(&self, cell: usize) -> u64 {
        // L1  ORDERING: Relaxed, hint: L2 makes what the writer did visible.
        let value = self.cells[cell].load(Relaxed);
        // L2  ORDERING: Acquire, edge STORED from S1: a fence, because the memory may be mapped to read alone.
        P::fence(Acquire);
        value
    }

    /// Puts a value into a cell, whatever was there.
    ///
    /// # Panics
    /// If there is no cell of that number.
    pub fn store(&self, cell: usize, value: u64) {
        // S1  ORDERING: Release, edge STORED to L2: carries what this process did.
        self.cells[cell].store(value, Release);
    }

    /// Adds to a cell, wrapping around; returns what was there before.
    ///
    /// # Panics
    /// If there is no cell of that number.
    pub fn add(&self, cell: usize, amount: u64) -> u64 {
        // A1  ORDERING: AcqRel, edge ADDED from A1: what others did before they added is visible,
        //     edge ADDED to A1: and so is this to who adds next.
        self.cells[cell].fetch_add(amount, AcqRel)
    }

    /// Puts `new` into a cell if `expected` is there.
    ///
    /// # Errors
    /// What is there instead. What was done before that was put there need not be visible.
    ///
    /// # Panics
    /// If there is no cell of that number.
    pub fn compare_exchange(&self, cell: usize, expected: u64, new: u64) -> Result<u64, u64> {
        // X1  ORDERING: AcqRel, edge EXCHANGED from X1: as above,
        //     edge EXCHANGED to X1: both ways.
        //     On failure Relaxed, hint: whoever decides by it exchanges again.
        self.cells[cell].compare_exchange(expected, new, AcqRel, Relaxed)
    }
}
