//! The producer's end: steps A, P and E of the card.

use core::{cell::Cell, fmt, marker::PhantomData, time::Duration};

use super::{
    Claim, End, Ring, Slots, claim,
    cursor::{self, Cursor},
    error::{ClaimError, PushError, PushTimeoutError},
};
use crate::{
    platform::{AtomicWord, DataCell, Ordering::*, Owner, Platform, Pod},
    protocol::{SharedRef, event::Effort, registry::if_dead},
};

/// The producer's end.
///
/// One handle in all processes together; it may move between threads, not be shared by them.
/// Dropping it without [`close`](Self::close) is, to the consumer, as if its process had died.
#[derive(Debug)]
pub struct Producer<P: Platform, T: Pod, R> {
    ring: R,
    ctx: P::Ctx,
    cursor: Cursor,
    not_sync: PhantomData<Cell<T>>,
}

impl<P: Platform, T: Pod, R: SharedRef<Target = Ring<P, Slots<P, T>>>> Producer<P, T, R> {
    /// Claims the producer's end of `ring` for `owner`, also from a dead one: pushing goes on where that
    /// was. No two handles of a ring have one owner at a time.
    ///
    /// # Errors
    /// [`ClaimError::Taken`] if it has an owner who lives, as far as is known; [`ClaimError::Closed`] if it
    /// was closed; [`ClaimError::Capacity`] if the number of slots is not a power of two.
    pub fn claim(ring: R, ctx: P::Ctx, owner: Owner) -> Result<Self, ClaimError> {
        let capacity = cursor::capacity(ring.slots.len())?;
        claim::<P>(&ring.ends.producer, &ctx, owner)?;
        // A5  ORDERING: Relaxed, own: nobody else writes it (I3).
        let tail = ring.tail.load(Relaxed);
        // No room is known of: the first push looks.
        let cursor = Cursor::new(tail, tail.wrapping_sub(capacity), capacity);
        Ok(Self { ring, ctx, cursor, not_sync: PhantomData })
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

    /// Pushes a record if there is room. Wait-free.
    ///
    /// # Errors
    /// [`PushError`], which hands the record back. `Closed` may come late: a record pushed while the
    /// consumer closes is lost with the ring.
    pub fn try_push(&mut self, value: T) -> Result<(), PushError<T>> {
        let Self { ring, ctx, cursor, .. } = self;
        try_push(ring, ctx, cursor, value, Effort::Thorough)
    }

    /// Pushes a record, waiting for room as long as it takes.
    ///
    /// # Errors
    /// [`PushError::Closed`], [`PushError::PeerDead`] or [`PushError::Corrupt`], or [`PushError::Full`] if it is
    /// cancelled, with the record.
    ///
    /// # If a process dies
    /// The call ends with `PeerDead` when the ring is full and its consumer known to be dead.
    pub fn push(&mut self, value: T) -> Result<(), PushError<T>> {
        match self.push_until(value, None) {
            Ok(()) => Ok(()),
            Err(PushTimeoutError::Closed(value)) => Err(PushError::Closed(value)),
            Err(PushTimeoutError::PeerDead(value)) => Err(PushError::PeerDead(value)),
            Err(PushTimeoutError::Corrupt(value)) => Err(PushError::Corrupt(value)),
            Err(PushTimeoutError::TimedOut(value)) => Err(PushError::Full(value)),
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
        let attempt = |effort| blocked_on_full(try_push(ring, ctx, cursor, value, effort));
        ring.freed.wait_until(ctx, until, attempt).unwrap_or(Err(PushTimeoutError::TimedOut(value)))
    }

    /// Writes a prefix of `values`, as much as there is room for. Wait-free. Returns its length,
    /// at least 1 unless `values` is empty.
    ///
    /// # Errors
    /// [`PushError`] if nothing could be written.
    pub fn write(&mut self, values: &[T]) -> Result<usize, PushError<()>> {
        Ok(self.reserve(values.len())?.write(values))
    }

    /// [`write`](Self::write), waiting for room for at most `timeout`.
    ///
    /// # Errors
    /// [`PushTimeoutError`] if nothing could be written.
    pub fn write_timeout(
        &mut self,
        values: &[T],
        timeout: Duration,
    ) -> Result<usize, PushTimeoutError<()>> {
        let until = P::deadline(&self.ctx, timeout);
        self.write_until(values, until)
    }

    /// [`write`](Self::write), waiting for room until the absolute moment `until`.
    ///
    /// # Errors
    /// [`PushTimeoutError`] if nothing could be written.
    pub fn write_until(
        &mut self,
        values: &[T],
        until: Option<P::Instant>,
    ) -> Result<usize, PushTimeoutError<()>> {
        Ok(self.reserve_until(values.len(), until)?.write(values))
    }

    /// Reserves room for `wanted` records, or as many as there is room for: at least 1 unless `wanted` is 0.
    /// Nobody sees anything of it. Wait-free.
    ///
    /// # Errors
    /// [`PushError`] if there is no room.
    pub fn reserve(&mut self, wanted: usize) -> Result<Reserved<'_, P, T>, PushError<()>> {
        let Self { ring, ctx, cursor, .. } = self;
        let room = room(ring, ctx, cursor, wanted as u64, Effort::Thorough)?;
        Ok(Reserved { ring, ctx, cursor, count: wanted.min(room) })
    }

    /// [`reserve`](Self::reserve), waiting for room until the absolute moment `until`.
    ///
    /// # Errors
    /// [`PushTimeoutError`] if there is no room.
    pub fn reserve_until(
        &mut self,
        wanted: usize,
        until: Option<P::Instant>,
    ) -> Result<Reserved<'_, P, T>, PushTimeoutError<()>> {
        let Self { ring, ctx, cursor, .. } = self;
        let attempt = |effort| blocked_on_full(room(ring, ctx, cursor, wanted as u64, effort));
        let room = ring.freed.wait_until(ctx, until, attempt);
        let count = wanted.min(room.unwrap_or(Err(PushTimeoutError::TimedOut(())))?);
        Ok(Reserved { ring, ctx, cursor, count })
    }

