use std::sync::Arc;

use selvedge::platform::DataCell;

use super::{handle, left, pool};
use crate::model::{Info, Model, Scenario, World};

/// Workers who need a permit, any of whom may die: the others get theirs, and in the end all are back.
#[derive(Clone, Copy)]
pub(super) struct Deaths {
    info: Info,
    permits: usize,
    workers: u32,
    times: u32,
}

/// Both may die.
pub(super) const TWO: Deaths = Deaths {
    info: Info {
        name: "permits/two_deaths",
        does: "acquire, write, release, dying || the same, dying too; one permit",
        claims: &["PERMITS-1", "PERMITS-3", "PERMITS-4"],
        reach: &["0 died, 1 left", "1 died, 1 left", "2 died, 1 left"],
        deaths: 2,
        explorer_only: true,
        ..Info::DEFAULT
    },
    permits: 1,
    workers: 2,
    times: 1,
};

/// One of two dies, who have two turns each.
pub(super) const TWO_EACH: Deaths = Deaths {
    info: Info {
        name: "permits/death_of_one_of_two",
        does: "acquire, write, release, twice, dying || the same, alive; one permit",
        reach: &["0 died, 1 left", "1 died, 1 left"],
        deaths: 1,
        spurious: 0,
        ..TWO.info
    },
    times: 2,
    ..TWO
};

/// One of three.
pub(super) const THREE: Deaths = Deaths {
    info: Info {
        name: "permits/death_among_three",
        cut: Some(100_000),
        does: "acquire, write, release, dying || the same, alive || the same; one permit",
        ..TWO_EACH.info
    },
    workers: 3,
    times: 1,
    ..TWO
};

/// One of three, for two permits.
pub(super) const THREE_FOR_TWO: Deaths = Deaths {
    info: Info {
        name: "permits/death_among_three_for_two",
        does: "acquire, release, dying || the same, alive || the same; two permits",
        reach: &["0 died, 2 left", "1 died, 2 left"],
        ..TWO_EACH.info
    },
    permits: 2,
    workers: 3,
    times: 1,
};

/// That permits come back does not rest on what the dead did being seen.
pub(super) const UNSEEN: Deaths = Deaths {
    info: Info {
        name: "permits/unseen_death",
        does: "as among three for two; a death shows nothing of what the dead did",
        unseen: true,
        ..THREE_FOR_TWO.info
    },
    ..THREE_FOR_TWO
};

impl Scenario for Deaths {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let Self { permits, workers, times, .. } = *self;
        let pool = pool::<M>(permits);
        let exclusive = (permits == 1).then(|| Arc::new(M::Cell::<u32>::new(0)));
        let (died, _) = world.workers(workers, self.info.deaths, |owner| {
            let (permits, cell) = (handle(world, &pool, owner.0), exclusive.clone());
            move || {
                for _ in 0..times {
                    let permit = permits.acquire().expect("it comes back");
                    if let Some(cell) = &cell {
                        // SAFETY: the one permit excludes the others; the engine checks it.
                        unsafe { cell.write(owner.0) };
                    }
                    permits.release(permit).expect("it is held");
                }
            }
        });
        format!("{died} died, {} left", left(&handle(world, &pool, 7)))
    }
}
