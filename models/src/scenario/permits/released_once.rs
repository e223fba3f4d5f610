use selvedge::protocol::permits::NotHeld;

use super::{handle, left, pool};
use crate::model::{Info, Model, Scenario, World};

/// A permit is released twice, and by somebody who does not hold it.
#[derive(Clone, Copy)]
pub(super) struct ReleasedOnce;

impl Scenario for ReleasedOnce {
    fn info(&self) -> Info {
        Info {
            name: "permits/released_once",
            does: "release twice || release what the other one holds",
            claims: &["PERMITS-5"],
            reach: &["once by its holder, 2 left"],
            ..Info::DEFAULT
        }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let pool = pool::<M>(2);
        let (mine, theirs) = (handle(world, &pool, 0), handle(world, &pool, 1));
        let permit = mine.try_acquire().expect("all are free");
        let holder = world.actor("holder", move || [mine.release(permit), mine.release(permit)]);
        let other = world.actor("other", move || theirs.release(permit));
        let (held, other) = (M::join(holder), M::join(other));
        let once = held == [Ok(()), Err(NotHeld)] && other == Err(NotHeld);
        let how = if once { "once by its holder" } else { "by whom it may concern" };
        format!("{how}, {} left", left(&handle(world, &pool, 2)))
    }
}
