use selvedge::protocol::signals::Set;

use super::signals;
use crate::model::{Info, Model, Scenario, World};

/// One raises a signal twice; two take it.
#[derive(Clone, Copy)]
pub(super) struct OneTaker;

impl Scenario for OneTaker {
    fn info(&self) -> Info {
        Info {
            name: "signals/one_taker",
            does: "raise 0, raise 0 || take 0 || take 0; then take 0",
            claims: &["SIGNALS-1"],
            reach: &["taken 1 times", "taken 2 times"],
            quick: Some(2),
            deep: Some(3),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let set = signals(world);
        let takers = ["taker 1", "taker 2"].map(|name| {
            let set = set.clone();
            world.actor(name, move || !set.take(Set::of(0)).is_empty())
        });
        let raising = set.clone();
        let raiser = world.actor("raiser", move || [(); 2].map(|()| raising.raise(Set::of(0))));
        M::join(raiser);
        let taken = takers.map(M::join).into_iter().filter(|taken| *taken).count();
        let last = usize::from(!set.take(Set::of(0)).is_empty());
        format!("taken {} times", taken + last)
    }
}
