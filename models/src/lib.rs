//! The verification suite of `selvedge`: the protocols' own source, generic over
//! [`Platform`](selvedge::platform::Platform), run under several engines.
//!
//! - [`model`]: what a scenario is, and what it needs of an engine;
//! - [`scenario`]: what is run, each written once, generic over the platform;
//! - [`spec`]: what an object owes a single user, and whether a history fits;
//! - [`litmus`]: litmus tests in herd7's format, read and run as scenarios;
//! - [`recorder`]: takes the history of an execution;
//! - [`check()`]: explores a scenario of one's own, in a plain test;
//! - [`engine`]: what runs it (the explorer, loom, shuttle, the machine), and the verdicts;
//! - [`job`]: one search in a process of its own;
//! - [`wrap`]: platforms around a platform, which plant bugs;
//! - [`card`]: what each protocol's card promises, read from the source;
//! - [`calibration`]: what an engine must get right before its other verdicts count;
//! - `planted`, `report`: the bugs that must be caught, and `cargo verify`'s report (feature `cli`).

pub mod calibration;
pub mod card;
mod check;
pub mod engine;
pub mod job;
pub mod ledger;
pub mod litmus;
pub mod model;
#[cfg(feature = "cli")]
pub mod planted;
#[cfg(feature = "cli")]
pub mod report;

pub mod recorder;
pub mod scenario;
pub mod spec;
pub mod wrap;

pub use check::{check, check_on};
