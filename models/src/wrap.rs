//! Platforms around a platform. A wrapper plants one bug, at one step of a card, without touching
//! the source: an ordering weakened, a fence removed, a wake lost, a sleep without a bound. Wrappers compose.

mod hooked;
mod mutation;

pub use hooked::{Hook, Hooked, Site};
pub(crate) use mutation::is_bounded;
pub use mutation::{DropWake, Mutation, Planted, Weaken};
