use std::sync::Arc;

use selvedge::{platform::DataCell, protocol::signals::Set};

use super::signals;
use crate::model::{Info, Model, Scenario, World};

/// Somebody waits for a signal, and finds what was done before it.
#[derive(Clone, Copy)]
pub(super) struct HandedOver;

impl Scenario for HandedOver {
    fn info(&self) -> Info {
        Info {
            name: "signals/handed_over",
            does: "raise 1, write, raise 0 || wait for 0, read",
            claims: &["SIGNALS-2", "SIGNALS-3"],
            reach: &["read 7, 1 is pending"],
            quick: Some(3),
            deep: Some(5),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (set, payload) = (signals(world), Arc::new(M::Cell::<u32>::new(0)));
        let (other, from) = (set.clone(), payload.clone());
        let waiter = world.actor("waiter", move || {
            assert_eq!(other.wait(Set::of(0)), Set::of(0));
            // SAFETY: it was written before the signal was raised; the engine checks that.
            unsafe { from.read() }
        });
        let raising = set.clone();
        let raiser = world.actor("raiser", move || {
            raising.raise(Set::of(1));
            // SAFETY: as above.
            unsafe { payload.write(7) };
            raising.raise(Set::of(0));
        });
        M::join(raiser);
        let read = M::join(waiter);
        assert_eq!(set.take(Set::ALL), Set::of(1), "what was not waited for is pending");
        format!("read {read}, 1 is pending")
    }
}
