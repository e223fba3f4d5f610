//! # spsc: bounded ring, one producer process, one consumer process
//!
//! Fixed-size records, or a byte stream when the record is a `u8`: [`Producer::write`] and
//! [`Consumer::read`] move as much of a slice as fits. [`Ring`] lives in shared memory; each of the
//! two ends is claimed once in the ring's life.
//!
//! Source: Lamport, "Proving the correctness of multiprocess programs", IEEE TSE 3(2), 1977;
//! owner-cached indices as in FastForward (Giacomoni et al., PPoPP 2008) and rtrb.
//!
//! Trust: a peer that writes the ring at will can make records hold any bytes, end the stream or
//! stall it (a page that turns to zero does so too); indices and sizes come from private memory, so
//! it cannot reach outside the ring. That a record which such a peer rewrites while it is copied is
//! merely garbage is *assumed* of the compiler, not proved: the copy is an ordinary one. The same
//! holds of two threads of one victim for which such a peer has cleared `ends` between two claims.
//!
//! Progress: `try_push`, `try_pop`, `write`, `read` and `close` are wait-free. `push` and `pop`
//! wait for the peer, for ever if it is stopped.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | `ends` | `U32`: a bit for each end claimed, and closed | both | both | nobody has come |
//! | `head` | `U64`: records taken, modulo 2^64 | consumer | producer | 0 |
//! | `tail` | `U64`: records published, modulo 2^64 | producer | consumer | 0 |
//! | `filled` | `Event`: the consumer sleeps on it | both | both | nobody sleeps |
//! | `freed` | `Event`: the producer sleeps on it | both | both | nobody sleeps |
//! | `slots` | exclusive payload, a power of two of them | producer | consumer | all bytes 0 |
//!
//! Bit budget: `head` and `tail` use all 64 bits and start anywhere; at 30 M records/s they wrap
//! after 19,000 years, and wrapping is harmless, since the capacity divides 2^64.
//!
//! ## States
//!
//! `tail - head` (modulo 2^64) is the number of records in the ring. P4 adds, C4 takes away. Each
//! end is vacant, then claimed (A1, B1), then closed (E1, F1), for good.
//!
//! `Full` and `Empty` are said of the peer's position as P2 or C1 sees it, which may be an older one
//! than it has already: a producer that pushes, then finds the ring full, and a consumer that pops,
//! then finds it empty, may each have missed what the other had just done (store buffering).
//!
//! ## Invariants
//!
//! - `I1`: `0 <= tail - head <= capacity`; anything else is corruption.
//! - `I2`: slots at positions `head .. tail` are the consumer's, all others the producer's.
//! - `I3`: an end is claimed by at most one handle ever, so `tail` and `head` have one writer each.
//!
//! I1 and I2 are *proved* to follow from I3, for every capacity and start: `proofs/INDEX.md`.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `A1` | producer: claim the end |
//! | `A2` | producer: read its own position |
//! | `P1` | push: has the consumer closed? |
//! | `P2` | push: re-read `head` when the cached one leaves too little room |
//! | `P3` | push: write the slots |
//! | `P4` | push: publish them |
//! | `P5` | push: notify the consumer |
//! | `E1` | producer: close |
//! | `E2` | producer: notify the consumer |
//! | `B1` | consumer: claim the end |
//! | `B2` | consumer: read its own position |
//! | `C1` | pop: re-read `tail` when the cached one shows too little |
//! | `C2` | pop: has the producer closed? If so, C1 once more |
//! | `C3` | pop: read the slots |
//! | `C4` | pop: free them |
//! | `C5` | pop: notify the producer |
//! | `F1` | consumer: close |
//! | `F2` | consumer: notify the producer |
//!
//! ## Edges
//!
//! | edge | release | acquire | carries | scenario that fails without it |
//! |------|---------|---------|---------|--------------------------------|
//! | `PUBLISH` | `P4` | `C1` | the bytes of P3, to C3 | `spsc/fifo` |
//! | `FREE` | `C4` | `P2` | that C3 is over, to the next P3 on the slot | `spsc/lap` |
//! | `CLOSE` | `E1` | `C2` | all P4 before it, to the last C1 | `spsc/close_delivers_all` |
//!
//! FREE keeps an earlier *load* in front of a store. A model without load buffering (RC11, and with
//! it every engine here) sees its loss only because the payload is checked for races.
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `A1` | a claimed end | nobody | finds the ring empty, and waits | nothing was pushed |
//! | `A2` | as after `A1` | nobody | as after `A1` | as after `A1` |
//! | `P1` | nothing of the record | nobody | as after `A1` | the push did not happen |
//! | `P2` | as after `P1` | nobody | as after `P1` | as after `P1` |
//! | `P3` | bytes that nobody will read | nobody | as after `P1` | as after `P1` |
//! | `P4` | a published record, the consumer not woken | the consumer, when its slice ends | takes it | the record is delivered |
//! | `P5` | a ring that is not closed | nobody | takes what is there, then waits | every push that returned is delivered |
//! | `E1` | a closed ring, the consumer not woken | the consumer, when its slice ends | takes what is there, then ends | a delay of at most one slice |
//! | `E2` | a closed ring | the consumer | takes what is there, then ends | everything |
//! | `B1` | a claimed end | nobody | fills the ring, and waits | nothing was popped |
//! | `B2` | as after `B1` | nobody | as after `B1` | as after `B1` |
//! | `C1` | records not taken | nobody | as after `B1` | the pop did not happen |
//! | `C2` | as after `C1` | nobody | as after `C1` | as after `C1` |
//! | `C3` | a record taken that still counts as there | nobody | as after `C1` | the record is lost with the consumer |
//! | `C4` | a free slot, the producer not woken | the producer, when its slice ends | uses it | a delay of at most one slice |
//! | `C5` | a ring that is not closed | nobody | fills the ring, and waits | everything |
//! | `F1` | a closed ring, the producer not woken | the producer, when its slice ends | ends | a delay of at most one slice |
//! | `F2` | a closed ring | the producer | ends | everything |
//!
//! No death is *noticed* yet: a survivor that waits for a dead peer waits until its deadline.
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `SPSC-1` | records arrive once each, in order, unchanged | `spsc/fifo`, `spsc/lap`, `spsc/positions_wrap`, `spsc/three_each`, `test:spsc_model/agrees_with_a_queue`, `test:exchange/ten_million_records` |
//! | `SPSC-2` | a slot is never touched by both ends at once | `spsc/fifo`, `spsc/lap`, `spsc/byte_stream`, `spsc/three_each` |
//! | `SPSC-3` | all that was pushed before `close` is delivered before `Closed` | `spsc/close_delivers_all`, `test:spsc_model/agrees_with_a_queue` |
//! | `SPSC-4` | no lost wake-up: a blocked end goes on when its peer makes room, fills or closes | `spsc/blocking`, `spsc/close_wakes_producer`, `spsc/close_delivers_all`, `test:exchange/ten_million_records` |
//! | `SPSC-5` | partial reads and writes move a prefix, in order | `spsc/byte_stream`, `test:spsc_model/agrees_with_a_queue` |
//! | `SPSC-6` | each end is claimed at most once | `spsc/one_producer` |
//! | `SPSC-7` | a timeout moves nothing | `spsc/timeout` |
//! | `SPSC-8` | histories are linearizable in happens-before order, each operation in one step; crossed refusals only one at a time (see *States*) | `spsc/history_closing`, `spsc/history_crossed`, `spsc/history_told`, `test:histories/of_a_ring` |

