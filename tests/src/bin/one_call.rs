//! `one_call PLACE KIND sends|receives|acquires|releases`: comes to a message queue, or a semaphore, says "here", makes
//! the call, says what it returned, and stays until its `stdin` ends: it is there to be killed. SIGUSR1 does nothing
//! but interrupt it.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{fmt::Display, io};

use selvedge_tests::{be_interrupted, child, queues, semaphores};

fn main() -> io::Result<()> {
    let [place, kind, call] = child();
    be_interrupted()?;
    let queue = |place| queues::Kind::handed(place, &kind).user();
    let semaphore = |place| semaphores::Kind::handed(place, &kind).user();
    match &*call {
        "sends" => make(queue(place), |user| user.send(b"sent", true)),
        "receives" => make(queue(place), |user| user.recv(true).map(drop)),
        "acquires" => make(semaphore(place), |user| user.acquire(None)),
        "releases" => make(semaphore(place), |user| user.release()),
        _ => Err(io::Error::other(format!("what is {call:?}?"))),
    }
}

fn make<U, W: Display>(mut user: U, call: impl FnOnce(&mut U) -> Result<(), W>) -> io::Result<()> {
    println!("here");
    match call(&mut user) {
        Ok(()) => println!("done"),
        Err(why) => println!("{why}"),
    }
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}
