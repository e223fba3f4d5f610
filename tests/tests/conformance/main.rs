//! The same questions to the kernel's mechanisms and to ours: the answers stand side by side in a snapshot, so that
//! every difference is explicit.
#![cfg(target_os = "linux")]

mod message_queue;
mod pipe;
mod semaphore;
mod signals;
mod socket;

use std::{
    fmt::{Display, Write as _},
    process::{Child, Command},
};

use selvedge_tests::{Children, Name, hear};

/// A question, and how a mechanism of some kind answers it.
type Question<K> = (&'static str, fn(&mut K) -> String);

/// What each kind answers; of each question there are new ones, under a name of their own.
fn table<K: Display, const N: usize>(
    mechanism: &str,
    questions: &[Question<K>],
    kinds: impl Fn(&Name) -> [K; N],
) -> String {
    let mut table = String::new();
    for (n, (question, ask)) in questions.iter().enumerate() {
        writeln!(table, "{question}").unwrap();
        let name = Name::of(&format!("conformance.{mechanism}.{n}"));
        let mut kinds = kinds(&name).map(|kind| (kind.to_string(), kind));
        let width = kinds.iter().map(|(shown, _)| shown.len() + 2).max().unwrap_or_default();
        for (shown, kind) in &mut kinds {
            writeln!(table, "    {shown:<width$}{}", ask(kind)).unwrap();
        }
    }
    table
}

/// The program that makes one call.
const ONE_CALL: &str = env!("CARGO_BIN_EXE_one_call");

/// Starts it, to make this call, and waits until that has returned.
fn called<'a>(children: &'a mut Children, command: &mut Command, call: &str) -> &'a mut Child {
    let child = children.talk_to("one_call", command.arg(call));
    assert_eq!([hear(child), hear(child)], ["here", "done"]);
    child
}

/// How a wait ended: by itself, or else once it was helped.
fn ended((answer, by_itself): (String, bool)) -> String {
    if by_itself { answer } else { format!("waits on, then {answer}") }
}
