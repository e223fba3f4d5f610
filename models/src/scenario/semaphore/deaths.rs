use super::semaphore;
use crate::model::{Info, Model, Scenario, World};

/// Workers who take what is free and release it, any of whom may die: a permit is lost with a holder, as in
/// POSIX, and no other, and none is doubled.
#[derive(Clone, Copy)]
pub(super) struct Deaths {
    info: Info,
    workers: u32,
    times: u32,
}

/// Both may die.
pub(super) const TWO: Deaths = Deaths {
    info: Info {
        name: "semaphore/two_deaths",
        does: "try_acquire, release, dying || the same, dying too; two permits",
        claims: &["SEM-7"],
        reach: &[
            "0 died, 0 lost",
            "1 died, 0 lost",
            "1 died, 1 lost",
            "2 died, 0 lost",
            "2 died, 1 lost",
            "2 died, 2 lost",
        ],
        deaths: 2,
        explorer_only: true,
        ..Info::DEFAULT
    },
    workers: 2,
    times: 1,
};

/// One of two dies, who have two turns each.
pub(super) const TWO_EACH: Deaths = Deaths {
    info: Info {
        name: "semaphore/death_of_one_of_two",
        does: "try_acquire, release, twice, dying || the same, alive; two permits",
        reach: &["0 died, 0 lost", "1 died, 0 lost", "1 died, 1 lost"],
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
        name: "semaphore/death_among_three",
        does: "try_acquire, release, dying || the same, alive || the same; two permits",
        ..TWO_EACH.info
    },
    workers: 3,
    ..TWO
};

impl Scenario for Deaths {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, 2, 2);
        let Self { workers, times, .. } = *self;
        let (died, _) = world.workers(workers, self.info.deaths, |_| {
            let semaphore = semaphore.clone();
            move || {
                for _ in 0..times {
                    if semaphore.try_acquire().is_ok() {
                        semaphore.release(1).expect("the permit is held");
                    }
                }
            }
        });
        let lost = 2 - semaphore.state().permits() as usize;
        assert!(lost <= died, "{lost} lost by {died} deaths");
        format!("{died} died, {lost} lost")
    }
}
