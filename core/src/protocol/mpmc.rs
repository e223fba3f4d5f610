//! # mpmc: bounded queue, many producers, many consumers, any of whom may die at any step
//!
//! Fixed-size records, first in, first out. [`Queue`] lives in shared memory; each participant is
//! named by an [`Owner`], which it brings along and which stands in the word of a slot for as long
//! as the slot is its own. So a claim that was never finished says whose it is.
//!
//! Source: the sequence number in each slot is Vyukov's ("Bounded MPMC queue", 1024cores.net, 2010);
//! there a producer that dies after it has moved the shared counter wedges the queue. Here the slot
//! is claimed first, by compare-exchange, and the counter is helped forward afterwards by whoever
//! comes along, as Michael and Scott (PODC 1996, fig. 1) do with their tail.
//!
//! Trust: a peer that writes the queue at will can make records hold any bytes, be lost, come twice
//! or never, and make an operation go on for as long as it keeps changing the words; indices and
//! sizes come from private memory, so it cannot reach outside the queue. That a record which such a
//! peer rewrites while it is copied is merely garbage is *assumed*, as for `spsc`.
//!
//! Progress: `try_push` and `try_pop` are lock-free: an attempt is repeated only after somebody
//! else's step succeeded. A *stopped* process is in nobody's way, but for one slot: claimed by a
//! producer, its record and all behind it wait for it (`Empty`); claimed by a consumer, producers
//! wait for it when they come round to the slot (`Full`). Blocked `push` and `pop` wait for that.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | `head` | `U64`: all positions below are taken, modulo 2^64 | all consumers | consumers | 0 |
//! | `tail` | `U64`: all positions below are claimed, modulo 2^64 | all producers | producers | 0 |
//! | `filled` | `Event`: consumers sleep on it | all | all | nobody sleeps |
//! | `freed` | `Event`: producers sleep on it | all | all | nobody sleeps |
//! | `slots` | for each of a power of two: `word`, a `U64`, and a record, exclusive payload | its owner | all | free on lap 0 |
//!
//! Bit budget of a slot's `word`: 50 bits of lap, 2 of phase, 12 of owner (4096 of them). A lap comes
//! back after 2^50 positions, which at capacity 1 and 30 M records/s takes 434 days; a process that
//! was stopped between P2 and P3, or C2 and C3, for just that long would claim a slot wrongly. One that
//! was stopped between P1 and P2, or C1 and C2, for half of it or more sees the slot behind where it is
//! ahead, and may answer `Corrupt`, or `Full` or `Empty` wrongly. `head` and `tail` use all 64 bits and
//! start anywhere; 2^50 divides 2^64.
//!
//! ## States
//!
//! A slot goes round: `Free(lap)`, P3 `Writing(lap, owner)`, P5 `Published(lap)`, C3
//! `Reading(lap, owner)`, C5 `Free(lap + capacity)`. R2 takes a dead owner's `Writing` or `Reading`
//! to `Free(lap + capacity)`. H1 adds one to `head` or `tail`.
//!
//! `Full`: the slot of position `tail` holds the record of one lap earlier, in whatever phase; so it
//! counts records being written and read. `Empty`: nothing is published at position `head`; records
//! may be published behind an unfinished claim. Both were so when P2 or C2 looked, in some order of
//! all that succeeded. There may be none for a `Full` and an `Empty` at once: who pushes and then finds
//! the queue full, and who pops and then finds it empty, may each have missed the other's slot (store
//! buffering).
//!
//! ## Invariants
//!
//! - `I1`: `tail` is the first position not claimed, or the one before; `head` is the first position
//!   not taken, or the one before; at most a capacity of positions is claimed and not taken.
//! - `I2`: from P3 to P5, and from C3 to C5, a slot belongs to the owner in its word; nobody else
//!   changes the word or touches the record until that owner is dead.
//! - `I3`: a slot's word is at most one lap behind what a participant at `head` or `tail` looks for,
//!   and further ahead than one lap only if the counter has moved meanwhile.
//! - `I4`: a counter never goes back.
//!
//! *Proved* of steps taken one after the other, for every capacity and start: `proofs/INDEX.md`.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `P1` | push: read `tail` |
//! | `P2` | push: look at the slot there |
//! | `P3` | push: claim it; then H1 |
//! | `P4` | push: write the record |
//! | `P5` | push: publish it |
//! | `P6` | push: notify a consumer |
//! | `P7` | push, after waiting: pass the wake-up on if the next slot is free too |
//! | `P8` | push: was a slot far ahead because `tail` was stale? |
//! | `C1` | pop: read `head` |
//! | `C2` | pop: look at the slot there |
//! | `C3` | pop: claim it; then H1 |
//! | `C4` | pop: read the record |
//! | `C5` | pop: free the slot |
//! | `C6` | pop: notify a producer |
//! | `C7` | pop, after waiting: pass the wake-up on if the next record is there too |
//! | `C8` | pop: was a slot far ahead because `head` was stale? |
//! | `H1` | either: help the counter past a position whose slot has been claimed |
//! | `R1` | either: is the owner who is in the way dead? |
//! | `R2` | either: free the dead owner's slot |
//! | `R3` | either: notify all consumers |
//! | `R4` | either: notify all producers |
//! | `R5` | sweep: look at each slot, whether it is the dead owner's |
//!
//! ## Edges
//!
//! | edge | release | acquire | carries | scenario that fails without it |
//! |------|---------|---------|---------|--------------------------------|
//! | `PUBLISH` | `P5` | `C2` | the bytes of P4, to C4 | `mpmc/fifo` |
//! | `FREE` | `C5` | `P2` | that C4 is over, to the next P4 on the slot | `mpmc/lap` |
//! | `CLAIM` | `P3` | `P2` | what the claimant had seen, to a producer that goes on behind it | `mpmc/full_is_exact` |
//! | `TAKE` | `C3` | `C2` | what the taker had seen, to a consumer that goes on behind it | `mpmc/empty_is_exact` |
//! | `TAIL` | `H1` | `P1` | as CLAIM, to those who did not see the claim | `mpmc/full_is_exact` |
//! | `HEAD` | `H1` | `C1` | as TAKE, to those who did not see it taken | `mpmc/empty_is_exact` |
//! | `RECLAIM` | `R2` | `P2` | that the dead consumer's C4 is over, to the next P4 on the slot | `mpmc/consumer_dies` |
//!
//! FREE and RECLAIM keep an earlier *load* in front of a store; as for `spsc`, their loss shows only
//! because the payload is checked for races. `Dead` carries all that the dead did (see `Platform`).
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `P1` | nothing | nobody | nothing | the push did not happen |
//! | `P2` | nothing | nobody | nothing | the push did not happen |
//! | `P3` | a claim | a consumer whose head it is | R1, R2: passes over it | the record is lost with its producer; no other |
//! | `P4` | as after `P3` | as after `P3` | as after `P3` | as after `P3` |
//! | `P5` | a published record, consumers not woken | a consumer, when its slice ends | takes it | the record is delivered |
//! | `P6` | nothing | nobody | nothing | everything |
//! | `P7` | nothing | nobody | nothing | everything |
//! | `P8` | nothing | nobody | nothing | the push did not happen |
//! | `C1` | nothing | nobody | nothing | the record stays |
//! | `C2` | nothing | nobody | nothing | the record stays |
//! | `C3` | a claim | a producer that comes round to the slot | R1, R2: uses it | the record is lost with its consumer; no other |
//! | `C4` | as after `C3` | as after `C3` | as after `C3` | as after `C3` |
//! | `C5` | a free slot, producers not woken | a producer, when its slice ends | uses it | a delay of at most one slice |
//! | `C6` | nothing | nobody | nothing | everything |
//! | `C7` | nothing | nobody | nothing | everything |
//! | `C8` | nothing | nobody | nothing | the record stays |
//! | `H1` | what was left before it | whoever looks at the slot | H1 | as before it |
//! | `R1` | nothing new | the next survivor | R1 | as before it |
//! | `R2` | a free slot, nobody woken | a sleeper, when its slice ends | goes on | a delay of at most one slice |
//! | `R3` | a free slot, producers not woken | a producer, when its slice ends | uses it | a delay of at most one slice |
//! | `R4` | nothing | nobody | nothing | everything |
//! | `R5` | what was left before it | the next who takes the owner's number | R5, R2 | as before it |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `MPMC-1` | while nobody dies, each record that was pushed is popped at most once, unchanged; none is lost | `mpmc/fifo`, `mpmc/two_by_two`, `mpmc/slow_producer`, `mpmc/lap`, `mpmc/positions_wrap`, `mpmc/two_each`, `mpmc/two_pushes_each`, `mpmc/two_pops_each`, `mpmc/slot_for_two`, `mpmc/record_for_two`, `test:mpmc_model/agrees_with_a_queue`, `test:exchange_many/ten_million_records` |
//! | `MPMC-2` | a record is never touched by two participants at once | `mpmc/lap`, `mpmc/positions_wrap`, `mpmc/two_pushes_each`, `mpmc/two_pops_each`, `mpmc/slot_for_two`, `mpmc/record_for_two` |
//! | `MPMC-3` | records are popped in the order of their claims, so each producer's in its order | `mpmc/fifo`, `mpmc/lap`, `mpmc/two_each`, `mpmc/two_pushes_each`, `mpmc/two_pops_each`, `test:exchange_many/ten_million_records` |
//! | `MPMC-4` | `Full` and `Empty` are said only of a queue that is so in some order of all that succeeded | `mpmc/full_is_exact`, `mpmc/empty_is_exact`, `test:mpmc_model/agrees_with_a_queue` |
//! | `MPMC-5` | no lost wake-up: nobody sleeps for longer than a slice while there is room, or a record, for them | `mpmc/blocking_producers`, `mpmc/blocking_consumers`, `mpmc/wake_up_passed_on`, `mpmc/consumer_sleeps_beside_the_dead`, `mpmc/producer_sleeps_beside_the_dead`, `mpmc/behind_two_claims` |
//! | `MPMC-6` | a death costs at most the record that the dead was writing or reading; once it is known, nobody is held up | `mpmc/producer_dies`, `mpmc/consumer_dies`, `mpmc/producer_dies_anywhere`, `mpmc/consumer_dies_anywhere`, `mpmc/push_and_pop_die`, `mpmc/two_pushes_die`, `mpmc/one_of_two_dies`, `mpmc/one_of_three_dies`, `mpmc/consumer_sleeps_beside_the_dead`, `mpmc/producer_sleeps_beside_the_dead`, `mpmc/behind_two_claims`, `mpmc/swept`, `mpmc/producer_left_behind`, `mpmc/consumer_left_behind` |
//! | `MPMC-7` | a timeout moves nothing | `mpmc/timeout` |
//! | `MPMC-8` | histories are linearizable in happens-before order, each operation in two steps, and strictly: one that a process died in does nothing after that but to be undone; crossed refusals only one at a time (see *States*) | `mpmc/history_two_producers`, `mpmc/history_one_slot`, `mpmc/history_two_consumers`, `mpmc/history_behind_a_claim`, `mpmc/history_told`, `mpmc/history_crossed`, `mpmc/history_one_dies`, `mpmc/history_consumer_dies`, `test:histories/of_a_queue` |

