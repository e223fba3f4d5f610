//! Somebody waits, and the process that it waits for is killed.

use std::{
    process::Child,
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{A_WHILE, FOR_EVER};

/// Makes a call that may wait in a thread of its own; here comes its result.
pub fn begin<R: Send + 'static>(call: impl FnOnce() -> R + Send + 'static) -> Receiver<R> {
    let (tell, result) = channel();
    // Whoever has failed meanwhile does not listen.
    thread::spawn(move || tell.send(call()).is_ok());
    result
}

/// Stops `child`, and then kills it, while a call waits: what comes of it, and whether it came by itself or, after a
/// while, by `help`.
///
/// # Panics
/// If the call ends while the child is but stopped, or never.
pub fn outlive<R>(child: &mut Child, result: &Receiver<R>, help: impl FnOnce()) -> (R, bool) {
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGSTOP).expect("it is ours");
    let stopped = result.recv_timeout(A_WHILE).err();
    assert_eq!(stopped, Some(RecvTimeoutError::Timeout), "a stopped process is not dead");
    child.kill().expect("it is ours");
    match result.recv_timeout(A_WHILE) {
        Ok(result) => (result, true),
        Err(_) => {
            help();
            (result.recv_timeout(FOR_EVER).expect("it waits for ever"), false)
        }
    }
}
