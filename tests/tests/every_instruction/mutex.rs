//! A robust mutex: a dead holder's lock is to be had, and who has it next is told; nothing torn is called
//! whole.

use std::time::Duration;

use selvedge::{
    mutex::{RobustMutex, SharedMutex},
    segment::Shared,
};
use selvedge_tests::{
    Sheet,
    deaths::{
        Account, Death, Operation, PATIENCE, Subject,
        mutex::{Handle, Held, NEW, OLD, World, hold, write},
    },
};

/// Short, since everybody who dies after it waits for it.
const SHORT: Duration = Duration::from_millis(1);

/// A victim that is to join, and its handle.
type Joining = (Shared<SharedMutex<Sheet>>, Option<RobustMutex<Sheet>>);

/// The victim was to lock it.
fn after_locking(world: World, death: Death) -> Account {
    let told = (death.returned == Some(1)).then_some(true);
    world.settle(told, &[OLD])
}

/// The victim was to wait in vain.
fn after_waiting(world: World, _: Death) -> Account {
    world.settle(Some(false), &[OLD])
}

/// The victim was to write, having locked it, and to leave it.
fn after_writing(world: World, death: Death) -> Account {
    let told = death.returned.map(|_| false);
    world.settle(told, &[NEW])
}

/// The victim was to lock it, to write, and to leave it.
fn after_all(world: World, death: Death) -> Account {
    match death.returned {
        Some(_) => world.settle(Some(false), &[NEW]),
        None => world.settle(None, &[OLD, NEW]),
    }
}

pub(crate) fn operations() -> Vec<Box<dyn Subject>> {
    let lock = Operation {
        name: "mutex lock",
        allowed: 0,
        begins_as: None,
        prepare: World::free,
        victim: World::handle,
        operate: |mutex| hold(mutex.lock()),
        meanwhile: Operation::<World, Handle>::NOTHING,
        survive: after_locking,
    };
    let try_lock = Operation {
        name: "mutex try_lock",
        operate: |mutex: &mut Handle| hold(mutex.try_lock()),
        ..lock
    };
    let all = Operation {
        name: "mutex lock, write and unlock",
        operate: |mutex: &mut Handle| write(mutex.lock()),
        survive: after_all,
        ..lock
    };
    let refused = Operation {
        name: "mutex try_lock, held",
        prepare: World::held,
        operate: |mutex: &mut Handle| hold(mutex.try_lock()),
        survive: after_waiting,
        ..lock
    };
    let woken = Operation {
        name: "mutex lock, woken",
        prepare: World::held,
        operate: |mutex: &mut Handle| hold(mutex.lock_timeout(PATIENCE)),
        meanwhile: World::let_go,
        ..lock
    };
    let timed_out = Operation {
        name: "mutex lock until a deadline",
        begins_as: Some(woken.name),
        operate: |mutex: &mut Handle| hold(mutex.lock_timeout(SHORT)),
        meanwhile: Operation::<World, Handle>::NOTHING,
        survive: after_waiting,
        ..woken
    };
    let take_over = Operation {
        name: "mutex lock, taken over from the dead",
        prepare: || World::torn(1),
        // Whoever comes afterwards is told, of the first death or of the second.
        survive: |world, _| world.settle(Some(true), &[]),
        operate: |mutex: &mut Handle| hold(mutex.lock()),
        ..lock
    };
    let try_take_over = Operation {
        name: "mutex try_lock, taken over from the dead",
        operate: |mutex: &mut Handle| hold(mutex.try_lock()),
        ..take_over
    };
    let repair = Operation {
        name: "mutex lock, taken over from the dead and repaired",
        operate: |mutex: &mut Handle| write(mutex.try_lock()),
        survive: after_writing,
        ..take_over
    };
    let unlock = Operation {
        name: "mutex write and unlock",
        allowed: 0,
        begins_as: None,
        prepare: World::free,
        victim: World::guard,
        operate: |guard| write(Ok(guard.take().expect("it is held"))),
        meanwhile: Operation::<World, Option<Held>>::NOTHING,
        survive: after_writing,
    };
    let unlock_beside_a_sleeper = Operation {
        name: "mutex unlock beside a sleeper",
        prepare: World::wanted,
        victim: |world| {
            let mut guard = world.guard();
            guard.iter_mut().for_each(|guard| guard.set(Sheet::nth(NEW)));
            guard
        },
        operate: |guard| {
            drop(guard.take());
            1
        },
        survive: |world, death| match death.returned {
            // To be told of a death takes a slice.
            None if world.is_held() => world.without_sleeper().settle(None, &[NEW]),
            // The sleeper was told, if anybody was.
            _ => world.settle(Some(false), &[NEW]),
        },
        ..unlock
    };
    let nothing = Operation {
        name: "mutex nothing, held beside a sleeper",
        operate: |_: &mut Option<Held>| 0,
        survive: |world: World, _| world.settle(Some(false), &[NEW]),
        ..unlock_beside_a_sleeper
    };
    let join = Operation {
        name: "mutex handle, with a dead holder's number",
        allowed: 0,
        begins_as: None,
        prepare: || World::torn(0),
        victim: |world| (world.attach(), None),
        operate: |(mutex, joined)| {
            *joined = mutex.handle().ok();
            joined.is_some().into()
        },
        meanwhile: Operation::<World, Joining>::NOTHING,
        survive: |world, _| world.settle_with_heirs(Some(true), &[]),
    };
    vec![
        Box::new(lock),
        Box::new(try_lock),
        Box::new(all),
        Box::new(refused),
        Box::new(woken),
        Box::new(timed_out),
        Box::new(take_over),
        Box::new(try_take_over),
        Box::new(repair),
        Box::new(unlock),
        Box::new(unlock_beside_a_sleeper),
        Box::new(nothing),
        Box::new(join),
    ]
}
