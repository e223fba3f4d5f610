use std::sync::Arc;

use selvedge::platform::{DataCell, Owner};

use super::{handle, pool};
use crate::model::{Dies, Info, Model, Scenario, Victim, World};

/// A holder may have died; of two who want its permit, one gets it then.
#[derive(Clone, Copy)]
pub(super) struct TakenOverOnce;

impl Scenario for TakenOverOnce {
    fn info(&self) -> Info {
        Info {
            name: "permits/taken_over_once",
            does: "try_acquire, dying; then try_acquire, write || the same; one permit",
            claims: &["PERMITS-1", "PERMITS-4"],
            reach: &["0 wrote", "1 wrote"],
            deaths: 1,
            explorer_only: true,
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (pool, cell) = (pool::<M>(1), Arc::new(M::Cell::<u32>::new(0)));
        let doomed = handle(world, &pool, 0);
        let dies = Victim { owner: Owner(0), dies: Dies::Anywhere };
        M::join(world.victim("victim", dies, move || doomed.try_acquire().is_ok()));
        let survivors = [1, 2].map(|owner| {
            let (permits, cell) = (handle(world, &pool, owner), cell.clone());
            world.actor("survivor", move || {
                let acquired = permits.try_acquire().is_ok();
                if acquired {
                    // SAFETY: the one permit excludes the others; the engine checks it.
                    unsafe { cell.write(owner) };
                }
                acquired
            })
        });
        let wrote = survivors.map(M::join).into_iter().filter(|wrote| *wrote).count();
        format!("{wrote} wrote")
    }
}
