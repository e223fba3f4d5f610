//! # spsc: bounded ring, one producer process, one consumer process
//!
//! Fixed-size records, or a byte stream when the record is a `u8`: [`Producer::write`] and
//! [`Consumer::read`] move as much of a slice as fits. [`Ring`] lives in shared memory; each of the
//! two ends has one owner at a time, and passes on only when that is dead.
//!
//! Source: Lamport, "Proving the correctness of multiprocess programs", IEEE TSE 3(2), 1977;
//! owner-cached indices as in FastForward (Giacomoni et al., PPoPP 2008) and rtrb.
//!
//! Trust: a peer that writes the ring at will can make records hold any bytes, end the stream or
//! stall it (a page that turns to zero does so too); indices and sizes come from private memory, so
//! it cannot reach outside the ring. That a record which such a peer rewrites while it is copied is
//! merely garbage is *assumed* of the compiler, not proved: the copy is an ordinary one. The same
//! holds of two threads of one victim for which such a peer has cleared an end's word between two claims.
//!
//! Progress: `try_push`, `try_pop`, `write`, `read` and `close` are wait-free. `push` and `pop`
//! wait for the peer, for ever if it is stopped; they end when it is dead.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | `producer` | `U32`: whose the producer's end is ([`End`]) | its owner, who takes it over, a sweeper | both | nobody has come |
//! | `consumer` | `U32`: whose the consumer's end is | likewise | both | nobody has come |
//! | `head` | `U64`: records taken, modulo 2^64 | consumer | both | 0 |
//! | `tail` | `U64`: records published, modulo 2^64 | producer | both | 0 |
//! | `filled` | `Event`: the consumer sleeps on it | both | both | nobody sleeps |
//! | `freed` | `Event`: the producer sleeps on it | both | both | nobody sleeps |
//! | `slots` | exclusive payload, a power of two of them | producer | consumer | all bytes 0 |
//!
//! Bit budget: `head` and `tail` use all 64 bits and start anywhere; at 30 M records/s they wrap
//! after 19,000 years, and wrapping is harmless, since the capacity divides 2^64.
//!
//! ## States
//!
//! `tail - head` (modulo 2^64) is the number of records in the ring. P4 adds, C4 takes away. Each end is
//! *vacant*, then *owned* (A2), then *closed* (E1, F1), for good. A4 takes an owned end over from the dead;
//! S2 makes it *abandoned*, from which A2 claims it again. The new owner goes on where the dead one was.
//!
//! `Full` and `Empty` are said of the peer's position as P2 or C1 sees it, which may be an older one
//! than it has already: a producer that pushes, then finds the ring full, and a consumer that pops,
//! then finds it empty, may each have missed what the other had just done (store buffering). `PeerDead` is
//! said of an owner that was dead when P6 or C6 asked; another may have come since.
//!
//! ## Invariants
//!
//! - `I1`: `0 <= tail - head <= capacity`; anything else is corruption.
//! - `I2`: slots at positions `head .. tail` are the consumer's, all others the producer's.
//! - `I3`: an end has at most one living owner, so `tail` and `head` have one writer each at a time.
//!
//! I1 and I2 are *proved* to follow from I3, for every capacity and start: `proofs/INDEX.md`.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `A1` | claim: look at the end's word |
//! | `A2` | claim: own the end |
//! | `A3` | claim: is its owner dead? |
//! | `A4` | claim: take it over from the dead |
//! | `A5` | claim: read the end's position |
//! | `P1` | push: whose is the consumer's end? |
//! | `P2` | push: re-read `head` when the cached one leaves too little room |
//! | `P3` | push: write the slots |
//! | `P4` | push: publish them |
//! | `P5` | push: notify the consumer |
//! | `P6` | push: is the consumer dead? If so, P2 once more |
//! | `E1` | producer: close |
//! | `E2` | producer: notify the consumer |
//! | `C1` | pop: re-read `tail` when the cached one shows too little |
//! | `C2` | pop: whose is the producer's end? If nobody's any more, C1 once more |
//! | `C3` | pop: read the slots |
//! | `C4` | pop: free them |
//! | `C5` | pop: notify the producer |
//! | `C6` | pop: is the producer dead? If so, C1 once more |
//! | `F1` | consumer: close |
//! | `F2` | consumer: notify the producer |
//! | `S1` | sweep: does an end name the dead? |
//! | `S2` | sweep: abandon it |
//! | `S3` | sweep: notify the peer |
//!
//! ## Edges
//!
//! | edge | release | acquire | carries | scenario that fails without it |
//! |------|---------|---------|---------|--------------------------------|
//! | `PUBLISH` | `P4` | `C1` | the bytes of P3, to C3 | `spsc/fifo` |
//! | `FREE` | `C4` | `P2` | that C3 is over, to the next P3 on the slot | `spsc/lap` |
//! | `CLOSE` | `E1` | `C2` | all P4 before it, to the last C1 | `spsc/close_delivers_all` |
//! | `LEFT` | `S2` | `C2` | all P4 of the dead producer, to the last C1 | `spsc/swept` |
//! | `HEIR` | `S2` | `A2` | what the dead owner did, to the next owner's A5 and accesses to slots | `spsc/heir` |
//!
//! FREE keeps an earlier *load* in front of a store. A model without load buffering (RC11, and with
//! it every engine here) sees its loss only because the payload is checked for races. A4, P6 and C6 need
//! no edge: what the dead did happens-before (`Platform`).
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `A1` | nothing | nobody | nothing | everything |
//! | `A2` | an end owned by the dead | the peer when it has to wait for it, at once or when its slice ends; whoever claims the end | the peer takes what is there, then ends with `PeerDead`; another claims it by A3, A4 | nothing was moved |
//! | `A3` | nothing new | who claims next | A3 | as before it |
//! | `A4` | as after `A2` | as after `A2` | as after `A2` | as after `A2` |
//! | `A5` | as after `A2` | as after `A2` | as after `A2` | as after `A2` |
//! | `P1` | as after `A2` | as after `A2` | as after `A2` | the push did not happen |
//! | `P2` | as after `P1` | as after `P1` | as after `P1` | as after `P1` |
//! | `P3` | bytes that nobody will read | as after `P1` | as after `P1` | as after `P1` |
//! | `P4` | a published record, the consumer not woken | the consumer, when its slice ends | takes it, then as after `A2` | the record is delivered |
//! | `P5` | as after `A2` | as after `A2` | as after `A2` | every push that returned is delivered |
//! | `P6` | as after `P1` | as after `P1` | as after `P1` | as after `P1` |
//! | `E1` | a closed ring, the consumer not woken | the consumer, when its slice ends | takes what is there, then ends | a delay of at most one slice |
//! | `E2` | a closed ring | the consumer | takes what is there, then ends | everything |
//! | `C1` | as after `A2` | as after `A2` | fills the ring, then as after `A2` | the pop did not happen |
//! | `C2` | as after `C1` | as after `C1` | as after `C1` | as after `C1` |
//! | `C3` | a record read that still counts as there | as after `C1` | as after `C1`; the next consumer pops the record | the pop did not happen |
//! | `C4` | a free slot, the producer not woken | the producer, when its slice ends | uses it, then as after `A2` | the record is lost with the consumer; no other |
//! | `C5` | as after `A2` | as after `A2` | as after `C1` | as after `C4` |
//! | `C6` | as after `C1` | as after `C1` | as after `C1` | as after `C1` |
//! | `F1` | a closed ring, the producer not woken | the producer, when its slice ends | ends | a delay of at most one slice |
//! | `F2` | a closed ring | the producer | ends | everything |
//! | `S1` | what was left before it | the next survivor | A3, P6, C6 or S1 | as before it |
//! | `S2` | an abandoned end, the peer not woken | the peer, when its slice ends | as after `A2` | a delay of at most one slice |
//! | `S3` | an abandoned end | the peer | as after `A2` | everything |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `SPSC-1` | records arrive once each, in order, unchanged | `spsc/fifo`, `spsc/lap`, `spsc/positions_wrap`, `spsc/three_each`, `test:spsc_model/agrees_with_a_queue`, `test:exchange/ten_million_records` |
//! | `SPSC-2` | a slot is never touched by both ends at once | `spsc/fifo`, `spsc/lap`, `spsc/byte_stream`, `spsc/in_place`, `spsc/three_each` |
//! | `SPSC-3` | all that was pushed before `close` is delivered before `Closed` | `spsc/close_delivers_all`, `test:spsc_model/agrees_with_a_queue` |
//! | `SPSC-4` | no lost wake-up: a blocked end goes on when its peer makes room, fills or closes | `spsc/blocking`, `spsc/close_wakes_producer`, `spsc/close_delivers_all`, `test:exchange/ten_million_records` |
//! | `SPSC-5` | partial reads and writes move a prefix, in order; what is filled in place and not committed is not pushed, what is peeked and not consumed stays | `spsc/byte_stream`, `spsc/in_place`, `test:spsc_model/agrees_with_a_queue` |
//! | `SPSC-6` | an end has one living owner at a time; a closed one has none for good | `spsc/one_producer`, `spsc/heir` |
//! | `SPSC-7` | a timeout moves nothing | `spsc/timeout` |
//! | `SPSC-9` | whoever takes a dead owner's end over goes on where it was: what was published is delivered once, what was not popped is there | `spsc/heir`, `spsc/one_death`, `spsc/two_deaths` |
//! | `SPSC-10` | a call that waits for a dead peer ends with `PeerDead`, and a consumer's not before all that was published is taken | `spsc/one_death`, `spsc/two_deaths`, `spsc/swept`, `spsc/swept_while_asleep` |
//! | `SPSC-8` | histories are linearizable in happens-before order, each operation in one step, and strictly: one that a process died in does nothing after that; crossed refusals only one at a time (see *States*) | `spsc/history_closing`, `spsc/history_crossed`, `spsc/history_told`, `spsc/history_producer_dies`, `spsc/history_consumer_dies`, `test:histories/of_a_ring` |

