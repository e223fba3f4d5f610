use selvedge::{platform::Owner, protocol::signals::Set};

use super::signals;
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A handler raises and takes, wherever what it interrupts has been stopped: to it, that is as good as dead, for it ends
/// first. Where what it interrupts does not die, it goes on, during the handler or afterwards.
#[derive(Clone, Copy)]
pub(super) struct Interrupted;

impl Scenario for Interrupted {
    fn info(&self) -> Info {
        Info {
            name: "signals/interrupted",
            does: "raise 0, take all, or wait for any, stopped for good || raise 1, take all; then raise 2",
            claims: &["SIGNALS-5"],
            reach: &[
                "raise, handler 2",
                "raise, handler 3",
                "take, handler 0",
                "take, handler 2",
                "wait, handler 0",
                "wait, handler 2",
            ],
            deaths: 1,
            explorer_only: true,
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let set = signals(world);
        let [interrupted, handler] = [(); 2].map(|()| set.clone());
        let operation = ["raise", "take", "wait"][M::choose(3)];
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let interrupted = world.victim("interrupted", victim, move || match operation {
            "raise" => {
                interrupted.raise(Set::of(0));
                Set::default()
            }
            "take" => interrupted.take(Set::ALL),
            _ => interrupted.wait(Set::ALL),
        });
        let handler = world.actor("handler", move || {
            handler.raise(Set::of(1));
            handler.take(Set::ALL)
        });
        let handled = M::join(handler);
        set.raise(Set::of(2));
        if let Some(taken) = M::join(interrupted) {
            assert_eq!(taken.0 & handled.0, 0, "each was taken once");
        }
        format!("{operation}, handler {}", handled.0)
    }
}
