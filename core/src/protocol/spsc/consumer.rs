//! The consumer's end: steps B, C and F of the card.

use core::{cell::Cell, marker::PhantomData, time::Duration};

use super::{
    Ends, Ring, Slots,
    cursor::{self, Cursor},
    error::{ClaimError, PopError, PopTimeoutError},
};
use crate::{
    platform::{AtomicWord, DataCell, Ordering::*, Platform, Pod},
    protocol::SharedRef,
};

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
    /// As [`Producer::claim`](super::Producer::claim).
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
        let attempt = || blocked_on_empty(try_pop(ring, ctx, cursor));
        ring.filled.wait_until(ctx, until, attempt).unwrap_or(Err(PopTimeoutError::TimedOut))
    }

    /// Reads as many records as there are and fit into `into`. Wait-free. Returns their number, at
    /// least 1 unless `into` is empty.
    ///
    /// # Errors
    /// [`PopError`] if nothing could be read.
    pub fn read(&mut self, into: &mut [T]) -> Result<usize, PopError> {
        let Self { ring, ctx, cursor, .. } = self;
        read(ring, ctx, cursor, into)
    }

    /// [`read`](Self::read), waiting for a record for at most `timeout`.
    ///
    /// # Errors
    /// [`PopTimeoutError`] if nothing could be read.
    pub fn read_timeout(
        &mut self,
        into: &mut [T],
        timeout: Duration,
    ) -> Result<usize, PopTimeoutError> {
        let until = P::deadline(&self.ctx, timeout);
        self.read_until(into, until)
    }

    /// [`read`](Self::read), waiting for a record until the absolute moment `until`.
    ///
    /// # Errors
    /// [`PopTimeoutError`] if nothing could be read.
    pub fn read_until(
        &mut self,
        into: &mut [T],
        until: Option<P::Instant>,
    ) -> Result<usize, PopTimeoutError> {
        let Self { ring, ctx, cursor, .. } = self;
        let attempt = || blocked_on_empty(read(ring, ctx, cursor, into));
        ring.filled.wait_until(ctx, until, attempt).unwrap_or(Err(PopTimeoutError::TimedOut))
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

/// `None` while the ring is empty: the attempt is to be made again.
fn blocked_on_empty<R>(attempt: Result<R, PopError>) -> Option<Result<R, PopTimeoutError>> {
    match attempt {
        Ok(done) => Some(Ok(done)),
        Err(PopError::Empty) => None,
        Err(PopError::Closed) => Some(Err(PopTimeoutError::Closed)),
        Err(PopError::Corrupt) => Some(Err(PopTimeoutError::Corrupt)),
    }
}

fn read<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    ctx: &P::Ctx,
    cursor: &mut Cursor,
    into: &mut [T],
) -> Result<usize, PopError> {
    if into.is_empty() {
        return Ok(0);
    }
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