use core::mem::offset_of;

use super::{Line, event::Event, registry::if_dead};
use crate::{
    layout::Field,
    platform::{AtomicWord, DataCell, Ordering::*, Owner, Platform, Pod},
};

mod consumer;
mod error;
mod producer;
pub mod word;

pub use consumer::Consumer;
pub use error::{AttachError, PopError, PopTimeoutError, PushError, PushTimeoutError};
pub use producer::Producer;
use word::{MAX_CAPACITY, MAX_OWNER, Phase, Place, SlotWord};

/// A slot: its word, then its record.
#[derive(Debug)]
#[repr(C)]
pub struct Slot<P: Platform, T: Pod> {
    word: P::U64,
    record: P::Cell<T>,
}

impl<P: Platform, T: Pod> Default for Slot<P, T> {
    /// A slot outside shared memory, free on lap 0.
    fn default() -> Self {
        Self { word: P::U64::new(0), record: DataCell::new(T::new_zeroed()) }
    }
}

/// A queue in shared memory: 512 bytes, then the slots. A zero page is a valid, empty queue.
///
/// `S` is `[Slot<P, T>]`; an array of them lets a queue be built in private memory and unsized.
#[derive(Debug)]
#[repr(C)]
pub struct Queue<P: Platform, S: ?Sized> {
    head: Line<P::U64>,
    tail: Line<P::U64>,
    filled: Line<Event<P>>,
    freed: Line<Event<P>>,
    slots: S,
}

