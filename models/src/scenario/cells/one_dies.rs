use selvedge::platform::Owner;

use super::cells;
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// One of two who change the same cells dies anywhere: each of its steps is taken, or is not.
#[derive(Clone, Copy)]
pub(super) struct OneDies;

impl Scenario for OneDies {
    fn info(&self) -> Info {
        Info {
            name: "cells/one_dies",
            does: "add 1, load that, store that, exchange 0 for 2, dying || add 10",
            claims: &["CELLS-3"],
            reach: &[
                "alive: [11, 1, 2]",
                "alive: [11, 11, 2]",
                "died: [10, 0, 0]",
                "died: [11, 0, 0]",
                "died: [11, 1, 0]",
                "died: [11, 1, 2]",
                "died: [11, 11, 0]",
                "died: [11, 11, 2]",
            ],
            deaths: 1,
            explorer_only: true,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let all = cells::<M, 3>();
        let (one, other) = (all.clone(), all.clone());
        let victim = Victim { owner: Owner(0), dies: Dies::Anywhere };
        let dying = world.victim("dying", victim, move || {
            one.add(0, 1);
            one.store(1, one.load(0));
            one.compare_exchange(2, 0, 2).expect("nobody else changes it");
        });
        let living = world.actor("living", move || other.add(0, 10));
        let how = if M::join(dying).is_some() { "alive" } else { "died" };
        M::join(living);
        format!("{how}: {:?}", [0, 1, 2].map(|cell| all.load(cell)))
    }
}