    /// Closes the ring: the consumer takes what is in it, then finds the end. Wait-free.
    pub fn close(self) {
        P::enter(&self.ctx);
        // E1  ORDERING: Release, edge CLOSE to C2: carries every push before.
        self.ring.ends.producer.store(End::CLOSED.0, Release);
        // E2  A consumer that waits for a record learns that none will come.
        self.ring.filled.notify(&self.ctx, 1);
    }
}

/// Slots that are the producer's to write, and then to [commit](Self::commit) as records. Dropped, they are
/// free as before.
#[must_use = "nothing is pushed until it is committed"]
pub struct Reserved<'a, P: Platform, T: Pod> {
    ring: &'a Ring<P, Slots<P, T>>,
    ctx: &'a P::Ctx,
    cursor: &'a mut Cursor,
    count: usize,
}

impl<P: Platform, T: Pod> fmt::Debug for Reserved<'_, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reserved").field("count", &self.count).finish_non_exhaustive()
    }
}

impl<P: Platform, T: Pod> Reserved<'_, P, T> {
    /// How many slots.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The slots, in order: they end at the end of the ring, and go on at its beginning.
    pub fn cells(&self) -> [&[P::Cell<T>]; 2] {
        let (first, second) = self.cursor.ranges(0, self.count);
        [first, second].map(|range| &self.ring.slots[range])
    }

    /// Writes `values` into the slots from the one at `offset` on.
    ///
    /// # Panics
    /// If they are more slots than are reserved.
    pub fn fill(&mut self, offset: usize, values: &[T]) {
        assert!(offset <= self.count && values.len() <= self.count - offset, "so much is reserved");
        let (first, second) = self.cursor.ranges(offset, values.len());
        let (start, wrapped) = values.split_at(first.len());
        // P3  SAFETY: free positions (`room`, I2), masked into the slots; the only producer (I3).
        unsafe { P::Cell::write_slice(&self.ring.slots[first], start) };
        // P3  SAFETY: as above.
        unsafe { P::Cell::write_slice(&self.ring.slots[second], wrapped) };
    }

    /// Pushes the first `count` slots as they are.
    ///
    /// # Panics
    /// If those are more than are reserved.
    pub fn commit(self, count: usize) {
        assert!(count <= self.count, "so many are reserved");
        if count > 0 {
            publish(self.ring, self.ctx, self.cursor, count);
        }
    }

    /// Fills the slots with the beginning of `values`, and commits; returns its length.
    fn write(mut self, values: &[T]) -> usize {
        let count = values.len().min(self.count);
        self.fill(0, &values[..count]);
        self.commit(count);
        count
    }
}