/// The slots of a queue of `T`.
pub type Slots<P, T> = [Slot<P, T>];

impl<P: Platform, S> Queue<P, S> {
    /// A queue outside shared memory, its positions starting at 0.
    pub fn new(slots: S) -> Self {
        Self {
            head: Line(P::U64::new(0)),
            tail: Line(P::U64::new(0)),
            filled: Line(Event::new(0)),
            freed: Line(Event::new(0)),
            slots,
        }
    }
}

impl<P: Platform, T: Pod> Queue<P, Slots<P, T>> {
    /// Lets an empty queue that no other participant has seen yet count from `start`.
    pub fn init(&self, start: u64) {
        // ORDERING: Relaxed, exclusive: the segment is not published yet (all stores).
        self.head.store(start, Relaxed);
        self.tail.store(start, Relaxed);
        self.filled.init(start as u32);
        self.freed.init(start as u32);
        let capacity = self.slots.len() as u64;
        for ahead in 0..capacity {
            let place = Place::of(start.wrapping_add(ahead), capacity);
            self.slots[place.index].word.store(SlotWord::new(place.lap, Phase::Free).0, Relaxed);
        }
    }

    /// What consumers wait for.
    pub(crate) fn filled(&self) -> &Event<P> {
        &self.filled
    }

    /// What producers wait for.
    pub(crate) fn freed(&self) -> &Event<P> {
        &self.freed
    }

