//! Platforms around a platform. A wrapper plants one bug, at one step of a card, without touching
//! the source: an ordering weakened, a fence removed, a wake lost. Wrappers compose.

mod hooked;
mod mutation;

pub use hooked::{Hook, Hooked, Site};
pub use mutation::{DropWake, Mutation, Planted, Weaken};