/// How many slots are free, at least 1 if `wanted` is; looks at the consumer's position if fewer than `wanted` are
/// known to be.
#[inline]
fn room<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    ctx: &P::Ctx,
    cursor: &mut Cursor,
    wanted: u64,
    effort: Effort,
) -> Result<usize, PushError<()>> {
    P::enter(ctx);
    if wanted == 0 {
        return Ok(0);
    }
    // P1  ORDERING: Relaxed, hint: a push that misses it goes to a ring that nobody reads.
    let peer = End(ring.ends.consumer.load(Relaxed)).claim();
    if peer == Claim::Closed {
        return Err(PushError::Closed(()));
    }
    let mut dead = false;
    loop {
        if cursor.capacity().wrapping_sub(cursor.ahead_of_peer()) < wanted {
            // P2  ORDERING: Acquire, edge FREE from C4: P3 must not overwrite a slot still being read.
            cursor.see_peer(ring.head.load(Acquire));
        }
        match cursor.capacity().checked_sub(cursor.ahead_of_peer()) {
            None => return Err(PushError::Corrupt(())), // I1 is checked, not assumed.
            Some(0) if dead => return Err(PushError::PeerDead(())),
            Some(0) => {}
            Some(room) => return Ok(room as usize),
        }
        dead = match peer {
            Claim::Abandoned => true,
            // P6  What the dead consumer freed is visible to one more P2.
            Claim::Owned(owner) if effort == Effort::Thorough => {
                if_dead::<P, _>(ctx, owner, || ()).is_some()
            }
            _ => false,
        };
        if !dead {
            return Err(PushError::Full(()));
        }
    }
}

#[inline]
fn try_push<P: Platform, T: Pod>(
    ring: &Ring<P, Slots<P, T>>,
    ctx: &P::Ctx,
    cursor: &mut Cursor,
    value: T,
    effort: Effort,
) -> Result<(), PushError<T>> {
    room(ring, ctx, cursor, 1, effort).map_err(|error| error.with(value))?;
    // P3  SAFETY: a free position (`room`, I2), masked into the slots; the only producer (I3).
    unsafe { ring.slots[cursor.index()].write(value) };
    publish(ring, ctx, cursor, 1);
    Ok(())
}

/// `None` while the ring is full: the attempt is to be made again.
fn blocked_on_full<R, V>(
    attempt: Result<R, PushError<V>>,
) -> Option<Result<R, PushTimeoutError<V>>> {
    match attempt {
        Ok(done) => Some(Ok(done)),
        Err(PushError::Full(_)) => None,
        Err(PushError::Closed(value)) => Some(Err(PushTimeoutError::Closed(value))),
        Err(PushError::PeerDead(value)) => Some(Err(PushTimeoutError::PeerDead(value))),
        Err(PushError::Corrupt(value)) => Some(Err(PushTimeoutError::Corrupt(value))),
    }
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
