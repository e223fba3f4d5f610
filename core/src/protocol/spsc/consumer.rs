//! The consumer's end: steps B, C and F of the card.

use core::{cell::Cell, fmt, marker::PhantomData, time::Duration};

use super::{
    Claim, End, Ring, Slots, claim,
    cursor::{self, Cursor},
    error::{ClaimError, PopError, PopTimeoutError},
};
use crate::{
    platform::{AtomicWord, DataCell, Ordering::*, Owner, Platform, Pod},
    protocol::{SharedRef, event::Effort, registry::if_dead},
};

/// The consumer's end.
///
/// One handle in all processes together; it may move between threads, not be shared by them.
/// Dropping it without [`close`](Self::close) is, to the producer, as if its process had died.
#[derive(Debug)]
pub struct Consumer<P: Platform, T: Pod, R> {
    ring: R,
    ctx: P::Ctx,
    cursor: Cursor,
    not_sync: PhantomData<Cell<T>>,
}

impl<P: Platform, T: Pod, R: SharedRef<Target = Ring<P, Slots<P, T>>>> Consumer<P, T, R> {
    /// Claims the consumer's end of `ring` for `owner`, also from a dead one: popping goes on where that
    /// was.
    ///
    /// # Errors
    /// As [`Producer::claim`](super::Producer::claim).
    pub fn claim(ring: R, ctx: P::Ctx, owner: Owner) -> Result<Self, ClaimError> {
        let capacity = cursor::capacity(ring.slots.len())?;
        claim::<P>(&ring.ends.consumer, &ctx, owner)?;
        // A5  ORDERING: Relaxed, own: nobody else writes it (I3).
        let head = ring.head.load(Relaxed);
        // Nothing is known to be published: the first pop looks.
        Ok(Self { ring, ctx, cursor: Cursor::new(head, head, capacity), not_sync: PhantomData })
    }

    /// The ring.
    pub fn ring(&self) -> &R {
        &self.ring
    }

    /// What surrounds it.
    pub fn ctx(&self) -> &P::Ctx {
        &self.ctx
    }

    /// Number of slots.
    pub fn capacity(&self) -> u64 {
        self.cursor.capacity()
    }

    /// Pops a record if there is one. Wait-free.
    ///
    /// # Errors
    /// [`PopError::Empty`] if nothing is published, [`PopError::Closed`] if nothing ever will be,
    /// [`PopError::PeerDead`] if nothing will be until another producer comes, [`PopError::Corrupt`].
    pub fn try_pop(&mut self) -> Result<T, PopError> {
        let Self { ring, ctx, cursor, .. } = self;
        try_pop(ring, ctx, cursor, Effort::Thorough)
    }

    /// Pops a record, waiting for one as long as it takes.
    ///
    /// # Errors
    /// [`PopError::Closed`] when the producer has closed and everything is taken, [`PopError::PeerDead`]
    /// when it has died and everything is taken, [`PopError::Corrupt`]; [`PopError::Empty`] if it is cancelled.
    ///
    /// # If a process dies
    /// The call ends with `PeerDead` when the ring is empty and its producer known to be dead.
    pub fn pop(&mut self) -> Result<T, PopError> {
        match self.pop_until(None) {
            Ok(value) => Ok(value),
            Err(PopTimeoutError::Closed) => Err(PopError::Closed),
            Err(PopTimeoutError::PeerDead) => Err(PopError::PeerDead),
            Err(PopTimeoutError::Corrupt) => Err(PopError::Corrupt),
            Err(PopTimeoutError::TimedOut) => Err(PopError::Empty),
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
        let attempt = |effort| blocked_on_empty(try_pop(ring, ctx, cursor, effort));
        ring.filled.wait_until(ctx, until, attempt).unwrap_or(Err(PopTimeoutError::TimedOut))
    }

    /// Reads as many records as there are and fit into `into`. Wait-free. Returns their number, at
    /// least 1 unless `into` is empty.
    ///
    /// # Errors
    /// [`PopError`] if nothing could be read.
    pub fn read(&mut self, into: &mut [T]) -> Result<usize, PopError> {
        Ok(self.peek(into.len())?.read(into))
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
        Ok(self.peek_until(into.len(), until)?.read(into))
    }

    /// The next records, up to `wanted`: at least 1 unless `wanted` is 0. They stay where they are. Wait-free.
    ///
    /// # Errors
    /// [`PopError`] if there is none.
    pub fn peek(&mut self, wanted: usize) -> Result<Peeked<'_, P, T>, PopError> {
        let Self { ring, ctx, cursor, .. } = self;
        let available = available(ring, ctx, cursor, wanted as u64, Effort::Thorough)?;
        Ok(Peeked { ring, ctx, cursor, count: wanted.min(available) })
    }

