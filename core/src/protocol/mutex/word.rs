//! The word of a mutex: whose, in which condition, with how many waiters. Pure functions of a value;
//! nothing here touches shared memory.
//!
//! ```text
//! bit 63       32 31              30             29    13 12          0
//!     +----------+---------------+--------------+--------+------------+
//!     | waiters  | unrecoverable | inconsistent | zero   | holder + 1 |
//!     +----------+---------------+--------------+--------+------------+
//! ```

use crate::{platform::Owner, protocol::registry::MAX_OWNERS};

/// One waiter.
pub(super) const WAITER: u64 = 1 << 32;
const UNRECOVERABLE: u32 = 1 << 31;
const INCONSISTENT: u32 = 1 << 30;

/// In which condition a mutex is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// What it protects is whole.
    Consistent,
    /// What it protects may be torn: who locks it next is told so.
    Inconsistent,
    /// What it protects was torn, and not repaired: nobody locks it again.
    Unrecoverable,
}

/// A value of the mutex's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct State(pub u64);

impl State {
    /// What a sleeper compares: all but the waiters.
    #[must_use]
    pub const fn low(self) -> u32 {
        self.0 as u32
    }

    /// Registered waiters, at least.
    #[must_use]
    pub const fn waiters(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// Who holds it.
    #[must_use]
    pub const fn holder(self) -> Option<Owner> {
        match self.low() & !(INCONSISTENT | UNRECOVERABLE) {
            0 => None,
            holder => Some(Owner(holder - 1)),
        }
    }

    /// The condition that it was left in, or was found in by its holder.
    #[must_use]
    pub const fn condition(self) -> Condition {
        if self.low() & UNRECOVERABLE != 0 {
            Condition::Unrecoverable
        } else if self.low() & INCONSISTENT != 0 {
            Condition::Inconsistent
        } else {
            Condition::Consistent
        }
    }

    /// Could the protocol have left it so?
    #[must_use]
    pub fn is_legal(self) -> bool {
        match (self.holder(), self.condition()) {
            (None, _) => true,
            (Some(_), Condition::Unrecoverable) => false,
            (Some(holder), _) => holder.0 < MAX_OWNERS,
        }
    }

    /// Held by `owner`, who is one waiter less if it was `registered`. What it finds is `Inconsistent` if it
    /// was left so, or if somebody died who held it.
    #[must_use]
    pub const fn held_by(self, owner: Owner, registered: bool) -> Self {
        let torn = self.low() & INCONSISTENT != 0 || self.holder().is_some();
        let low = (owner.0 + 1) | if torn { INCONSISTENT } else { 0 };
        // The waiter count is a hint that a peer may have reset: it wraps rather than panics.
        let waiters = self.waiters().wrapping_sub(registered as u32);
        Self((waiters as u64) << 32 | low as u64)
    }

    /// Held by nobody, in that condition.
    #[must_use]
    pub const fn left(self, condition: Condition) -> Self {
        let low = match condition {
            Condition::Consistent => 0,
            Condition::Inconsistent => INCONSISTENT,
            Condition::Unrecoverable => UNRECOVERABLE,
        };
        Self((self.waiters() as u64) << 32 | low as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_goes_from_hand_to_hand_and_keeps_its_waiters() {
        let me = Owner(MAX_OWNERS - 1);
        for (waiters, registered, left) in [(0, false, 0), (3, false, 3), (3, true, 2)] {
            let free = State(waiters << 32);
            let held = free.held_by(me, registered);
            assert_eq!((held.holder(), held.condition()), (Some(me), Condition::Consistent));
            assert_eq!(u64::from(held.waiters()), left);
            let stolen = held.held_by(Owner(0), false);
            assert_eq!(
                (stolen.holder(), stolen.condition()),
                (Some(Owner(0)), Condition::Inconsistent)
            );
            for condition in
                [Condition::Consistent, Condition::Inconsistent, Condition::Unrecoverable]
            {
                let after = stolen.left(condition);
                assert_eq!((after.holder(), after.condition()), (None, condition));
                assert_eq!(u64::from(after.waiters()), left);
                assert!(after.is_legal());
            }
        }
    }

    #[test]
    fn what_no_step_leaves_behind_is_not_legal() {
        assert!(!State(u64::from(MAX_OWNERS) + 1).is_legal());
        assert!(!State(u64::from(UNRECOVERABLE | 1)).is_legal());
    }
}
