//! The word of a slot: which lap, in which phase, whose. Pure functions of a value; nothing here
//! touches shared memory.
//!
//! ```text
//! bit 63                              14 13   12 11          0
//!     +---------------------------------+-------+------------+
//!     | lap, modulo 2^50                | phase | owner      |
//!     +---------------------------------+-------+------------+
//! ```
//!
//! The *lap* of a position is the position with the slot's index removed (`position & !mask`): the
//! position of slot 0 on the same turn around the slots. So a slot of zeros is free on lap 0.

use crate::platform::Owner;

/// Bits of the owner; see [`MAX_OWNER`].
const OWNER_BITS: u32 = 12;
/// Where the lap begins.
const LAP_SHIFT: u32 = OWNER_BITS + 2;
/// Bits of the lap: positions further apart than this are told apart by nothing.
const LAP_BITS: u32 = u64::BITS - LAP_SHIFT;

/// The largest owner that a slot's word can name: 4095.
pub const MAX_OWNER: Owner = Owner((1 << OWNER_BITS) - 1);

/// The largest capacity: 2^48, so that a window of two laps is a small part of all laps.
pub const MAX_CAPACITY: u64 = 1 << (LAP_BITS - 2);

/// What happens to a slot, in this order, once a lap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// To be claimed by a producer.
    Free,
    /// Claimed by a producer, its owner, who writes the record.
    Writing,
    /// Holds a record.
    Published,
    /// Claimed by a consumer, its owner, who reads the record.
    Reading,
}

/// A position on the way around the slots: its lap and its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The slot's index.
    pub index: usize,
    /// The position without the index.
    pub lap: u64,
}

impl Place {
    /// Where `position` is in a queue of `capacity` slots, a power of two.
    #[inline]
    #[must_use]
    pub const fn of(position: u64, capacity: u64) -> Self {
        let mask = capacity - 1;
        Self { index: (position & mask) as usize, lap: position & !mask }
    }
}

/// A value of a slot's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct SlotWord(pub u64);

/// What a producer at a position makes of its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ForPush {
    /// Free on this lap: to be claimed.
    Claim,
    /// Still occupied on the lap before; by whom, if by a consumer who reads the record.
    Full(Option<Owner>),
    /// Somebody has claimed the position already.
    Passed,
    /// More than a lap ahead: the position is a stale one.
    Far,
    /// No order of steps leads here.
    Corrupt,
}

/// What a consumer at a position makes of its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum ForPop {
    /// Published: to be claimed.
    Claim,
    /// Not published; claimed by whom, if by a producer who writes the record.
    Empty(Option<Owner>),
    /// Somebody has taken the position already.
    Passed,
    /// More than a lap ahead: the position is a stale one.
    Far,
    /// No order of steps leads here.
    Corrupt,
}

impl SlotWord {
    /// The word of a slot on `lap` that is nobody's: `phase` is `Free` or `Published`.
    #[inline]
    #[must_use]
    pub const fn new(lap: u64, phase: Phase) -> Self {
        Self::owned(lap, phase, Owner(0))
    }

    /// The word of a slot on `lap` that is `owner`'s: `phase` is `Writing` or `Reading`.
    #[inline]
    #[must_use]
    pub const fn owned(lap: u64, phase: Phase, owner: Owner) -> Self {
        Self(lap << LAP_SHIFT | (phase as u64) << OWNER_BITS | (owner.0 & MAX_OWNER.0) as u64)
    }

    /// The phase.
    #[inline]
    #[must_use]
    pub const fn phase(self) -> Phase {
        match self.0 >> OWNER_BITS & 3 {
            0 => Phase::Free,
            1 => Phase::Writing,
            2 => Phase::Published,
            _ => Phase::Reading,
        }
    }

    /// The owner; 0 in the phases that have none.
    #[inline]
    #[must_use]
    pub const fn owner(self) -> Owner {
        Owner((self.0 & MAX_OWNER.0 as u64) as u32)
    }

    /// The lap, modulo 2^50.
    #[must_use]
    pub const fn lap(self) -> u64 {
        self.0 >> LAP_SHIFT
    }

    /// How many positions this word's lap is ahead of `lap`; negative if it is behind.
    #[inline]
    const fn ahead_of(self, lap: u64) -> i64 {
        // The shifts cut both to 50 bits, and extend the sign of the difference.
        (self.0 >> LAP_SHIFT << LAP_SHIFT).wrapping_sub(lap << LAP_SHIFT) as i64 >> LAP_SHIFT
    }