use core::mem::offset_of;

use super::{Line, event::Event, registry::if_dead};
use crate::{
    layout::Field,
    platform::{AtomicWord, Ordering::*, Owner, Platform},
};

mod consumer;
mod cursor;
mod end;
mod error;
mod producer;

pub use consumer::{Consumer, Peeked};
pub use end::{Claim, End};
pub use error::{ClaimError, PopError, PopTimeoutError, PushError, PushTimeoutError};
pub use producer::{Producer, Reserved};

/// Whose the two ends are.
#[derive(Debug)]
#[repr(C)]
struct Ends<W> {
    producer: W,
    consumer: W,
}

/// A ring in shared memory: 640 bytes, then the slots. A zero page is a valid, empty ring.
///
/// `S` is `[P::Cell<T>]`; an array of them lets a ring be built in private memory and unsized.
#[derive(Debug)]
#[repr(C)]
pub struct Ring<P: Platform, S: ?Sized> {
    ends: Line<Ends<P::U32>>,
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
            ends: Line(Ends { producer: P::U32::new(0), consumer: P::U32::new(0) }),
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

    /// What consumers wait for.
    pub(crate) fn filled(&self) -> &Event<P> {
        &self.filled
    }

    /// What producers wait for.
    pub(crate) fn freed(&self) -> &Event<P> {
        &self.freed
    }

