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
//! stall it; indices and sizes come from private memory, so it cannot reach outside the ring. That
//! a record which such a peer rewrites while it is copied is merely garbage is *assumed* of the
//! compiler, not proved: the copy is an ordinary one.
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
//! ## Invariants
//!
//! - `I1`: `0 <= tail - head <= capacity`; anything else is corruption.
//! - `I2`: slots at positions `head .. tail` are the consumer's, all others the producer's.
//! - `I3`: an end is claimed by at most one handle ever, so `tail` and `head` have one writer each.
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
//! | `SPSC-1` | records arrive once each, in order, unchanged | `spsc/fifo`, `spsc/lap`, `spsc/positions_wrap`, `test:spsc_model/agrees_with_a_queue`, `test:exchange/ten_million_records` |
//! | `SPSC-2` | a slot is never touched by both ends at once | `spsc/fifo`, `spsc/lap`, `spsc/byte_stream` |
//! | `SPSC-3` | all that was pushed before `close` is delivered before `Closed` | `spsc/close_delivers_all`, `test:spsc_model/agrees_with_a_queue` |
//! | `SPSC-4` | no lost wake-up: a blocked end goes on when its peer makes room, fills or closes | `spsc/blocking`, `spsc/close_wakes_producer`, `spsc/close_delivers_all`, `test:exchange/ten_million_records` |
//! | `SPSC-5` | partial reads and writes move a prefix, in order | `spsc/byte_stream`, `test:spsc_model/agrees_with_a_queue` |
//! | `SPSC-6` | each end is claimed at most once | `spsc/one_producer` |
//! | `SPSC-7` | a timeout moves nothing | `spsc/timeout` |

use core::{cell::Cell, marker::PhantomData, mem::offset_of, time::Duration};

use super::{Line, SharedRef, event::Event};
use crate::{
    layout::Field,
    platform::{AtomicWord, DataCell, Ordering::*, Platform, Pod},
};

mod cursor;
mod error;

use cursor::Cursor;
pub use error::{ClaimError, PopError, PopTimeoutError, PushError, PushTimeoutError};

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

/// The producer's end.
///
/// One handle in all processes together; it may move between threads, not be shared by them.
/// Dropping it leaves the ring open: [`close`](Self::close) it.
#[derive(Debug)]
pub struct Producer<P: Platform, T: Pod, R> {
    ring: R,
    ctx: P::Ctx,
    cursor: Cursor,
    not_sync: PhantomData<Cell<T>>,
}

impl<P: Platform, T: Pod, R: SharedRef<Target = Ring<P, Slots<P, T>>>> Producer<P, T, R> {
    /// Claims the producer's end of `ring`.
    ///
    /// # Errors
    /// [`ClaimError::Taken`] if it was ever claimed before; [`ClaimError::Capacity`] if the number
    /// of slots is not a power of two.
    pub fn claim(ring: R, ctx: P::Ctx) -> Result<Self, ClaimError> {
        let capacity = cursor::capacity(ring.slots.len())?;
        // A1  ORDERING: Relaxed, count: no data hangs on it, the ring was published with the segment.
        let before = Ends(ring.ends.fetch_or(Ends::PRODUCER_CLAIMED, Relaxed));
        if before.has(Ends::PRODUCER_CLAIMED) {
            return Err(ClaimError::Taken); // I3
        }
        // A2  ORDERING: Relaxed, own: nobody else writes it (I3).
        let tail = ring.tail.load(Relaxed);
        // Nothing was pushed before the end was claimed: `head` is here too.
        Ok(Self { ring, ctx, cursor: Cursor::new(tail, tail, capacity), not_sync: PhantomData })
    }

    /// Number of slots.
    pub fn capacity(&self) -> u64 {
        self.cursor.capacity()
    }

    /// Pushes a record if there is room. Wait-free.
    ///
    /// # Errors
    /// [`PushError`], which hands the record back. `Closed` may come late: a record pushed while the
    /// consumer closes is lost with the ring.
    pub fn try_push(&mut self, value: T) -> Result<(), PushError<T>> {
        let Self { ring, ctx, cursor, .. } = self;
        try_push(ring, ctx, cursor, value)
    }

