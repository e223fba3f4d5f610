//! [`Fifo`] where participants compete: two threads with two operations each, three with one. The explorer
//! completes each of them in a second.

use super::fifo::{FIFO, Fifo, LAP};
use crate::model::Info;

/// Two operations each, with room for both records.
pub(super) const TWO_EACH: Fifo = Fifo {
    info: Info {
        name: "mpmc/two_each",
        does: "try_push 1, try_push 2 || try_pop, try_pop; capacity 2",
        claims: &["MPMC-1", "MPMC-3"],
        reach: &["popped [[]], left [1, 2]", "popped [[1]], left [2]", "popped [[1, 2]], left []"],
        ..LAP.info
    },
    capacity: 2,
    ..LAP
};

/// Two producers compete for each of two slots.
pub(super) const TWO_PUSHES_EACH: Fifo = Fifo {
    info: Info {
        name: "mpmc/two_pushes_each",
        does: "try_push 1, try_push 2 || try_push 3, try_push 4; capacity 2",
        claims: &["MPMC-1", "MPMC-2", "MPMC-3"],
        reach: &[
            "popped [], left [1, 2]",
            "popped [], left [1, 3]",
            "popped [], left [3, 1]",
            "popped [], left [3, 4]",
        ],
        ..FIFO.info
    },
    producers: &[&[1, 2], &[3, 4]],
    consumers: &[],
    ..FIFO
};

/// Two consumers compete for each of two records.
pub(super) const TWO_POPS_EACH: Fifo = Fifo {
    info: Info {
        name: "mpmc/two_pops_each",
        does: "try_pop, try_pop || try_pop, try_pop; capacity 2, holding 1 and 2",
        claims: &["MPMC-1", "MPMC-2", "MPMC-3"],
        reach: &[
            "popped [[], [1, 2]], left []",
            "popped [[1], [2]], left []",
            "popped [[2], [1]], left []",
            "popped [[1, 2], []], left []",
        ],
        ..FIFO.info
    },
    held: &[1, 2],
    producers: &[],
    consumers: &[2, 2],
    ..FIFO
};

/// An operation each: two producers compete for one slot, which a consumer may make free in between.
pub(super) const SLOT_FOR_TWO: Fifo = Fifo {
    info: Info {
        name: "mpmc/slot_for_two",
        does: "try_push 1 || try_push 2 || try_pop; capacity 1",
        claims: &["MPMC-1", "MPMC-2"],
        reach: &[
            "popped [[]], left [1]",
            "popped [[]], left [2]",
            "popped [[1]], left []",
            "popped [[1]], left [2]",
            "popped [[2]], left []",
            "popped [[2]], left [1]",
        ],
        ..FIFO.info
    },
    consumers: &[1],
    capacity: 1,
    ..FIFO
};

/// An operation each: two consumers compete for one record.
pub(super) const RECORD_FOR_TWO: Fifo = Fifo {
    info: Info {
        name: "mpmc/record_for_two",
        does: "try_push 1 || try_pop || try_pop; capacity 1",
        claims: &["MPMC-1", "MPMC-2"],
        reach: &[
            "popped [[], []], left [1]",
            "popped [[], [1]], left []",
            "popped [[1], []], left []",
        ],
        ..FIFO.info
    },
    producers: &[&[1]],
    consumers: &[1, 1],
    capacity: 1,
    ..FIFO
};
