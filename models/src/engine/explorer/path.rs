//! Where in the search an execution is met, and parts of the search.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A node of the search's tree. The root is the first execution; a child is an alternative that its parent
/// noted, by number. What a node's children are depends on the node alone, so a path leads to the same
/// execution in every search of the same scenario.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Path(pub(super) Vec<u32>);

/// `0` is the root, `0.7.2` its child 7's child 2.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0")?;
        self.0.iter().try_for_each(|child| write!(f, ".{child}"))
    }
}

impl FromStr for Path {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut numbers = text.split('.').map(str::parse);
        let root = numbers.next() == Some(Ok(0_u32));
        let children = numbers.collect::<Result<_, _>>().ok().filter(|_| root);
        children.map(Self).ok_or_else(|| format!("`{text}` is not a path, such as 0.7.2"))
    }
}

/// A part of a search, the same in every run: all shards together are the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    /// Which part, counted from 1.
    index: u32,
    /// Of how many.
    of: u32,
}

impl Shard {
    /// Nodes at this depth are dealt out to the shards, each with all that is below it. Every shard goes
    /// through the nodes above, and counts its own.
    const DEPTH: usize = 8;

    /// Which shard, counted from 1.
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How many shards there are.
    pub const fn of(self) -> u32 {
        self.of
    }

    /// Is it this shard's turn when whole jobs are dealt out?
    pub const fn takes(self, job: usize) -> bool {
        job as u64 % self.of as u64 == self.index as u64 - 1
    }

    /// Is a node, or the one above it that has been dealt out, in this shard?
    pub(super) fn has(self, path: &Path) -> bool {
        let dealt = path.0.iter().take(Self::DEPTH);
        // FNV-1a (Fowler, Noll, Vo), by numbers rather than bytes.
        let hash = dealt.fold(0xcbf2_9ce4_8422_2325_u64, |hash, child| {
            (hash ^ u64::from(*child)).wrapping_mul(0x0100_0000_01b3)
        });
        self.takes((hash >> 32) as usize)
    }

    /// Has a node just been dealt out to another shard?
    pub(super) fn leaves_out(self, path: &Path) -> bool {
        path.0.len() == Self::DEPTH && !self.has(path)
    }
}

/// `2/8` is the second of eight.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (index, of) = text.split_once('/')?;
            Some(Self { index: index.parse().ok()?, of: of.parse().ok()? })
        };
        let shard = parse().filter(|shard| (1..=shard.of).contains(&shard.index));
        shard.ok_or_else(|| format!("`{text}` is not a shard, such as 2/8: the second of eight"))
    }
}

/// In JSON both are as they are printed.
macro_rules! as_text {
    ($($type:ty)*) => {$(
        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }

        impl TryFrom<String> for $type {
            type Error = String;

            fn try_from(text: String) -> Result<Self, String> {
                text.parse()
            }
        }
    )*};
}

as_text! { Path Shard }