    /// Whose the producer's and the consumer's end are, for inspection; stale at once.
    pub fn ends(&self) -> [Claim; 2] {
        let Ends { producer, consumer } = &*self.ends;
        // ORDERING: Relaxed, hint: nothing is decided by it.
        [producer, consumer].map(|end| End(end.load(Relaxed)).claim())
    }

    /// Abandons the ends that `owner` has. To be called while it is dead: see
    /// [`registry::join`](super::registry::join).
    pub fn sweep(&self, ctx: &P::Ctx, owner: Owner) {
        let Ends { producer, consumer } = &*self.ends;
        let (dead, left) = (End::owned(owner).0, End::ABANDONED.0);
        for (end, peers) in [(producer, &self.filled), (consumer, &self.freed)] {
            // S1  ORDERING: Relaxed, hint: S2 re-checks it; what the dead wrote is seen (`Platform`).
            if end.load(Relaxed) != dead {
                continue;
            }
            // S2  ORDERING: Release, edge LEFT to C2: all that the dead producer pushed is visible.
            //     To the next owner: edge HEIR to A2: where the dead one was, and that it is over.
            //     On failure Relaxed, hint: another survivor did it.
            if end.compare_exchange(dead, left, Release, Relaxed).is_ok() {
                // S3  A peer that waits learns that nobody is there.
                peers.notify(ctx, 1);
            }
        }
    }
}

