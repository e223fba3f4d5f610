use std::sync::Arc;

use selvedge::platform::DataCell;
use selvedge_models::{
    check,
    model::{Info, Model, Scenario, World},
};

use super::*;

#[derive(Clone, Copy)]
struct ThreeUsers;

impl Scenario for ThreeUsers {
    fn info(&self) -> Info {
        Info { name: "lock/three_users", reach: &["counted 3"], spurious: 0, ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let shared = Arc::new((Lock::<M>(M::U32::new(0)), M::Cell::new(0_u32)));
        let users = ["one", "another", "a third"].map(|name| {
            let (shared, ctx) = (shared.clone(), world.ctx());
            world.actor(name, move || {
                let (lock, counter) = &*shared;
                lock.lock(&ctx);
                // SAFETY: the lock has one holder at a time; the explorer checks just that.
                let count = unsafe { counter.read() };
                // SAFETY: likewise.
                unsafe { counter.write(count + 1) };
                lock.unlock(&ctx);
            })
        });
        users.into_iter().for_each(M::join);
        // SAFETY: the users are done.
        format!("counted {}", unsafe { shared.1.read() })
    }
}

#[test]
fn every_execution_counts_every_user() {
    check(ThreeUsers);
}
