//! What the program asks of the machine.

use super::event::{About, EventId, Kind, Loc, Order, Purpose};

/// What a thread wants to do next.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ask {
    Read {
        loc: Loc,
        order: Order,
        purpose: Purpose,
        first: u64,
    },
    Write {
        loc: Loc,
        order: Order,
        value: u64,
        half: Option<u16>,
    },
    Choose {
        about: About,
        options: u8,
    },
    /// A new thread; which one, the graph says.
    Spawn,
    /// A wake, by whom the graph says, since the thread fell asleep with the event `slept`; or else the
    /// end of its patience, when the clock shows a moment, or after a death.
    Wake {
        queue: Loc,
        slept: EventId,
        until: Option<(Loc, u64)>,
        dead: Loc,
    },
    /// Nothing: it waits for what other executions bring.
    Never,
    /// An event that can be in one way only.
    Plainly(Kind),
}

impl Ask {
    /// This write, broken off.
    pub(super) fn torn(self) -> Self {
        match self {
            Self::Write { loc, value, half, .. } => {
                Self::Write { loc, order: Order::Torn, value, half }
            }
            _ => unreachable!("only writes are broken off"),
        }
    }

    /// Is this the event that is asked for, as far as the program decides it?
    pub(super) fn is_answered_by(self, event: Kind) -> bool {
        match (self, event) {
            (Self::Read { loc, purpose, .. }, Kind::Read { loc: at, purpose: was, .. }) => {
                (loc, purpose) == (at, was)
            }
            (
                Self::Write { loc, order, value, half },
                Kind::Write { loc: at, order: was, value: then, half: of },
            ) => (loc, order, value, half) == (at, was, then, of),
            (Self::Choose { about, options }, Kind::Choose { about: was, options: of, .. }) => {
                (about, options) == (was, of)
            }
            (Self::Spawn, Kind::Spawn { .. }) | (Self::Wake { .. }, Kind::Woken { .. }) => true,
            (Self::Plainly(kind), event) => kind == event,
            _ => false,
        }
    }
}
