//! The producers' side: steps P of the card.

use core::{cell::Cell, marker::PhantomData, time::Duration};

use super::{
    Member, Queue, Slots, advance,
    error::{AttachError, PushError, PushTimeoutError},
    word::{ForPush, Phase, Place, SlotWord},
};
use crate::{
    platform::{AtomicWord, DataCell, Ordering::*, Owner, Platform, Pod},
    protocol::{SharedRef, event::Effort},
};

/// A producer, one of many.
///
/// It may move between threads, not be shared by them. Dropping it changes nothing in the queue.
#[derive(Debug)]
pub struct Producer<P: Platform, T: Pod, R> {
    queue: R,
    ctx: P::Ctx,
    member: Member,
    not_sync: PhantomData<Cell<T>>,
}

impl<P: Platform, T: Pod, R: SharedRef<Target = Queue<P, Slots<P, T>>>> Producer<P, T, R> {
    /// A producer who is called `owner` in the queue's words. No two handles of a queue, producers
    /// and consumers alike, may have one owner at a time: the death of the one would be taken for
    /// the other's.
    ///
    /// # Errors
    /// [`AttachError`] if the words have no room for `owner`, or the number of slots is no capacity.
    pub fn attach(queue: R, ctx: P::Ctx, owner: Owner) -> Result<Self, AttachError> {
        let member = Member::new(queue.slots.len(), owner)?;
        Ok(Self { queue, ctx, member, not_sync: PhantomData })
    }

    /// The queue.
    pub fn queue(&self) -> &R {
        &self.queue
    }

    /// What surrounds it.
    pub fn ctx(&self) -> &P::Ctx {
        &self.ctx
    }

    /// Number of slots.
    pub fn capacity(&self) -> u64 {
        self.member.capacity
    }

    /// Pushes a record if the next slot is free. Lock-free.
    ///
    /// # Errors
    /// [`PushError`], which hands the record back. `Full` means: the slot of the next position is
    /// occupied, by a record that nobody has claimed, or by one that is still being written or read.
    ///
    /// # If a process dies
    /// In the middle of this call: the record is in the queue, or it is not; others go on.
    pub fn try_push(&mut self, value: T) -> Result<(), PushError<T>> {
        let Self { queue, ctx, member, .. } = self;
        try_push(queue, ctx, member, value, Effort::Thorough)
    }

    /// Pushes a record, waiting for a free slot as long as it takes.
    ///
    /// # Errors
    /// [`PushError::Corrupt`], or [`PushError::Full`] if it is cancelled, with the record.
    ///
    /// # If a process dies
    /// A dead consumer's slot is used again once its death is known. With every consumer dead, the
    /// call waits.
    pub fn push(&mut self, value: T) -> Result<(), PushError<T>> {
        match self.push_until(value, None) {
            Ok(()) => Ok(()),
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
        let Self { queue, ctx, member, .. } = self;
        let mut waited = false;
        let attempt = |effort| {
            let pushed = blocked_on_full(try_push(queue, ctx, member, value, effort));
            waited |= pushed.is_none();
            pushed
        };
        let pushed = queue.freed.wait_until(ctx, until, attempt);
        if waited
            && matches!(pushed, Ok(Ok(())))
            && !matches!(look(queue, member).means, ForPush::Full(_))
        {
            // P7  The wake-up for the next slot may have gone to a producer who found this one occupied.
            queue.freed.notify(ctx, 1);
        }
        pushed.unwrap_or(Err(PushTimeoutError::TimedOut(value)))
    }
}

/// What a producer finds at the next position.
struct Seen {
    tail: u64,
    place: Place,
    word: SlotWord,
    means: ForPush,
}

#[inline]
fn look<P: Platform, T: Pod>(queue: &Queue<P, Slots<P, T>>, member: &mut Member) -> Seen {
    // P1  ORDERING: Acquire, edge TAIL from H1: P2 sees each slot at least as those did who claimed
    //     the positions below `tail`, or it would call a queue full that never was.
    let tail = queue.tail.load(Acquire);
    let place = Place::of(tail, member.capacity);
    // P2  ORDERING: Acquire, edge FREE from C5: P4 must not overwrite a record still being read.
    //     From a consumer who died: edge RECLAIM from R2: likewise.
    //     From another producer: edge CLAIM from P3: H1 passes on what it had seen.
    let word = SlotWord(queue.slots[place.index].word.load(Acquire));
    let means = match member.follow(tail) {
        true => word.for_push(place.lap, member.capacity),
        false => ForPush::Corrupt,
    };
    Seen { tail, place, word, means }
}

/// Makes the next position this producer's.
#[inline]
fn claim<P: Platform, T: Pod>(
    queue: &Queue<P, Slots<P, T>>,
    ctx: &P::Ctx,
    member: &mut Member,
    effort: Effort,
) -> Result<Place, PushError<()>> {
    P::enter(ctx);
    loop {
        let Seen { tail, place, word, means } = look(queue, member);
        match means {
            ForPush::Claim => {
                let mine = SlotWord::owned(place.lap, Phase::Writing, member.owner);
                // P3  ORDERING: Release, edge CLAIM to P2: a producer that helps goes on from here.
                //     On failure Relaxed, hint: the loop looks again.
                let slot = &queue.slots[place.index].word;
                if slot.compare_exchange_weak(word.0, mine.0, Release, Relaxed).is_ok() {
                    advance::<P>(&queue.tail, tail);
                    return Ok(place);
                }
            }
            ForPush::Passed => advance::<P>(&queue.tail, tail),
            ForPush::Full(Some(reader))
                if effort == Effort::Thorough && queue.reclaim(ctx, place.index, word, reader) => {}
            ForPush::Full(_) => return Err(PushError::Full(())),
            // P8  ORDERING: Relaxed, hint: I3 is checked, not assumed.
            ForPush::Far if queue.tail.load(Relaxed) != tail => {}
            ForPush::Far | ForPush::Corrupt => return Err(PushError::Corrupt(())),
        }
    }
}

#[inline]
fn try_push<P: Platform, T: Pod>(
    queue: &Queue<P, Slots<P, T>>,
    ctx: &P::Ctx,
    member: &mut Member,
    value: T,
    effort: Effort,
) -> Result<(), PushError<T>> {
    let place = claim(queue, ctx, member, effort).map_err(|error| error.with(value))?;
    let slot = &queue.slots[place.index];
    // P4  SAFETY: from P3 to P5 the slot is this producer's alone (I2); P2 saw it free.
    unsafe { slot.record.write(value) };
    // P5  ORDERING: Release, edge PUBLISH to C2: carries the bytes of P4.
    slot.word.store(SlotWord::new(place.lap, Phase::Published).0, Release);
    // P6  A consumer that waits for a record finds it.
    queue.filled.notify(ctx, 1);
    Ok(())
}

/// `None` while the queue is full: the attempt is to be made again.
fn blocked_on_full<T>(
    attempt: Result<(), PushError<T>>,
) -> Option<Result<(), PushTimeoutError<T>>> {
    match attempt {
        Ok(()) => Some(Ok(())),
        Err(PushError::Full(_)) => None,
        Err(PushError::Corrupt(value)) => Some(Err(PushTimeoutError::Corrupt(value))),
    }
}
