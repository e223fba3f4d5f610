//! # registry: who is who among the participants of a segment, and which of them are dead
//!
//! Each handle takes a *slot* of its segment, and is called by that number, its [`Owner`], wherever a
//! protocol's word has to say whose something is. A slot is nothing but a lock that the kernel takes back
//! from the dead; there is no word that could be torn, and nothing in shared memory says who lives.
//!
//! Source: locks of open file descriptions, fcntl(2); proof of death by a lock that only its owner holds
//! is known from robust lock managers. That those who clean up share the lock, so that any number of them
//! may do it at once while nobody can take the dead owner's number, is what [`if_dead`] adds.
//!
//! Trust: whoever may open the segment's file for writing can lock any slot for ever, so that a death
//! remains unknown or nobody gets a slot. It cannot make a living process seem dead.
//!
//! Progress: wait-free; nothing here waits. Whoever is stopped while it buries a dead owner keeps that
//! slot from being used again, and holds up nobody else.
//!
//! ## Words
//!
//! | word | type | who writes | who reads | fresh page |
//! |------|------|------------|-----------|------------|
//! | slot | lock: exclusive for its owner, shared by those who bury a dead one | all | all | free |
//!
//! Nothing is counted, so there is no bit budget. The number of slots is fixed when the segment is created.
//!
//! ## States
//!
//! A slot is *free* (nobody holds its lock; there may be traces of an owner that died), *shared* by those
//! who bury (J1, D1), or *owned* (J3). The kernel frees it when its owner, or who buries, dies.
//!
//! ## Invariants
//!
//! - `I1`: a slot has at most one owner, which holds its lock from J3 to its end.
//! - `I2`: while somebody shares a slot's lock, nobody owns it, and nobody can come to own it.
//! - `I3`: when a slot gets an owner, no trace of an earlier one is left.
//!
//! ## Steps
//!
//! | step | access |
//! |------|--------|
//! | `J1` | join: share a slot's lock, if it has no owner |
//! | `J2` | join: remove every trace of who owned it before |
//! | `J3` | join: own it, if nobody else shares it |
//! | `J4` | join: let go of it otherwise |
//! | `D1` | if dead: share the owner's lock |
//! | `D2` | if dead: do what is to be done while the owner is dead |
//! | `D3` | if dead: let go of it |
//!
//! ## Edges
//!
//! none: the kernel's steps on a slot have one order, which is *assumed* (`Platform`).
//!
//! ## If a process dies
//!
//! | after step | left behind | who notices | what the survivor does | what was promised |
//! |------------|-------------|-------------|------------------------|-------------------|
//! | `J1` | nothing: the kernel frees the lock | nobody | nothing | nothing |
//! | `J2` | as after `J1`, and fewer traces | nobody | nothing | as after `J1` |
//! | `J3` | a free slot, with whatever its owner left in the protocol's words | who finds its number there, or takes the slot | `D1` to `D3`, or `J1` to `J3` | what the protocol's card says |
//! | `J4` | nothing | nobody | nothing | nothing |
//! | `D1` | nothing: the kernel frees the lock | nobody | nothing | nothing |
//! | `D2` | what the protocol's card says of the step | the next who finds the dead owner's number | `D1` to `D3` | what the card says |
//! | `D3` | nothing | nobody | nothing | everything |
//!
//! ## Guarantees
//!
//! | id | promise | evidence |
//! |----|---------|----------|
//! | `REG-1` | no two living handles have one owner | `registry/one_owner`, `registry/one_owner_dies`, `registry/death_of_one_of_two`, `registry/death_among_three` |
//! | `REG-2` | what is done to a dead owner's traces is never done to a newcomer's that has the same number | `registry/burial_spares_newcomers` |
//! | `REG-3` | a slot of the dead is taken again, after its traces have been removed | `registry/burial_spares_newcomers`, `registry/one_owner`, `registry/one_owner_dies`, `registry/death_of_one_of_two`, `registry/death_among_three` |

use crate::platform::{
    LockMode::{Exclusive, Shared},
    Owner, Platform,
};

/// The most slots of a segment: the words of protocols have room for so many owners.
pub const MAX_OWNERS: u32 = 4096;

/// Takes a slot out of `slots`, after `sweep` has removed every trace of whoever owned it before: idempotent,
/// and possibly at the same time as others do it. `None` if each of them was owned or shared by others when
/// it was looked at.
///
/// The context has no slot yet.
pub fn join<P: Platform>(
    ctx: &P::Ctx,
    slots: impl IntoIterator<Item = Owner>,
    mut sweep: impl FnMut(Owner),
) -> Option<Owner> {
    for slot in slots {
        // J1  Refused, somebody lives there.
        if !P::try_lock(ctx, slot, Shared) {
            continue;
        }
        // J2  Nobody can come to own it meanwhile (I2), so what is there is of the dead (I3).
        sweep(slot);
        // J3  Refused, others bury its dead owner, or want to join too.
        if P::try_lock(ctx, slot, Exclusive) {
            return Some(slot); // I1
        }
        // J4  They go on; so do we, elsewhere.
        P::unlock(ctx, slot);
    }
    None
}

/// Does something while `owner` is dead, and nobody can take its slot; `None` if it is alive, as far as is
/// known. All that the dead owner did happens-before. Its accesses stand, to an engine, where it is called.
#[track_caller]
pub fn if_dead<P: Platform, R>(ctx: &P::Ctx, owner: Owner, then: impl FnOnce() -> R) -> Option<R> {
    // D1  Granted, its owner is dead, and remains so (I2).
    if !P::try_lock(ctx, owner, Shared) {
        return None;
    }
    // D2  A compare-exchange of a word that names `owner` hits what a dead owner left, whichever that was.
    let result = then();
    // D3  From here on the slot may have an owner again.
    P::unlock(ctx, owner);
    Some(result)
}