/// Makes an end `owner`'s, if nobody has it who lives.
fn claim<P: Platform>(end: &P::U32, ctx: &P::Ctx, owner: Owner) -> Result<(), ClaimError> {
    // A1  ORDERING: Relaxed, hint: A2 and A4 re-check it.
    let mut seen = End(end.load(Relaxed));
    loop {
        let claimed = match seen.claim() {
            Claim::Vacant | Claim::Abandoned => {
                // A2  ORDERING: Acquire, edge HEIR from S2: where the last owner was, and that it is over.
                //     On failure Relaxed, hint: the loop re-checks it.
                end.compare_exchange(seen.0, End::owned(owner).0, Acquire, Relaxed)
            }
            Claim::Owned(other) => {
                take_over::<P>(end, ctx, other, owner).ok_or(ClaimError::Taken)?
            }
            Claim::Closed => return Err(ClaimError::Closed),
        };
        match claimed {
            Ok(_) => return Ok(()), // I3
            Err(found) => seen = End(found),
        }
    }
}

/// Makes a dead owner's end `ours`, or says what was found instead; nothing if it lives, as far as is known.
#[cold]
fn take_over<P: Platform>(
    end: &P::U32,
    ctx: &P::Ctx,
    other: Owner,
    ours: Owner,
) -> Option<Result<u32, u32>> {
    // A3  Dead is never wrong, and nobody else is called so meanwhile.
    if_dead::<P, _>(ctx, other, || {
        // A4  ORDERING: Relaxed, chain: what the dead did, and what it had seen, is visible (`Platform`).
        //     On failure Relaxed, hint: the caller's loop re-checks it.
        end.compare_exchange(End::owned(other).0, End::owned(ours).0, Relaxed, Relaxed)
    })
}

impl<P: Platform, S> Ring<P, S> {
    const ENDS: usize = offset_of!(Self, ends);

    /// Name, offset and size of each word and of the slots, in order.
    #[must_use]
    pub const fn fields() -> [Field; 7] {
        [
            Field::new(
                "producer",
                Self::ENDS + offset_of!(Ends<P::U32>, producer),
                size_of::<P::U32>(),
            ),
            Field::new(
                "consumer",
                Self::ENDS + offset_of!(Ends<P::U32>, consumer),
                size_of::<P::U32>(),
            ),
            Field::new("head", offset_of!(Self, head), size_of::<P::U64>()),
            Field::new("tail", offset_of!(Self, tail), size_of::<P::U64>()),
            Field::new("filled", offset_of!(Self, filled), size_of::<Event<P>>()),
            Field::new("freed", offset_of!(Self, freed), size_of::<Event<P>>()),
            Field::new("slots", offset_of!(Self, slots), size_of::<S>()),
        ]
    }
}