    /// What a producer on `lap` makes of this word; `capacity` is at most [`MAX_CAPACITY`].
    #[inline]
    pub const fn for_push(self, lap: u64, capacity: u64) -> ForPush {
        let ahead = self.ahead_of(lap);
        if ahead == 0 {
            return if matches!(self.phase(), Phase::Free) {
                ForPush::Claim
            } else {
                ForPush::Passed
            };
        }
        if ahead > 0 {
            return if ahead <= capacity as i64 { ForPush::Passed } else { ForPush::Far };
        }
        match self.phase() {
            _ if ahead != -(capacity as i64) => ForPush::Corrupt,
            Phase::Free => ForPush::Corrupt,
            Phase::Writing | Phase::Published => ForPush::Full(None),
            Phase::Reading => ForPush::Full(Some(self.owner())),
        }
    }

    /// What a consumer on `lap` makes of this word; `capacity` is at most [`MAX_CAPACITY`].
    #[inline]
    pub const fn for_pop(self, lap: u64, capacity: u64) -> ForPop {
        let ahead = self.ahead_of(lap);
        if ahead > 0 {
            return if ahead <= capacity as i64 { ForPop::Passed } else { ForPop::Far };
        }
        match self.phase() {
            Phase::Free if ahead == 0 => ForPop::Empty(None),
            Phase::Writing if ahead == 0 => ForPop::Empty(Some(self.owner())),
            Phase::Published if ahead == 0 => ForPop::Claim,
            Phase::Reading if ahead == 0 => ForPop::Passed,
            // Not even free for this lap: the record of the lap before is still being read.
            Phase::Reading if ahead == -(capacity as i64) => ForPop::Empty(None),
            _ => ForPop::Corrupt,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STARTS: [u64; 5] = [0, 8, 1 << 50, u64::MAX - 7, (1 << 50) - 8];

    #[test]
    fn a_slot_of_zeros_is_free_on_lap_0() {
        assert_eq!(SlotWord(0), SlotWord::new(0, Phase::Free));
    }

    #[test]
    fn the_parts_of_a_word_come_back() {
        for lap in STARTS {
            for phase in [Phase::Free, Phase::Writing, Phase::Published, Phase::Reading] {
                let word = SlotWord::owned(lap, phase, MAX_OWNER);
                assert_eq!((word.phase(), word.owner()), (phase, MAX_OWNER));
                assert_eq!(word.lap(), lap & ((1 << LAP_BITS) - 1));
            }
        }
    }

    #[test]
    fn what_a_participant_makes_of_a_slot_depends_on_the_difference_of_laps_alone() {
        use Phase::*;
        let me = Owner(7);
        for lap in STARTS {
            let word =
                |laps: i64, phase| SlotWord::owned(lap.wrapping_add((laps * 8) as u64), phase, me);
            let push = |laps, phase| word(laps, phase).for_push(lap, 8);
            assert_eq!(push(0, Free), ForPush::Claim);
            assert_eq!([Writing, Published, Reading].map(|p| push(0, p)), [ForPush::Passed; 3]);
            assert_eq!([Free, Reading].map(|p| push(1, p)), [ForPush::Passed; 2]);
            assert_eq!([Writing, Published].map(|p| push(-1, p)), [ForPush::Full(None); 2]);
            assert_eq!(push(-1, Reading), ForPush::Full(Some(me)));
            assert_eq!([push(-1, Free), push(-2, Reading)], [ForPush::Corrupt; 2]);
            assert_eq!([Free, Writing].map(|p| push(2, p)), [ForPush::Far; 2]);

            let pop = |laps, phase| word(laps, phase).for_pop(lap, 8);
            assert_eq!(pop(0, Published), ForPop::Claim);
            assert_eq!(pop(0, Writing), ForPop::Empty(Some(me)));
            assert_eq!([pop(0, Free), pop(-1, Reading)], [ForPop::Empty(None); 2]);
            assert_eq!([pop(0, Reading), pop(1, Free), pop(1, Published)], [ForPop::Passed; 3]);
            assert_eq!([Free, Writing, Published].map(|p| pop(-1, p)), [ForPop::Corrupt; 3]);
            assert_eq!(pop(-2, Reading), ForPop::Corrupt);
            assert_eq!([Free, Reading].map(|p| pop(2, p)), [ForPop::Far; 2]);
        }
    }

    #[test]
    fn a_lap_is_not_confused_with_the_next_one_at_capacity_1() {
        let published = SlotWord::new(5, Phase::Published);
        assert_eq!(published.for_pop(5, 1), ForPop::Claim);
        assert_eq!(published.for_pop(6, 1), ForPop::Corrupt);
        assert_eq!(published.for_push(6, 1), ForPush::Full(None));
    }
}
