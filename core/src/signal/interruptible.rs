//! Calls that end on Ctrl-C.

use std::{io, process::exit, thread, time::Duration};

use nix::sys::signal::raise;

use super::{Caught, Signal};
use crate::{cancel::Canceller, poll};

/// A signal that has cancelled [`interruptible`] calls.
#[derive(Debug)]
#[must_use = "whoever sent it wants this process to end"]
pub struct Interrupt {
    signal: Signal,
    caught: Caught,
}

impl Interrupt {
    /// Which it was.
    pub fn signal(&self) -> Signal {
        self.signal
    }

    /// Dies by the signal, as whoever sent it expects: a shell says 130 for `SIGINT` and 143 for `SIGTERM`, and ends its
    /// own loops, which it would not for a program that ends by itself with these numbers. Nothing is dropped any more.
    pub fn act(self) -> ! {
        die(self.signal, &self.caught)
    }
}

fn die(signal: Signal, caught: &Caught) -> ! {
    // It is this thread's alone, and delivered before the call returns.
    let _ = caught.release().and_then(|()| Ok(raise(signal)?));
    // Somebody handles it or ignores it.
    exit(128 + signal as i32)
}

/// Makes calls that are [cancelled](crate::cancel) by any of these signals, and says by which, if they were. To be called
/// before other threads are started, as [`Caught::new`]. The signals are blocked only as long as it lasts, or until the
/// [`Interrupt`] acts.
///
/// What does not end although it is cancelled, since it waits for something that is not of this library, is given
/// `patience`; then the process dies by the signal. What others do then is in each module ("If a process dies").
///
/// # Errors
/// If no descriptor is free.
///
/// # Panics
/// As the calls do.
///
/// # Examples
/// ```
/// use selvedge::{
///     cancel,
///     signal::{Set, Signal, Signals, interruptible},
/// };
/// use std::time::Duration;
///
/// let (signals, _descriptor) = Signals::anonymous()?;
/// # nix::sys::signal::SigSet::from(Signal::SIGTERM).thread_block()?;
/// # selvedge::signal::Process::open(std::process::id())?.send(Signal::SIGTERM)?;
/// let patience = Duration::from_secs(2);
/// let (taken, interrupt) = interruptible([Signal::SIGINT, Signal::SIGTERM], patience, || {
///     // Nobody raises any. Somebody says `kill`.
///     let taken = signals.wait(Set::ALL);
///     assert!(cancel::is_cancelled());
///     taken
/// })?;
/// assert!(taken.is_empty());
/// // Once everything is cleaned up: `interrupt.act()`.
/// assert_eq!(interrupt.unwrap().signal(), Signal::SIGTERM);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn interruptible<R>(
    signals: impl IntoIterator<Item = Signal>,
    patience: Duration,
    calls: impl FnOnce() -> R,
) -> io::Result<(R, Option<Interrupt>)> {
    let caught = Caught::new(signals)?;
    let (within, over) = (Canceller::new()?, Canceller::new()?);
    let wait = || {
        let received = over.run(|| caught.next(None)).ok()?;
        within.cancel();
        match poll::wait(&[&over], Some(patience)) {
            Ok(ready) if !ready.is_empty() => Some(received.signal),
            _ => die(received.signal, &caught),
        }
    };
    let (done, signal) = thread::scope(|scope| {
        let waiting = scope.spawn(wait);
        // Also by a panic of the calls.
        let ended = Ended(&over);
        let done = within.run(calls);
        drop(ended);
        (done, waiting.join().expect("it does not panic"))
    });
    let interrupt = match signal {
        Some(signal) => Some(Interrupt { signal, caught }),
        None => {
            caught.release()?;
            None
        }
    };
    Ok((done, interrupt))
}

/// Once dropped, it is over.
struct Ended<'a>(&'a Canceller);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
