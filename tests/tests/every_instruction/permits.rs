//! Permits of a pool: the dead one's come back, and no other is there twice.

use std::time::Duration;

use selvedge::{
    permits::{PermitHandle, PermitPool},
    segment::Shared,
};
use selvedge_tests::deaths::{
    Account, Death, Operation, PATIENCE, Subject,
    permits::{Handle, Held, World, hold},
};

/// Short, since everybody who dies after it waits for it.
const SHORT: Duration = Duration::from_millis(1);

/// A victim that is to join, and its handle.
type Joining = (Shared<PermitPool>, Option<PermitHandle>);

/// Whatever the victim was to do, all permits are to be had, and not one more.
fn survive(world: World, _: Death) -> Account {
    world.settle(0)
}

pub(crate) fn operations() -> Vec<Box<dyn Subject>> {
    let acquire = Operation {
        name: "permits acquire",
        allowed: 0,
        begins_as: None,
        prepare: || World::free(2),
        victim: World::handle,
        operate: |pool| hold(pool.acquire()),
        meanwhile: Operation::<World, Handle>::NOTHING,
        survive,
    };
    let try_acquire = Operation {
        name: "permits try_acquire",
        operate: |pool: &mut Handle| hold(pool.try_acquire()),
        ..acquire
    };
    let refused = Operation {
        name: "permits try_acquire, none free",
        prepare: || World::held(2),
        operate: |pool: &mut Handle| hold(pool.try_acquire()),
        ..acquire
    };
    let woken = Operation {
        name: "permits acquire, woken",
        prepare: || World::held(1),
        operate: |pool: &mut Handle| hold(pool.acquire_timeout(PATIENCE)),
        meanwhile: World::let_go,
        ..acquire
    };
    let timed_out = Operation {
        name: "permits acquire until a deadline",
        begins_as: Some(woken.name),
        operate: |pool: &mut Handle| hold(pool.acquire_timeout(SHORT)),
        meanwhile: Operation::<World, Handle>::NOTHING,
        ..woken
    };
    let take_over = Operation {
        name: "permits try_acquire, taken over from the dead",
        prepare: || World::of_the_dead(2, 1),
        operate: |pool: &mut Handle| hold(pool.try_acquire()),
        ..acquire
    };
    let release = Operation {
        name: "permits release",
        allowed: 0,
        begins_as: None,
        prepare: || World::free(2),
        victim: World::guard,
        operate: |guard| {
            drop(guard.take());
            1
        },
        meanwhile: Operation::<World, Option<Held>>::NOTHING,
        survive,
    };
    let release_to_a_sleeper = Operation {
        name: "permits release to a sleeper",
        prepare: World::wanted,
        survive: |world, death| match death.returned {
            // To be told of a death takes a slice.
            None if world.is_held() => world.without_sleeper().settle(0),
            _ => world.settle(0),
        },
        ..release
    };
    let nothing = Operation {
        name: "permits nothing, held beside a sleeper",
        operate: |_: &mut Option<Held>| 0,
        survive,
        ..release_to_a_sleeper
    };
    let join = Operation {
        name: "permits handle, with a dead holder's number",
        allowed: 0,
        begins_as: None,
        prepare: || World::of_the_dead(2, 0),
        victim: |world| (world.attach(), None),
        operate: |(pool, joined)| {
            *joined = pool.handle().ok();
            joined.is_some().into()
        },
        meanwhile: Operation::<World, Joining>::NOTHING,
        survive: |world, _| world.settle_with_heirs(),
    };
    vec![
        Box::new(acquire),
        Box::new(try_acquire),
        Box::new(refused),
        Box::new(woken),
        Box::new(timed_out),
        Box::new(take_over),
        Box::new(release),
        Box::new(release_to_a_sleeper),
        Box::new(nothing),
        Box::new(join),
    ]
}
