//! The word of an end: whose it is, or why it is nobody's. Pure functions of a value; nothing here touches
//! shared memory.

use crate::{platform::Owner, protocol::registry::MAX_OWNERS};

/// A value of an end's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(transparent)]
pub struct End(pub u32);

/// What an end's word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Nobody has come yet.
    Vacant,
    /// It has an owner, who may be dead.
    Owned(Owner),
    /// Its owner died, or went without closing; another may claim it.
    Abandoned,
    /// Its owner closed it, for good. An impossible word says so too.
    Closed,
}

impl End {
    /// Nobody has come yet: a fresh page.
    pub const VACANT: Self = Self(0);
    /// Its owner is gone, and did not close.
    pub const ABANDONED: Self = Self(1 << 30);
    /// Its owner closed it.
    pub const CLOSED: Self = Self(1 << 31);

    /// Claimed by `owner`.
    #[must_use]
    pub const fn owned(owner: Owner) -> Self {
        Self(owner.0 + 1)
    }

    /// What it says.
    #[must_use]
    pub const fn claim(self) -> Claim {
        match self {
            Self::VACANT => Claim::Vacant,
            Self::ABANDONED => Claim::Abandoned,
            Self(word @ 1..=MAX_OWNERS) => Claim::Owned(Owner(word - 1)),
            _ => Claim::Closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_says_what_was_written_and_nonsense_says_closed() {
        let last = Owner(MAX_OWNERS - 1);
        for (word, claim) in [
            (End::VACANT, Claim::Vacant),
            (End::owned(Owner(0)), Claim::Owned(Owner(0))),
            (End::owned(last), Claim::Owned(last)),
            (End::ABANDONED, Claim::Abandoned),
            (End::CLOSED, Claim::Closed),
            (End(MAX_OWNERS + 1), Claim::Closed),
            (End(u32::MAX), Claim::Closed),
        ] {
            assert_eq!(word.claim(), claim);
        }
    }
}
