//! Events: what a thread does to shared memory, and what is known of it.

use std::panic::Location;

use selvedge::platform::{Ordering, Rmw};

use super::view::View;

/// Where an access stands in the source.
pub(super) type Site = &'static Location<'static>;

/// Threads in one execution, the main one included.
pub const MOST_THREADS: usize = 8;

/// An event: the thread, and its place in that thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct EventId {
    pub(super) thread: u8,
    pub(super) index: u16,
}

/// A location, named by who made it: a thread, and how many it had made before. The name does not
/// depend on what other threads do, so it is the same in every execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Loc {
    pub(super) thread: u8,
    pub(super) index: u16,
}

/// How an access is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// No atomic access at all.
    Plain,
    /// Likewise, a write whose thread died in the middle of it.
    Torn,
    /// By the kernel, which enters a futex's queue and leaves it as one step; nobody learns from it.
    Queue,
    /// Likewise, by a wake: later looks at the futex's word see what is before it.
    Wake,
    Relaxed,
    Acquire,
    Release,
    AcqRel,
    SeqCst,
}

impl Order {
    pub(super) fn is_plain(self) -> bool {
        matches!(self, Self::Plain | Self::Torn)
    }

    pub(super) fn acquires(self) -> bool {
        matches!(self, Self::Acquire | Self::AcqRel | Self::SeqCst)
    }

    pub(super) fn releases(self) -> bool {
        matches!(self, Self::Release | Self::AcqRel | Self::SeqCst)
    }
}

impl From<Ordering> for Order {
    fn from(order: Ordering) -> Self {
        match order {
            Ordering::Relaxed => Self::Relaxed,
            Ordering::Acquire => Self::Acquire,
            Ordering::Release => Self::Release,
            Ordering::AcqRel => Self::AcqRel,
            _ => Self::SeqCst,
        }
    }
}

/// What becomes of the value that a read finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A load.
    Load,
    /// The read half of a read-modify-write that always writes.
    Update { op: Rmw, operand: u64, mask: u64 },
    /// The read half of a compare-exchange: it writes if it finds `current`, and may fail all the same
    /// if it is `weak`. Its ordering is `success` then, `failure` otherwise.
    Compare { current: u64, new: u64, weak: bool, success: Order, failure: Order },
    /// A wake's way into a futex's queue; nobody else enters before it is left.
    Enter,
    /// A futex's look at its word, right before a thread falls asleep, or not.
    Check,
}

/// What a read made of the value that it found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// Nothing is written.
    Reads,
    /// The write half follows.
    Updates,
    /// A weak compare-exchange that fails although the values are equal.
    Spurious,
}

/// A flavour with the ordering that the read has in it.
pub(super) type Flavoured = (Flavour, Order);

impl Purpose {
    /// How `value` may be read, the usual way last. `order` is that of a purpose that has no other.
    pub(super) fn ways(
        self,
        value: u64,
        order: Order,
        may_be_spurious: bool,
    ) -> impl Iterator<Item = Flavoured> {
        let (usual, spurious) = match self {
            Self::Load | Self::Check => ((Flavour::Reads, order), None),
            Self::Update { .. } | Self::Enter => ((Flavour::Updates, order), None),
            Self::Compare { current, failure, .. } if current != value => {
                ((Flavour::Reads, failure), None)
            }
            Self::Compare { weak, success, failure, .. } => {
                let spurious = (weak && may_be_spurious).then_some((Flavour::Spurious, failure));
                ((Flavour::Updates, success), spurious)
            }
        };
        spurious.into_iter().chain([usual])
    }

    /// What is written when `value` has been found, if that follows from it alone.
    pub(super) fn writes(self, value: u64) -> Option<u64> {
        match self {
            Self::Update { op, operand, mask } => Some(
                mask & match op {
                    Rmw::Add => value.wrapping_add(operand),
                    Rmw::Sub => value.wrapping_sub(operand),
                    Rmw::Or => value | operand,
                    Rmw::And => value & operand,
                    Rmw::Swap => operand,
                },
            ),
            Self::Compare { new, .. } => Some(new),
            Self::Load | Self::Enter | Self::Check => None,
        }
    }
}

/// What a choice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Which sleepers a wake tells.
    Sleepers,
    /// Whether the thread goes on (0), or how it dies.
    Death,
    /// Whether a sleep ends by a wake (0), or otherwise.
    Sleep,
    /// What the scenario asks for.
    Scenario,
}

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Read {
        loc: Loc,
        order: Order,
        purpose: Purpose,
        flavour: Flavour,
        value: u64,
        /// The write that it reads from; `None` is the location's first value.
        from: Option<EventId>,
    },
    Write {
        loc: Loc,
        order: Order,
        value: u64,
        /// The index of the read half, if it is the write half of a read-modify-write.
        half: Option<u16>,
    },
    Fence(Order),
    Choose {
        about: About,
        options: u8,
        value: u8,
    },
    Spawn {
        child: u8,
    },
    Join {
        child: u8,
    },
    /// A sleeper goes on, told by a wake: the write that took it off the futex's queue.
    Woken {
        by: EventId,
    },
    /// A loop that waits for others has gone round in vain.
    Pause,
    End,
}

impl Kind {
    pub(super) fn loc(&self) -> Option<Loc> {
        match self {
            Self::Read { loc, .. } | Self::Write { loc, .. } => Some(*loc),
            _ => None,
        }
    }

    /// Can other threads tell whether it has been? A read of payload can race.
    pub(super) fn is_told(&self) -> bool {
        match self {
            Self::Read { order, .. } => order.is_plain(),
            Self::Write { .. } => true,
            _ => false,
        }
    }

    pub(super) fn is_sc(&self) -> bool {
        match self {
            Self::Read { order, .. } | Self::Write { order, .. } | Self::Fence(order) => {
                *order == Order::SeqCst
            }
            _ => false,
        }
    }
}

/// An event, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) kind: Kind,
    pub(super) site: Site,
    /// When it was added to the graph; events are ordered by it.
    pub(super) stamp: u32,
    /// Of the thread, with this event.
    pub(super) past: Past,
    /// What who reads from this write may learn.
    pub(super) carries: View,
}

/// What a thread has behind it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Past {
    /// All that happens-before.
    pub(super) hb: View,
    /// All that it depends on: program order and reads-from, whether or not they synchronise.
    pub(super) porf: View,
    /// What the next acquire fence will add to `hb`.
    pub(super) pending: View,
    /// What relaxed stores release: `hb` at the last release fence.
    pub(super) fenced: View,
}