    /// Pushes a record, waiting for room as long as it takes.
    ///
    /// # Errors
    /// [`PushError::Closed`] or [`PushError::Corrupt`], with the record.
    ///
    /// # If a process dies
    /// A dead consumer is not noticed: the call waits.
    pub fn push(&mut self, value: T) -> Result<(), PushError<T>> {
        match self.push_until(value, None) {
            Ok(()) => Ok(()),
            Err(PushTimeoutError::Closed(value)) => Err(PushError::Closed(value)),
            Err(PushTimeoutError::Corrupt(value)) => Err(PushError::Corrupt(value)),
            Err(PushTimeoutError::TimedOut(_)) => unreachable!("no deadline was given"),
        }
    }

    /// [`push`](Self::push), for at most `timeout`.
    ///
    /// # Errors
    /// [`PushTimeoutError`], which hands the record back.
    pub fn push_timeout(&mut self, value: T, timeout: Duration) -> Result<(), PushTimeoutError<T>> {
        let until = P::deadline(&self.ctx, timeout);
        self.push_until(value, until)
    }

    /// [`push`](Self::push), until the absolute moment `until`.
    ///
    /// # Errors
    /// [`PushTimeoutError`], which hands the record back.
    pub fn push_until(
        &mut self,
        value: T,
        until: Option<P::Instant>,
    ) -> Result<(), PushTimeoutError<T>> {
        let Self { ring, ctx, cursor, .. } = self;
        let outcome = ring.freed.wait_until(ctx, until, || {
            match try_push(ring, ctx, cursor, value) {
                Ok(()) => Some(Ok(())),
                Err(PushError::Full(_)) => None,
                Err(PushError::Closed(value)) => Some(Err(PushTimeoutError::Closed(value))),
                Err(PushError::Corrupt(value)) => Some(Err(PushTimeoutError::Corrupt(value))),
            }
        });
        outcome.unwrap_or(Err(PushTimeoutError::TimedOut(value)))
    }

    /// Writes a prefix of `values`, as much as there is room for. Wait-free. Returns its length,
    /// at least 1 unless `values` is empty.
    ///
    /// # Errors
    /// [`PushError`] if nothing could be written.
    pub fn write(&mut self, values: &[T]) -> Result<usize, PushError<()>> {
        if values.is_empty() {
            return Ok(0);
        }
        let Self { ring, ctx, cursor, .. } = self;
        let room = room(ring, cursor, values.len() as u64)?;
        let values = &values[..values.len().min(room)];
        let (first, second) = cursor.ranges(values.len());
        let (start, wrapped) = values.split_at(first.len());
        // P3  SAFETY: free positions (`room`, I2), masked into the slots; the only producer (I3).
        unsafe { P::Cell::write_slice(&ring.slots[first], start) };
        // P3  SAFETY: as above.
        unsafe { P::Cell::write_slice(&ring.slots[second], wrapped) };
        publish(ring, ctx, cursor, values.len());
        Ok(values.len())
    }

    /// Closes the ring: the consumer takes what is in it, then finds the end. Wait-free.
    pub fn close(self) {
        // E1  ORDERING: Release, edge CLOSE to C2: carries every push before.
        self.ring.ends.fetch_or(Ends::PRODUCER_CLOSED, Release);
        // E2  A consumer that waits for a record learns that none will come.
        self.ring.filled.notify(&self.ctx, 1);
    }
}

/// How many slots are free, at least 1; looks at the consumer's position if fewer than `wanted` are
/// known to be.
#[inline]
fn room<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    cursor: &mut Cursor,
    wanted: u64,
) -> Result<usize, PushError<()>> {
    // P1  ORDERING: Relaxed, hint: a push that misses it goes to a ring that nobody reads.
    if Ends(ring.ends.load(Relaxed)).has(Ends::CONSUMER_CLOSED) {
        return Err(PushError::Closed(()));
    }
    if cursor.capacity().wrapping_sub(cursor.ahead_of_peer()) < wanted {
        // P2  ORDERING: Acquire, edge FREE from C4: P3 must not overwrite a slot still being read.
        cursor.see_peer(ring.head.load(Acquire));
    }
    match cursor.capacity().checked_sub(cursor.ahead_of_peer()) {
        None => Err(PushError::Corrupt(())), // I1 is checked, not assumed.
        Some(0) => Err(PushError::Full(())),
        Some(room) => Ok(room as usize),
    }
}

