use selvedge::{platform::Owner, protocol::signals::Set};

use super::signals;
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// Who raises dies anywhere, and so does one who takes; who waits is not left asleep with a signal pending.
#[derive(Clone, Copy)]
pub(super) struct RaiserDies;

impl Scenario for RaiserDies {
    fn info(&self) -> Info {
        Info {
            name: "signals/raiser_dies",
            does: "raise 0, dying || take 0, dying || wait for 0 or 1 || raise 1",
            claims: &["SIGNALS-3", "SIGNALS-4"],
            reach: &["1", "2", "3"],
            deaths: 2,
            explorer_only: true,
            spurious: 0,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let set = signals(world);
        let [raiser, taker, waiter, helper] = [(); 4].map(|()| set.clone());
        let dies = |owner| Victim { owner: Owner(owner), dies: Dies::Anywhere };
        let raising = world.victim("raiser", dies(0), move || raiser.raise(Set::of(0)));
        let taking = world.victim("taker", dies(1), move || taker.take(Set::of(0)));
        let waiting = world.actor("waiter", move || waiter.wait(Set::ALL));
        let helping = world.actor("helper", move || helper.raise(Set::of(1)));
        M::join(raising);
        M::join(taking);
        M::join(helping);
        M::join(waiting).0.to_string()
    }
}
