//! Litmus tests in herd7's C11 format: parsed, printed, and run on any engine.
//!
//! A program is a header (`C NAME`, then perhaps a quoted line that says what it is about), initial
//! values, threads, and a condition on the final state:
//!
//! ```text
//! C SB
//! "store buffering"
//! { x=0; y=0; }
//! P0 (atomic_int* x, atomic_int* y) {
//!   atomic_store_explicit(x, 1, memory_order_release);
//!   int r0 = atomic_load_explicit(y, memory_order_acquire);
//! }
//! P1 (atomic_int* x, atomic_int* y) {
//!   atomic_store_explicit(y, 1, memory_order_release);
//!   int r0 = atomic_load_explicit(x, memory_order_acquire);
//! }
//! exists (0:r0=0 /\ 1:r0=0)
//! ```
//!
//! Threads have `int` registers, `if` and `else`, C's operators without division and shifts, and the
//! functions of `<stdatomic.h>` on whole words, except `atomic_fetch_xor`, which the platform does not
//! have. There are no loops, and `memory_order_consume` is refused. Values are `int`s that wrap. A plain
//! `*x` is a non-atomic access, whatever `x` is declared as. In a thread `(*x` is a parenthesis, and
//! `(* x` opens a comment.
//!
//! Format: Alglave, Maranget and Tautschnig, "Herding cats", ACM TOPLAS 36(2), 2014, and the manual of
//! herd7.

mod condition;
pub mod golden;
mod lex;
mod machine;
mod parse;
mod print;
mod program;
mod run;

pub use condition::{Condition, Proposition, Quantifier};
pub use machine::Shown;
pub use parse::ParseError;
pub use program::{Binary, Expr, Kind, Loc, Location, Program, Reg, Statement, Thread, Unary};
pub use run::{Litmus, Outcome};

#[cfg(test)]
mod tests;