#[inline]
fn try_push<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    ctx: &P::Ctx,
    cursor: &mut Cursor,
    value: T,
) -> Result<(), PushError<T>> {
    room(ring, cursor, 1).map_err(|error| error.with(value))?;
    // P3  SAFETY: a free position (`room`, I2), masked into the slots; the only producer (I3).
    unsafe { ring.slots[cursor.index()].write(value) };
    publish(ring, ctx, cursor, 1);
    Ok(())
}

#[inline]
fn publish<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    ctx: &P::Ctx,
    cursor: &mut Cursor,
    count: usize,
) {
    cursor.advance(count);
    // P4  ORDERING: Release, edge PUBLISH to C1: carries the bytes of P3.
    ring.tail.store(cursor.position(), Release);
    // P5  A consumer that waits for a record finds it.
    ring.filled.notify(ctx, 1);
}

/// The consumer's end.
///
/// One handle in all processes together; it may move between threads, not be shared by them.
/// Dropping it leaves the ring open: [`close`](Self::close) it.
#[derive(Debug)]
pub struct Consumer<P: Platform, T: Pod, R> {
    ring: R,
    ctx: P::Ctx,
    cursor: Cursor,
    not_sync: PhantomData<Cell<T>>,
}

impl<P: Platform, T: Pod, R: SharedRef<Target = Ring<P, Slots<P, T>>>> Consumer<P, T, R> {
    /// Claims the consumer's end of `ring`.
    ///
    /// # Errors
    /// As [`Producer::claim`].
    pub fn claim(ring: R, ctx: P::Ctx) -> Result<Self, ClaimError> {
        let capacity = cursor::capacity(ring.slots.len())?;
        // B1  ORDERING: Relaxed, count: no data hangs on it, the ring was published with the segment.
        let before = Ends(ring.ends.fetch_or(Ends::CONSUMER_CLAIMED, Relaxed));
        if before.has(Ends::CONSUMER_CLAIMED) {
            return Err(ClaimError::Taken); // I3
        }
        // B2  ORDERING: Relaxed, own: nobody else writes it (I3).
        let head = ring.head.load(Relaxed);
        // Nothing is known to be published: the first pop looks.
        Ok(Self { ring, ctx, cursor: Cursor::new(head, head, capacity), not_sync: PhantomData })
    }

    /// Number of slots.
    pub fn capacity(&self) -> u64 {
        self.cursor.capacity()
    }

    /// Pops a record if there is one. Wait-free.
    ///
    /// # Errors
    /// [`PopError::Empty`] if nothing is published, [`PopError::Closed`] if nothing ever will be,
    /// [`PopError::Corrupt`].
    pub fn try_pop(&mut self) -> Result<T, PopError> {
        let Self { ring, ctx, cursor, .. } = self;
        try_pop(ring, ctx, cursor)
    }

    /// Pops a record, waiting for one as long as it takes.
    ///
    /// # Errors
    /// [`PopError::Closed`] when the producer has closed and everything is taken,
    /// [`PopError::Corrupt`].
    ///
    /// # If a process dies
    /// A dead producer is not noticed: the call waits.
    pub fn pop(&mut self) -> Result<T, PopError> {
        match self.pop_until(None) {
            Ok(value) => Ok(value),
            Err(PopTimeoutError::Closed) => Err(PopError::Closed),
            Err(PopTimeoutError::Corrupt) => Err(PopError::Corrupt),
            Err(PopTimeoutError::TimedOut) => unreachable!("no deadline was given"),
        }
    }

    /// [`pop`](Self::pop), for at most `timeout`.
    ///
    /// # Errors
    /// [`PopTimeoutError`]; nothing was taken.
    pub fn pop_timeout(&mut self, timeout: Duration) -> Result<T, PopTimeoutError> {
        let until = P::deadline(&self.ctx, timeout);
        self.pop_until(until)
    }