    /// [`peek`](Self::peek), waiting for a record until the absolute moment `until`.
    ///
    /// # Errors
    /// [`PopTimeoutError`] if there is none.
    pub fn peek_until(
        &mut self,
        wanted: usize,
        until: Option<P::Instant>,
    ) -> Result<Peeked<'_, P, T>, PopTimeoutError> {
        let Self { ring, ctx, cursor, .. } = self;
        let attempt =
            |effort| blocked_on_empty(available(ring, ctx, cursor, wanted as u64, effort));
        let available = ring.filled.wait_until(ctx, until, attempt);
        let count = wanted.min(available.unwrap_or(Err(PopTimeoutError::TimedOut))?);
        Ok(Peeked { ring, ctx, cursor, count })
    }

    /// Closes the ring: the producer finds nobody to push to. Wait-free.
    pub fn close(self) {
        P::enter(&self.ctx);
        // F1  ORDERING: Relaxed, hint: carries nothing; F2 shows it to a producer that waits.
        self.ring.ends.consumer.store(End::CLOSED.0, Relaxed);
        // F2  A producer that waits for room learns that nobody will make any.
        self.ring.freed.notify(&self.ctx, 1);
    }
}

/// Records that are the consumer's to read, and then to [consume](Self::consume). Dropped, they are there as
/// before.
pub struct Peeked<'a, P: Platform, T: Pod> {
    ring: &'a Ring<P, Slots<P, T>>,
    ctx: &'a P::Ctx,
    cursor: &'a mut Cursor,
    count: usize,
}

impl<P: Platform, T: Pod> fmt::Debug for Peeked<'_, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peeked").field("count", &self.count).finish_non_exhaustive()
    }
}

impl<P: Platform, T: Pod> Peeked<'_, P, T> {
    /// How many records.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Their slots, in order: they end at the end of the ring, and go on at its beginning.
    pub fn cells(&self) -> [&[P::Cell<T>]; 2] {
        let (first, second) = self.cursor.ranges(0, self.count);
        [first, second].map(|range| &self.ring.slots[range])
    }

    /// Reads the records from the one at `offset` on.
    ///
    /// # Panics
    /// If there are fewer than `into` has room for.
    pub fn copy(&self, offset: usize, into: &mut [T]) {
        assert!(offset <= self.count && into.len() <= self.count - offset, "so many are there");
        let (first, second) = self.cursor.ranges(offset, into.len());
        let (start, wrapped) = into.split_at_mut(first.len());
        // C3  SAFETY: published positions (`available`, I2), masked; the only consumer (I3).
        unsafe { P::Cell::read_slice(&self.ring.slots[first], start) };
        // C3  SAFETY: as above.
        unsafe { P::Cell::read_slice(&self.ring.slots[second], wrapped) };
    }

    /// Pops the first `count` records.
    ///
    /// # Panics
    /// If there are fewer.
    pub fn consume(self, count: usize) {
        assert!(count <= self.count, "so many are there");
        if count > 0 {
            free(self.ring, self.ctx, self.cursor, count);
        }
    }

    /// Reads and consumes as many as there are and fit; returns their number.
    fn read(self, into: &mut [T]) -> usize {
        let count = into.len().min(self.count);
        self.copy(0, &mut into[..count]);
        self.consume(count);
        count
    }
}

/// How many records are there, at least 1 if `wanted` is; looks at the producer's position if fewer than `wanted`
/// are known to be.
#[inline]
fn available<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    ctx: &P::Ctx,
    cursor: &mut Cursor,
    wanted: u64,
    effort: Effort,
) -> Result<usize, PopError> {
    P::enter(ctx);
    if wanted == 0 {
        return Ok(0);
    }
    let mut at_last = None;
    loop {
        if cursor.behind_peer() < wanted {
            // C1  ORDERING: Acquire, edge PUBLISH from P4: C3 sees the bytes.
            cursor.see_peer(ring.tail.load(Acquire));
        }
        match (cursor.behind_peer(), at_last) {
            (0, Some(nobody_pushes)) => return Err(nobody_pushes),
            (0, None) => {}
            (records, _) if records > cursor.capacity() => return Err(PopError::Corrupt), // I1
            (records, _) => return Ok(records as usize),
        }
        // C2  ORDERING: Acquire, edge CLOSE from E1: one more C1 sees all that was pushed before.
        //     After a producer that died: edge LEFT from S2: likewise.
        at_last = match End(ring.ends.producer.load(Acquire)).claim() {
            Claim::Closed => Some(PopError::Closed),
            Claim::Abandoned => Some(PopError::PeerDead),
            // C6  What the dead producer published is visible to one more C1.
            Claim::Owned(owner) if effort == Effort::Thorough => {
                if_dead::<P, _>(ctx, owner, || PopError::PeerDead)
            }
            _ => None,
        };
        if at_last.is_none() {
            return Err(PopError::Empty);
        }
    }
}

#[inline]
fn try_pop<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    ctx: &P::Ctx,
    cursor: &mut Cursor,
    effort: Effort,
) -> Result<T, PopError> {
    available(ring, ctx, cursor, 1, effort)?;
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
        Err(PopError::PeerDead) => Some(Err(PopTimeoutError::PeerDead)),
        Err(PopError::Corrupt) => Some(Err(PopTimeoutError::Corrupt)),
    }
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