    /// Is the record at the head being written or read by somebody, who may be dead? For inspection; stale at once.
    pub(crate) fn is_claimed(&self) -> bool {
        let capacity = self.slots.len() as u64;
        // ORDERING: Relaxed, hint: nothing is decided by them (both loads).
        let head = Place::of(self.head.load(Relaxed), capacity);
        let word = SlotWord(self.slots[head.index].word.load(Relaxed));
        matches!(word.phase(), Phase::Writing | Phase::Reading)
    }

    /// Frees a slot that was seen as `seen` if its `owner` is dead; `false` if it lives, as far as is
    /// known. Any number of survivors may do this at once, and die at it.
    #[cold]
    fn reclaim(&self, ctx: &P::Ctx, index: usize, seen: SlotWord, owner: Owner) -> bool {
        // R1  Dead is never wrong, and all that the dead did comes before it.
        if_dead::<P, _>(ctx, owner, || self.bury(ctx, index, seen)).is_some()
    }

    /// Frees a slot whose owner is dead.
    fn bury(&self, ctx: &P::Ctx, index: usize, seen: SlotWord) {
        let next_lap = seen.lap().wrapping_add(self.slots.len() as u64);
        let free = SlotWord::new(next_lap, Phase::Free);
        // R2  ORDERING: Release, edge RECLAIM to P2: the dead owner's C4 is over.
        //     On failure Relaxed, hint: another survivor did it.
        if self.slots[index].word.compare_exchange(seen.0, free.0, Release, Relaxed).is_ok() {
            // R3  Wake-ups for what lies behind the claim may have been in vain.
            self.filled.notify(ctx, u32::MAX);
            // R4  Likewise.
            self.freed.notify(ctx, u32::MAX);
        }
    }

    /// Frees every slot that `owner` has left. To be called while it is dead: see
    /// [`registry::join`](super::registry::join).
    pub fn sweep(&self, ctx: &P::Ctx, owner: Owner) {
        for (index, slot) in self.slots.iter().enumerate() {
            // R5  ORDERING: Relaxed, hint: R2 re-checks it; nobody but the dead has written it so.
            let seen = SlotWord(slot.word.load(Relaxed));
            if seen.owner() == owner && matches!(seen.phase(), Phase::Writing | Phase::Reading) {
                self.bury(ctx, index, seen);
            }
        }
    }
}

/// The private half of a handle.
#[derive(Debug)]
struct Member {
    capacity: u64,
    owner: Owner,
    /// The counter, when it was last read.
    last: Option<u64>,
}

impl Member {
    fn new(slots: usize, owner: Owner) -> Result<Self, AttachError> {
        let capacity = slots as u64;
        if !capacity.is_power_of_two() || capacity > MAX_CAPACITY {
            return Err(AttachError::Capacity(slots));
        }
        if owner > MAX_OWNER {
            return Err(AttachError::Owner(owner));
        }
        Ok(Self { capacity, owner, last: None })
    }

    /// Takes note of the counter's value; `false` if it has gone back (I4 is checked, not assumed).
    #[inline]
    fn follow(&mut self, counter: u64) -> bool {
        let forward = self.last.is_none_or(|last| counter.wrapping_sub(last).cast_signed() >= 0);
        if forward {
            self.last = Some(counter);
        }
        forward
    }
}

/// Helps `counter` past `position`, whose slot has been claimed: I1. If it fails, somebody else did.
#[inline]
fn advance<P: Platform>(counter: &P::U64, position: u64) {
    let next = position.wrapping_add(1);
    // H1  ORDERING: Release, edge TAIL to P1: passes on what this producer saw.
    //     Of a consumer: edge HEAD to C1: likewise.
    //     On failure Relaxed, hint: nothing follows from it.
    let _ = counter.compare_exchange(position, next, Release, Relaxed);
}

impl<P: Platform, T: Pod> Queue<P, [Slot<P, T>; 1]> {
    /// Name, offset and size of each word and of the slots, in order.
    #[must_use]
    pub const fn fields() -> [Field; 5] {
        [
            Field::new("head", offset_of!(Self, head), size_of::<P::U64>()),
            Field::new("tail", offset_of!(Self, tail), size_of::<P::U64>()),
            Field::new("filled", offset_of!(Self, filled), size_of::<Event<P>>()),
            Field::new("freed", offset_of!(Self, freed), size_of::<Event<P>>()),
            Field::new("slots", offset_of!(Self, slots), size_of::<Slot<P, T>>()),
        ]
    }
}
