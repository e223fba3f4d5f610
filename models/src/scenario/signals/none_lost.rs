use std::sync::Arc;

use selvedge::{platform::DataCell, protocol::signals::Set};

use super::signals;
use crate::model::{Info, Model, Scenario, World};

/// Two raise a signal each; whoever takes one sees what was done before it, and none is lost.
#[derive(Clone, Copy)]
pub(super) struct NoneLost;

impl Scenario for NoneLost {
    fn info(&self) -> Info {
        Info {
            name: "signals/none_lost",
            does: "write, raise 0 || write, raise 1 || take all, read of whom it is, twice",
            claims: &["SIGNALS-1", "SIGNALS-2"],
            reach: &[
                "[0, 0]", "[0, 1]", "[0, 2]", "[0, 3]", "[1, 0]", "[1, 2]", "[2, 0]", "[2, 1]",
                "[3, 0]",
            ],
            quick: Some(3),
            deep: Some(5),
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let set = signals(world);
        let payloads = Arc::new([(); 2].map(|()| M::Cell::<u32>::new(0)));
        let raisers = [("raiser 0", 0), ("raiser 1", 1)].map(|(name, signal)| {
            let (set, payloads) = (set.clone(), payloads.clone());
            world.actor(name, move || {
                // SAFETY: whoever takes the signal reads it; the engine checks that nobody else does.
                unsafe { payloads[signal as usize].write(7) };
                set.raise(Set::of(signal));
            })
        });
        let taking = set.clone();
        let taker = world.actor("taker", move || {
            [(); 2].map(|()| {
                let taken = taking.take(Set::ALL);
                for signal in taken.iter() {
                    // SAFETY: as above.
                    assert_eq!(unsafe { payloads[signal as usize].read() }, 7);
                }
                taken.0
            })
        });
        raisers.into_iter().for_each(M::join);
        let taken = M::join(taker);
        let left = set.take(Set::ALL).0;
        assert_eq!(taken[0] + taken[1] + left, 3, "each is taken, and once");
        format!("{taken:?}")
    }
}
