//! The eventcount: a condition in one relaxed word, and waiters for it.

mod deaths;
mod epoch_wraps;
mod no_lost_wakeup;
mod notified_after_a_death;
mod slept_elsewhere;
mod timeout;
mod two_waiters;

use std::sync::Arc;

use selvedge::{
    platform::{AtomicWord, Ordering::Relaxed},
    protocol::event::{Event, TimedOut},
};

use super::Entry;
use crate::model::{Model, World};

/// Every scenario of the event.
pub fn all() -> Vec<Entry> {
    vec![
        Entry::of(no_lost_wakeup::NoLostWakeup),
        Entry::of(two_waiters::TwoWaiters),
        Entry::of(timeout::Timeout),
        Entry::of(epoch_wraps::EpochWraps),
        Entry::explored(slept_elsewhere::SleptElsewhere),
        Entry::explored(deaths::NOTIFIER),
        Entry::explored(deaths::NOTIFIER_OF_TWO),
        Entry::explored(deaths::TWO_NOTIFIERS),
        Entry::explored(deaths::WAITER),
        Entry::explored(deaths::TWO),
        Entry::explored(deaths::TWO_EACH),
        Entry::explored(notified_after_a_death::NotifiedAfterADeath),
    ]
}

/// A flag whose accesses order nothing, and the event that tells of it.
struct Condition<M: Model> {
    flag: M::U32,
    event: Event<M>,
}

impl<M: Model> Condition<M> {
    fn new(epoch: u32) -> Arc<Self> {
        Arc::new(Self { flag: M::U32::new(0), event: Event::new(epoch) })
    }

    /// An actor that sets the flag to `value` and tells `count` waiters.
    fn notifier(self: &Arc<Self>, world: &World<M>, value: u32, count: u32) -> M::Join<()> {
        let (this, ctx) = (self.clone(), world.ctx());
        world.actor("notifier", move || {
            this.flag.store(value, Relaxed);
            this.event.notify(&ctx, count);
        })
    }

    /// An actor that waits for the flag to reach `value`.
    fn waiter(
        self: &Arc<Self>,
        world: &World<M>,
        name: &'static str,
        value: u32,
        until: Option<M::Instant>,
    ) -> M::Join<Result<(), TimedOut>> {
        let (this, ctx) = (self.clone(), world.ctx());
        world.actor(name, move || {
            this.event.wait_until(&ctx, until, |_| (this.flag.load(Relaxed) >= value).then_some(()))
        })
    }
}
