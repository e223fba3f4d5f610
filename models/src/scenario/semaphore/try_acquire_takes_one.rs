use super::semaphore;
use crate::model::{Info, Model, Scenario, World};

/// Two attempts at one permit.
#[derive(Clone, Copy)]
pub(super) struct TryAcquireTakesOne {
    info: Info,
    /// Is the permit out, and released meanwhile?
    released: bool,
}

/// The permit is free.
pub(super) const FREE: TryAcquireTakesOne = TryAcquireTakesOne {
    info: Info {
        name: "semaphore/try_acquire_takes_one",
        does: "try_acquire || try_acquire, with one permit",
        claims: &["SEM-1"],
        reach: &["first took it, 0 left", "second took it, 0 left"],
        ..Info::DEFAULT
    },
    released: false,
};

/// The permit is released meanwhile: three actors, an operation each.
pub(super) const RELEASED: TryAcquireTakesOne = TryAcquireTakesOne {
    info: Info {
        name: "semaphore/try_acquire_takes_what_is_released",
        does: "try_acquire || try_acquire || release, without a permit",
        reach: &["first took it, 0 left", "nobody took it, 1 left", "second took it, 0 left"],
        quick: Some(3),
        ..FREE.info
    },
    released: true,
};

impl Scenario for TryAcquireTakesOne {
    fn info(&self) -> Info {
        self.info
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let semaphore = semaphore(world, u32::from(!self.released), 2);
        let attempts = ["first", "second"].map(|name| {
            let semaphore = semaphore.clone();
            world.actor(name, move || semaphore.try_acquire().is_ok().then_some(name))
        });
        if self.released {
            let releaser = semaphore.clone();
            M::join(world.actor("releaser", move || releaser.release(1)))
                .expect("one permit is out");
        }
        let took: Vec<&str> = attempts.map(M::join).into_iter().flatten().collect();
        let who = if took.is_empty() { "nobody".into() } else { took.join(" and ") };
        format!("{who} took it, {} left", semaphore.state().permits())
    }
}
