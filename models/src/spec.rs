//! Linearizability: is there an order in which the operations of a history could have taken their
//! effects one at a time, each between its call and its return, with just these results?
//!
//! Sources: Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects", ACM
//! TOPLAS 12(3), 1990; the search is that of Wing and Gong, "Testing and verifying concurrent
//! objects", JPDC 17, 1993, with the memory of Lowe, "Testing for linearizability", Concurrency and
//! Computation 29(4), 2017: a state met again after the same operations is not searched again.
//!
//! Here it is more general in two ways:
//!
//! - **An operation is a short program of atomic steps.** A record that a producer has claimed a slot
//!   for, and not published yet, is in the way of others: no single moment tells when such a push
//!   happens. All steps lie between call and return. One step an operation is the classical case.
//! - **"Before" is any partial order.** Under weak memory there is no clock that all agree on; an
//!   operation is before another if its return *happens-before* the other's call. In recorded
//!   histories it is the order of a shared counter.
//!
//! **Deaths.** A process that dies in an operation never gets its answer, and nobody completes the
//! operation for it: that took effect before the death, or never will. So histories are *strictly*
//! linearizable: Aguilera and Frølund, "Strict linearizability and the power of aborting", HP Labs
//! HPL-2003-241, 2003. Recoverable linearizability that is safe for nesting (Attiya, Ben-Baruch and
//! Hendler, PODC 2018) is for processes that come back and finish what they were doing; ours do not:
//! whoever takes a dead one's place is another, and is told nothing of its answers. Of an operation of
//! several steps the first may be all that is left; survivors then [undo](Spec::undo) it, some time
//! after the death, and before one who knows of that makes a call that it is [in the way](Spec::clears) of.
//!
//! **Refusals under weak memory.** An operation that changes nothing (`Full`, `Empty`, no permit) may
//! see an older state than another one does, as two loads may in store buffering. A producer that
//! pushes, then finds the ring full, and a consumer that pops, then finds it empty, can each miss what
//! the other just did. No one order explains both. So a history is judged in two grades
//! ([`Judgement`]): with all refusals at once, or with each refusal apart, which means that there is
//! an order of the operations that succeeded into which *that* refusal fits. Sequential consistency
//! owes the first; so does any object that is one word.

mod explain;
pub mod fifo;
mod history;
pub mod mpmc;
mod search;
pub mod semaphore;
pub mod spsc;

use core::{
    fmt::{Debug, Display},
    hash::Hash,
};

pub use explain::Refutation;
pub use history::{Call, Calls, History, Stamped};
pub use search::Placed;

/// What an object does for one user at a time.
pub trait Spec {
    /// The object's state, with the operations that are half done.
    type State: Clone + Eq + Hash + Debug;
    /// What is asked of it.
    type Op: Copy + Display;
    /// What it answers.
    type Answer: Copy + Display;

    /// The state in which a history begins.
    fn initial(&self) -> Self::State;

    /// The next step of an operation that has made `done` of them; `None` if it cannot be made in
    /// this state with this answer. Of an operation that never returned the answer is unknown.
    fn step(
        &self,
        state: &Self::State,
        call: &Call<Self>,
        done: usize,
    ) -> Option<Step<Self::State>>;

    /// The state once survivors have undone what is left of an operation that its process died in; `None`
    /// if nothing is.
    fn undo(&self, _state: &Self::State, _call: &Call<Self>) -> Option<Self::State> {
        None
    }

    /// Is what such an operation leaves in the way of that call, so that one who knows of the death undoes it first?
    fn clears(&self, _call: &Call<Self>, _left: &Call<Self>) -> bool {
        false
    }

    /// Does this answer say that nothing was changed, because of the state?
    fn refuses(answer: &Self::Answer) -> bool;
}

/// An atomic step of an operation.
#[derive(Clone, Debug)]
pub struct Step<S> {
    /// What it does, for the reader.
    pub does: &'static str,
    /// The state after it.
    pub state: S,
    /// Is it the operation's last?
    pub last: bool,
}

impl<S> Step<S> {
    /// A step after which another comes.
    pub fn then(does: &'static str, state: S) -> Self {
        Self { does, state, last: false }
    }

    /// The last step.
    pub fn last(does: &'static str, state: S) -> Self {
        Self { does, state, last: true }
    }
}

/// What is to be said of a history.
#[derive(Clone, Debug)]
pub enum Judgement {
    /// One order explains everything.
    Linearizable,
    /// No one order explains all refusals, but for each there is one that explains it and all
    /// operations that succeeded.
    EachRefusalApart,
    /// Neither.
    Refuted(Refutation),
}

#[cfg(test)]
mod tests;
