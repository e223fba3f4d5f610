//! The bugs that wrappers plant. A bug names a step of a card (`semaphore/A2`), never a line.

use std::{cell::RefCell, fmt, str::FromStr};

use selvedge::platform::Ordering;

use super::hooked::{Hook, Hooked, Site};
use crate::card::{self, Place};

/// One planted bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mutation {
    /// The step's ordering becomes relaxed; a fence at the step is removed.
    Weaken(String),
    /// The step wakes nobody.
    DropWake(String),
    /// The step wakes one waiter fewer than it should.
    WakeFewer(String),
    /// The step's sleep has no bound: nothing but a wake ends it, whoever dies. For the explorer.
    Endless(String),
}

impl Mutation {
    /// The step at which the bug is.
    pub fn step(&self) -> &str {
        match self {
            Self::Weaken(step)
            | Self::DropWake(step)
            | Self::WakeFewer(step)
            | Self::Endless(step) => step,
        }
    }

    /// Plants the bug in every execution on this thread, until the result is dropped.
    ///
    /// # Errors
    /// If no card has such a step.
    pub fn plant(&self) -> Result<Planting, String> {
        let place = card::place(self.step())
            .ok_or_else(|| format!("no access is labelled `{}`", self.step()))?;
        PLANTED.set(Some((self.clone(), place)));
        Ok(Planting(()))
    }
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weaken(step) => write!(f, "weaken:{step}"),
            Self::DropWake(step) => write!(f, "drop-wake:{step}"),
            Self::WakeFewer(step) => write!(f, "wake-fewer:{step}"),
            Self::Endless(step) => write!(f, "endless:{step}"),
        }
    }
}

impl FromStr for Mutation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("weaken", step)) => Ok(Self::Weaken(step.into())),
            Some(("drop-wake", step)) => Ok(Self::DropWake(step.into())),
            Some(("wake-fewer", step)) => Ok(Self::WakeFewer(step.into())),
            Some(("endless", step)) => Ok(Self::Endless(step.into())),
            _ => Err(format!(
                "`{text}` is not weaken:, drop-wake:, wake-fewer: or endless: and a step"
            )),
        }
    }
}

thread_local! {
    // The engines run all threads of a model on one thread of the machine.
    static PLANTED: RefCell<Option<(Mutation, Place)>> = const { RefCell::new(None) };
}

/// The bug is planted as long as this lives.
#[derive(Debug)]
#[must_use]
pub struct Planting(());

impl Drop for Planting {
    fn drop(&mut self) {
        PLANTED.set(None);
    }
}

/// The bug planted at this site, if there is one.
fn at<R>(site: Site, then: impl FnOnce(&Mutation) -> Option<R>) -> Option<R> {
    PLANTED.with_borrow(|planted| match planted {
        Some((mutation, place)) if place.contains(site) => then(mutation),
        _ => None,
    })
}

/// Does a sleep at this site end by itself after a death, as it should?
pub(crate) fn is_bounded(site: Site) -> bool {
    at(site, |mutation| matches!(mutation, Mutation::Endless(_)).then_some(())).is_none()
}

/// See [`Weaken`].
#[derive(Debug)]
pub struct WeakenHook;

impl Hook for WeakenHook {
    fn ordering(site: Site, order: Ordering) -> Ordering {
        let weaker = |mutation: &Mutation| {
            matches!(mutation, Mutation::Weaken(_)).then_some(Ordering::Relaxed)
        };
        at(site, weaker).unwrap_or(order)
    }

    fn fence(site: Site, order: Ordering) -> Option<Ordering> {
        let removed = |mutation: &Mutation| matches!(mutation, Mutation::Weaken(_)).then_some(());
        at(site, removed).is_none().then_some(order)
    }
}

/// See [`DropWake`].
#[derive(Debug)]
pub struct DropWakeHook;

impl Hook for DropWakeHook {
    fn wakes(site: Site, count: u32) -> u32 {
        let fewer = |mutation: &Mutation| match mutation {
            Mutation::DropWake(_) => Some(0),
            Mutation::WakeFewer(_) => Some(count - 1),
            Mutation::Weaken(_) | Mutation::Endless(_) => None,
        };
        at(site, fewer).unwrap_or(count)
    }
}

/// `P` with one site's ordering relaxed, or one fence removed: [`Mutation::Weaken`].
pub type Weaken<P> = Hooked<P, WeakenHook>;

/// `P` with the wakes of one site lost: [`Mutation::DropWake`], [`Mutation::WakeFewer`].
pub type DropWake<P> = Hooked<P, DropWakeHook>;

/// `P` as scenarios run on it: a bug is planted where a [`Mutation`] says so, nothing else changes.
pub type Planted<P> = DropWake<Weaken<P>>;
