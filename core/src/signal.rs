//! Signals: asynchronous notification of what has happened, without more to say about it.
//!
//! Between processes that know each other, a set of 64 signals lives in a segment. Any process raises any of them; any other takes those that are pending, at
//! once, by waiting, or by polling beside other things ([`Pollable`](crate::poll::Pollable)). As with POSIX's standard
//! signals, one that is raised again before it was taken is taken once. What they mean their users agree on.
//! *Anonymous*, a set is a descriptor that a child inherits; *named*, unrelated processes meet at a name. Its promises
//! are those of [`protocol::signals`](crate::protocol::signals).
//!
//! # Against the kernel's
//!
//! | | `signal(7)` | here |
//! |-|-------------|------|
//! | `kill`, Ctrl-C, `SIGCHLD` | yes | the kernel raises none of these; [a handler](Signals::raise_on) does, in the process that gets them |
//! | timers; the end of a process | yes | a [`Timer`](crate::timer::Timer), a [`Process`] as descriptors to be polled |
//! | interrupts what the process does | runs a handler between two instructions | **no**: it is taken when the process asks, or polls |
//! | sent to | a process, by its number, which may be another's by now | whoever takes from the set |
//! | who may send | the same user | whoever may open the segment |
//! | how many | 31 standard ones, most with a meaning | 64, without |
//! | raised twice before it is taken | once | the same |
//! | in an order, with a value | real-time signals, `sigqueue(3)` | **no**: a [message queue](crate::message_queue) |
//! | waited for | `sigtimedwait(2)`, `signalfd(2)` | the same |
//! | the receiver has not started yet | no process, no signal | is pending for whoever comes |
//! | what was done before it is raised | is not known to be visible | is visible to who takes it |
//! | system calls | one for each | none, unless somebody waits |
//!
//! `tests/tests/conformance` asks both the same questions.
//!
//! # The kernel's
//!
//! Programs that do not know this library send and get the kernel's signals, and so can those that do. A [`Process`] is
//! sent one, by what it is and not by its number. [`Caught`] takes them when the process asks, or polls.
//! [`Signals::raise_on`] raises in a set what a handler is told. [`interruptible`] calls are cancelled by Ctrl-C.
//!
//! # Whom is trusted
//! With an anonymous set nobody: a peer can raise any signal, and withhold it, no more. Under a name, whoever may open
//! it: see [`segment`](crate::segment).
//!
//! # If a process dies
//! What it was raising is pending, or is not; who waits learns of it within [`SLEEP_SLICE`]. What it had taken is gone
//! with it. Of the kernel's, what was pending for it is gone too; what it had sent is not.
//!
//! # After a restart
//! What was raised meanwhile is pending. What the dead had taken and not yet acted on is not: whoever must lose nothing
//! does again at its start what a signal asks for, or uses a [message queue](crate::message_queue).
//!
//! # Examples
//! ```
//! use selvedge::signal::{Set, Signals};
//!
//! const RELOAD: u32 = 0;
//! const STOP: u32 = 1;
//!
//! let (signals, descriptor) = Signals::anonymous()?;
//! signals.raise(Set::of(RELOAD));
//! signals.raise(Set::of(RELOAD));
//!
//! // Usually in a child that has inherited the descriptor, and need not have been there yet.
//! let signals = Signals::inherit(descriptor)?;
//! let taken = signals.wait(Set::of(RELOAD).and(Set::of(STOP)));
//! assert_eq!(taken, Set::of(RELOAD));
//! assert!(signals.take(Set::ALL).is_empty(), "it was raised twice, and is taken once");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`SLEEP_SLICE`]: crate::platform::native::SLEEP_SLICE

mod caught;
mod forwarded;
mod interruptible;
mod process;

use core::alloc::Layout;
use std::os::fd::{AsFd, OwnedFd};

use crate::{
    platform::native::{Native, NativeCtx},
    protocol::signals,
    segment::{
        AttachError, CapacityError, ConfigError, CreateError, Directory, Identity, Object,
        OpenError, Origin, ProtocolId, Shared, fixed, sealed,
    },
};

pub use caught::{Caught, Received, Sender};
pub use forwarded::Forwarded;
pub use interruptible::{Interrupt, interruptible};
pub use nix::sys::signal::Signal;
pub use process::{Process, ProcessError};
pub use signals::{Set, TimedOut};

/// A set of signals, in a segment.
pub type SharedSignals = signals::Pending<Native>;

// SAFETY:
// - `layout` is that of the type, which has no trailing array, and is aligned to 128;
// - `at` casts `base`;
// - both fields are atomic words;
// - its handles are safe whatever a peer writes (the card, "Trust").
unsafe impl Object for SharedSignals {
    type Config = ();

    const PROTOCOL: ProtocolId = ProtocolId::new(*b"SGNL");
    const RECORD: Identity = Identity::NONE;

    fn elements((): &()) -> u64 {
        0
    }

    fn layout(elements: u64) -> Result<Layout, CapacityError> {
        fixed::<Self>(0, elements)
    }

    fn at(base: *mut u8, _: usize) -> *const Self {
        base.cast()
    }

    fn init(&self, (): &()) -> Result<(), ConfigError> {
        Ok(())
    }
}

impl Shared<SharedSignals> {
    /// A handle that raises and takes.
    pub fn handle(&self) -> Signals {
        Signals::attach(self.clone(), NativeCtx::default())
    }
}

/// A handle on a set of signals between processes. Threads may share it.
pub type Signals = signals::Signals<Native, Shared<SharedSignals>>;

impl Signals {
    /// A set without a name, for this process and those that get its descriptor: it is a sealed memfd, close-on-exec,
    /// which a child inherits once that flag is cleared.
    ///
    /// # Errors
    /// [`CreateError::NoSpace`] or [`CreateError::Io`].
    ///
    /// # If a process dies
    /// The kernel frees the set once nobody has it.
    pub fn anonymous() -> Result<(Self, OwnedFd), CreateError> {
        let (set, descriptor) = sealed::create::<SharedSignals>(())?;
        Ok((set.handle(), descriptor))
    }

    /// The set of a descriptor, which is not needed any longer afterwards.
    ///
    /// # Errors
    /// [`AttachError`]; nothing of it was used.
    pub fn inherit(descriptor: impl AsFd) -> Result<Self, AttachError> {
        Ok(sealed::attach::<SharedSignals>(descriptor)?.handle())
    }

    /// The set of this name, which is created unless it is there; what is pending in it stays so.
    ///
    /// # Errors
    /// [`OpenError`].
    ///
    /// # If a process dies
    /// The name stays, until somebody [cleans](Directory::clean) it.
    pub fn named(directory: &Directory, name: &str) -> Result<(Self, Origin), OpenError> {
        let (set, origin) = directory.create_or_attach::<SharedSignals>(name, ())?;
        Ok((set.handle(), origin))
    }
}
