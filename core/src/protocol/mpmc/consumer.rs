//! The consumers' side: steps C of the card.

use core::{cell::Cell, marker::PhantomData, time::Duration};

use super::{
    Member, Queue, Slots, advance,
    error::{AttachError, PopError, PopTimeoutError},
    word::{ForPop, Phase, Place, SlotWord},
};
use crate::{
    platform::{AtomicWord, DataCell, Ordering::*, Owner, Platform, Pod},
    protocol::{SharedRef, event::Effort},
};

/// A consumer, one of many.
///
/// It may move between threads, not be shared by them. Dropping it changes nothing in the queue.
#[derive(Debug)]
pub struct Consumer<P: Platform, T: Pod, R> {
    queue: R,
    ctx: P::Ctx,
    member: Member,
    not_sync: PhantomData<Cell<T>>,
}

impl<P: Platform, T: Pod, R: SharedRef<Target = Queue<P, Slots<P, T>>>> Consumer<P, T, R> {
    /// A consumer who is called `owner` in the queue's words; see
    /// [`Producer::attach`](super::Producer::attach).
    ///
    /// # Errors
    /// As [`Producer::attach`](super::Producer::attach).
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

    /// Pops the record at the head if it is published. Lock-free.
    ///
    /// # Errors
    /// [`PopError::Empty`]: nothing is published *at the head*. While a living producer has claimed
    /// the head and not published yet, records behind it are there and not to be had.
    /// [`PopError::Corrupt`].
    ///
    /// # If a process dies
    /// In the middle of this call: the record is still in the queue, or it is lost; others go on.
    pub fn try_pop(&mut self) -> Result<T, PopError> {
        let Self { queue, ctx, member, .. } = self;
        try_pop(queue, ctx, member, Effort::Thorough)
    }

    /// Pops the record at the head, waiting for one as long as it takes.
    ///
    /// # Errors
    /// [`PopError::Corrupt`]; [`PopError::Empty`] if it is cancelled.
    ///
    /// # If a process dies
    /// A dead producer's claim is passed over once its death is known. With every producer dead, the
    /// call waits.
    pub fn pop(&mut self) -> Result<T, PopError> {
        match self.pop_until(None) {
            Ok(value) => Ok(value),
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
        let Self { queue, ctx, member, .. } = self;
        let mut waited = false;
        let attempt = |effort| {
            let popped = blocked_on_empty(try_pop(queue, ctx, member, effort));
            waited |= popped.is_none();
            popped
        };
        let popped = queue.filled.wait_until(ctx, until, attempt);
        if waited
            && matches!(popped, Ok(Ok(_)))
            && !matches!(look(queue, member).means, ForPop::Empty(_))
        {
            // C7  The wake-up for the next record may have gone to a consumer who came too early,
            //     while this one was being written.
            queue.filled.notify(ctx, 1);
        }
        popped.unwrap_or(Err(PopTimeoutError::TimedOut))
    }
}

/// What a consumer finds at the head.
struct Seen {
    head: u64,
    place: Place,
    word: SlotWord,
    means: ForPop,
}

#[inline]
fn look<P: Platform, T: Pod>(queue: &Queue<P, Slots<P, T>>, member: &mut Member) -> Seen {
    // C1  ORDERING: Acquire, edge HEAD from H1: C2 sees each slot at least as those did who took the
    //     positions below `head`, or it would call a queue empty that never was.
    let head = queue.head.load(Acquire);
    let place = Place::of(head, member.capacity);
    // C2  ORDERING: Acquire, edge PUBLISH from P5: C4 sees the bytes.
    //     From another consumer: edge TAKE from C3: H1 passes on what it had seen.
    let word = SlotWord(queue.slots[place.index].word.load(Acquire));
    let means = match member.follow(head) {
        true => word.for_pop(place.lap, member.capacity),
        false => ForPop::Corrupt,
    };
    Seen { head, place, word, means }
}

/// Makes the record at the head this consumer's.
#[inline]
fn claim<P: Platform, T: Pod>(
    queue: &Queue<P, Slots<P, T>>,
    ctx: &P::Ctx,
    member: &mut Member,
    effort: Effort,
) -> Result<Place, PopError> {
    P::enter(ctx);
    loop {
        let Seen { head, place, word, means } = look(queue, member);
        match means {
            ForPop::Claim => {
                let mine = SlotWord::owned(place.lap, Phase::Reading, member.owner);
                // C3  ORDERING: Release, edge TAKE to C2: a consumer that helps goes on from here.
                //     On failure Relaxed, hint: the loop looks again.
                let slot = &queue.slots[place.index].word;
                if slot.compare_exchange_weak(word.0, mine.0, Release, Relaxed).is_ok() {
                    advance::<P>(&queue.head, head);
                    return Ok(place);
                }
            }
            ForPop::Passed => advance::<P>(&queue.head, head),
            ForPop::Empty(Some(writer))
                if effort == Effort::Thorough && queue.reclaim(ctx, place.index, word, writer) => {}
            ForPop::Empty(_) => return Err(PopError::Empty),
            // C8  ORDERING: Relaxed, hint: I3 is checked, not assumed.
            ForPop::Far if queue.head.load(Relaxed) != head => {}
            ForPop::Far | ForPop::Corrupt => return Err(PopError::Corrupt),
        }
    }
}

#[inline]
fn try_pop<P: Platform, T: Pod>(
    queue: &Queue<P, Slots<P, T>>,
    ctx: &P::Ctx,
    member: &mut Member,
    effort: Effort,
) -> Result<T, PopError> {
    let place = claim(queue, ctx, member, effort)?;
    let slot = &queue.slots[place.index];
    // C4  SAFETY: from C3 to C5 the slot is this consumer's alone (I2); C2 saw it published.
    let value = unsafe { slot.record.read() };
    let next_lap = place.lap.wrapping_add(member.capacity);
    // C5  ORDERING: Release, edge FREE to P2: C4 is over.
    slot.word.store(SlotWord::new(next_lap, Phase::Free).0, Release);
    // C6  A producer that waits for a free slot finds it.
    queue.freed.notify(ctx, 1);
    Ok(value)
}

/// `None` while the queue is empty: the attempt is to be made again.
fn blocked_on_empty<T>(attempt: Result<T, PopError>) -> Option<Result<T, PopTimeoutError>> {
    match attempt {
        Ok(value) => Some(Ok(value)),
        Err(PopError::Empty) => None,
        Err(PopError::Corrupt) => Some(Err(PopTimeoutError::Corrupt)),
    }
}