use core::mem::offset_of;

use super::{Line, event::Event};
use crate::{
    layout::Field,
    platform::{AtomicWord, Ordering::*, Platform},
};

mod consumer;
mod cursor;
mod error;
mod producer;

pub use consumer::Consumer;
pub use error::{ClaimError, PopError, PopTimeoutError, PushError, PushTimeoutError};
pub use producer::Producer;

/// A value of the `ends` word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct Ends(pub u32);

impl Ends {
    /// The producer's end has an owner.
    pub const PRODUCER_CLAIMED: u32 = 1;
    /// The consumer's end has an owner.
    pub const CONSUMER_CLAIMED: u32 = 2;
    /// Nothing more will be pushed.
    pub const PRODUCER_CLOSED: u32 = 4;
    /// Nothing more will be popped.
    pub const CONSUMER_CLOSED: u32 = 8;

    /// Are all of these bits set?
    #[must_use]
    pub const fn has(self, bits: u32) -> bool {
        self.0 & bits == bits
    }
}

/// A ring in shared memory: 640 bytes, then the slots. A zero page is a valid, empty ring.
///
/// `S` is `[P::Cell<T>]`; an array of them lets a ring be built in private memory and unsized.
#[derive(Debug)]
#[repr(C)]
pub struct Ring<P: Platform, S: ?Sized> {
    ends: Line<P::U32>,
    head: Line<P::U64>,
    tail: Line<P::U64>,
    filled: Line<Event<P>>,
    freed: Line<Event<P>>,
    slots: S,
}

/// The slots of a ring of `T`.
pub type Slots<P, T> = [<P as Platform>::Cell<T>];

impl<P: Platform, S> Ring<P, S> {
    /// A ring outside shared memory, its counters starting at `start`.
    pub fn new(start: u64, slots: S) -> Self {
        Self {
            ends: Line(P::U32::new(0)),
            head: Line(P::U64::new(start)),
            tail: Line(P::U64::new(start)),
            filled: Line(Event::new(start as u32)),
            freed: Line(Event::new(start as u32)),
            slots,
        }
    }
}

impl<P: Platform, S: ?Sized> Ring<P, S> {
    /// Makes an empty ring of a zeroed one that no other participant has seen yet, its counters
    /// starting at `start`.
    pub fn init(&self, start: u64) {
        // ORDERING: Relaxed, exclusive: the segment is not published yet (both stores).
        self.head.store(start, Relaxed);
        self.tail.store(start, Relaxed);
        self.filled.init(start as u32);
        self.freed.init(start as u32);
    }

    /// Which ends are claimed and closed, for inspection; stale at once.
    pub fn ends(&self) -> Ends {
        // ORDERING: Relaxed, hint: nothing is decided by it.
        Ends(self.ends.load(Relaxed))
    }
}

impl<P: Platform, S> Ring<P, S> {
    /// Name, offset and size of each word and of the slots, in order.
    #[must_use]
    pub const fn fields() -> [Field; 6] {
        [
            Field::new("ends", offset_of!(Self, ends), size_of::<P::U32>()),
            Field::new("head", offset_of!(Self, head), size_of::<P::U64>()),
            Field::new("tail", offset_of!(Self, tail), size_of::<P::U64>()),
            Field::new("filled", offset_of!(Self, filled), size_of::<Event<P>>()),
            Field::new("freed", offset_of!(Self, freed), size_of::<Event<P>>()),
            Field::new("slots", offset_of!(Self, slots), size_of::<S>()),
        ]
    }
}