    /// [`pop`](Self::pop), until the absolute moment `until`.
    ///
    /// # Errors
    /// [`PopTimeoutError`]; nothing was taken.
    pub fn pop_until(&mut self, until: Option<P::Instant>) -> Result<T, PopTimeoutError> {
        let Self { ring, ctx, cursor, .. } = self;
        let outcome = ring.filled.wait_until(ctx, until, || match try_pop(ring, ctx, cursor) {
            Ok(value) => Some(Ok(value)),
            Err(PopError::Empty) => None,
            Err(PopError::Closed) => Some(Err(PopTimeoutError::Closed)),
            Err(PopError::Corrupt) => Some(Err(PopTimeoutError::Corrupt)),
        });
        outcome.unwrap_or(Err(PopTimeoutError::TimedOut))
    }

    /// Reads as many records as there are and fit into `into`. Wait-free. Returns their number, at
    /// least 1 unless `into` is empty.
    ///
    /// # Errors
    /// [`PopError`] if nothing could be read.
    pub fn read(&mut self, into: &mut [T]) -> Result<usize, PopError> {
        if into.is_empty() {
            return Ok(0);
        }
        let Self { ring, ctx, cursor, .. } = self;
        let count = available(ring, cursor, into.len() as u64)?.min(into.len());
        let (first, second) = cursor.ranges(count);
        let (start, wrapped) = into[..count].split_at_mut(first.len());
        // C3  SAFETY: published positions (`available`, I2), masked; the only consumer (I3).
        unsafe { P::Cell::read_slice(&ring.slots[first], start) };
        // C3  SAFETY: as above.
        unsafe { P::Cell::read_slice(&ring.slots[second], wrapped) };
        free(ring, ctx, cursor, count);
        Ok(count)
    }

    /// Closes the ring: the producer finds nobody to push to. Wait-free.
    pub fn close(self) {
        // F1  ORDERING: Relaxed, hint: carries nothing; F2 shows it to a producer that waits.
        self.ring.ends.fetch_or(Ends::CONSUMER_CLOSED, Relaxed);
        // F2  A producer that waits for room learns that nobody will make any.
        self.ring.freed.notify(&self.ctx, 1);
    }
}

/// How many records are there, at least 1; looks at the producer's position if fewer than `wanted`
/// are known to be.
#[inline]
fn available<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    cursor: &mut Cursor,
    wanted: u64,
) -> Result<usize, PopError> {
    let mut closed = false;
    loop {
        if cursor.behind_peer() < wanted {
            // C1  ORDERING: Acquire, edge PUBLISH from P4: C3 sees the bytes.
            cursor.see_peer(ring.tail.load(Acquire));
        }
        match cursor.behind_peer() {
            0 if closed => return Err(PopError::Closed),
            0 => {}
            records if records > cursor.capacity() => return Err(PopError::Corrupt), // I1
            records => return Ok(records as usize),
        }
        // C2  ORDERING: Acquire, edge CLOSE from E1: one more C1 sees all that was pushed before.
        closed = Ends(ring.ends.load(Acquire)).has(Ends::PRODUCER_CLOSED);
        if !closed {
            return Err(PopError::Empty);
        }
    }
}

#[inline]
fn try_pop<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    ctx: &P::Ctx,
    cursor: &mut Cursor,
) -> Result<T, PopError> {
    available(ring, cursor, 1)?;
    // C3  SAFETY: a published position (`available`, I2), masked; the only consumer (I3).
    let value = unsafe { ring.slots[cursor.index()].read() };
    free(ring, ctx, cursor, 1);
    Ok(value)
}

#[inline]
fn free<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    ctx: &P::Ctx,
    cursor: &mut Cursor,
    count: usize,
) {
    cursor.advance(count);
    // C4  ORDERING: Release, edge FREE to P2: C3 is over.
    ring.head.store(cursor.position(), Release);
    // C5  A producer that waits for room finds it.
    ring.freed.notify(ctx, 1);
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
