//! Guards of mutexes and permits: dropped, dropped by a panic, forgotten.

use std::{
    mem::forget,
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use selvedge::{
    mutex::{LockError, MutexConfig, RobustMutex, SharedMutex},
    permits::{PermitHandle, PermitPool, PermitsConfig},
    protocol::permits::{MAX, NoPermit},
    segment::{CapacityError, ConfigError, CreateError, Shared, sealed},
};
use selvedge_tests::{A_WHILE, FOR_EVER};
type Mutex = Shared<SharedMutex<u64>>;

fn mutexes() -> (Mutex, RobustMutex<u64>, RobustMutex<u64>) {
    let (shared, _) = sealed::create::<SharedMutex<u64>>(MutexConfig::of(0)).unwrap();
    let (mine, theirs) = (shared.handle().unwrap(), shared.handle().unwrap());
    (shared, mine, theirs)
}

/// Dies in the middle of a change, as far as others can tell.
fn tear(mutex: &RobustMutex<u64>) {
    let torn = catch_unwind(AssertUnwindSafe(|| {
        let mut guard = mutex.lock().unwrap();
        guard.set(1);
        panic!("in the middle of a change");
    }));
    assert!(torn.is_err());
}

#[test]
fn a_panic_while_it_is_held_is_told_until_somebody_has_called_the_data_whole() {
    let (_, mine, theirs) = mutexes();
    tear(&theirs);
    let Err(LockError::OwnerDied(mut guard)) = mine.lock() else { panic!("not told") };
    assert_eq!(guard.get(), 1);
    guard.set(2);
    guard.mark_consistent();
    drop(guard);
    assert_eq!(theirs.lock().unwrap().get(), 2, "and no longer");
}

#[test]
fn a_panic_during_repair_is_told_again() {
    let (_, mine, theirs) = mutexes();
    tear(&theirs);
    let repair = catch_unwind(AssertUnwindSafe(|| {
        let Err(LockError::OwnerDied(mut guard)) = mine.lock() else { return };
        guard.mark_consistent();
        panic!("after all");
    }));
    assert!(repair.is_err(), "it was told");
    assert!(matches!(theirs.lock(), Err(LockError::OwnerDied(_))));
}

#[test]
fn data_that_is_left_torn_is_locked_by_nobody_ever_again_and_sleepers_are_told() {
    let (shared, mine, theirs) = mutexes();
    tear(&theirs);
    let Err(LockError::OwnerDied(guard)) = mine.lock() else { panic!("not told") };
    let sleeper = thread::spawn(move || matches!(theirs.lock(), Err(LockError::Unrecoverable)));
    while shared.state().waiters() == 0 && !sleeper.is_finished() {
        thread::yield_now();
    }
    drop(guard);
    assert!(sleeper.join().unwrap());
    for mutex in [mine, shared.handle().unwrap()] {
        assert!(matches!(mutex.lock(), Err(LockError::Unrecoverable)));
        assert!(matches!(mutex.try_lock(), Err(LockError::Unrecoverable)));
        assert!(matches!(mutex.lock_timeout(A_WHILE), Err(LockError::Unrecoverable)));
    }
}

#[test]
fn a_forgotten_guard_holds_until_its_handle_is_dropped_and_then_its_owner_has_died() {
    let (_, mine, theirs) = mutexes();
    forget(theirs.lock().unwrap());
    assert!(matches!(mine.lock_timeout(A_WHILE), Err(LockError::Held)));
    drop(theirs);
    assert!(matches!(mine.lock_timeout(FOR_EVER), Err(LockError::OwnerDied(_))));
}

#[test]
fn who_holds_it_already_is_told_so_instead_of_waiting_for_itself() {
    let (_, mine, _) = mutexes();
    let guard = mine.lock().unwrap();
    assert!(matches!(mine.try_lock(), Err(LockError::HeldByUs)));
    assert!(matches!(mine.lock_timeout(A_WHILE), Err(LockError::HeldByUs)));
    assert!(matches!(mine.lock(), Err(LockError::HeldByUs)));
    drop(guard);
    assert!(mine.lock().is_ok());
}

#[test]
fn what_a_living_owner_holds_is_not_to_be_had_now_or_in_time() {
    let (shared, mine, theirs) = mutexes();
    let guard = theirs.lock().unwrap();
    assert!(matches!(mine.try_lock(), Err(LockError::Held)));
    assert!(matches!(mine.lock_timeout(A_WHILE), Err(LockError::Held)));
    assert_eq!(shared.state().waiters(), 0, "it waits no longer");
    drop(guard);
    assert!(mine.try_lock().is_ok());
}

fn permits(count: u32) -> (PermitHandle, PermitHandle) {
    let (pool, _) = sealed::create::<PermitPool>(PermitsConfig::new(count)).unwrap();
    (pool.handle().unwrap(), pool.handle().unwrap())
}

#[test]
fn a_forgotten_permit_comes_back_once_when_its_handle_is_dropped() {
    let (mine, theirs) = permits(1);
    forget(theirs.acquire());
    assert!(mine.acquire_timeout(A_WHILE).is_err());
    drop(theirs);
    let permit = mine.acquire_timeout(FOR_EVER).unwrap();
    assert_eq!(mine.try_acquire().map(drop), Err(NoPermit));
    drop(permit);
    assert_eq!(mine.free(), 1);
}

#[test]
fn there_are_as_many_permits_as_were_created_also_after_a_panic() {
    let (mine, theirs) = permits(3);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _permits = [theirs.acquire(), theirs.acquire()];
        panic!("with two permits");
    }));
    assert!(panicked.is_err());
    let permits = [mine.acquire(), theirs.acquire(), mine.acquire()];
    for handle in [&mine, &theirs] {
        assert_eq!(handle.try_acquire().map(drop), Err(NoPermit), "a fourth");
    }
    drop(permits);
    assert_eq!(mine.free(), 3);
}

#[test]
fn a_pool_has_from_one_to_65536_permits() {
    let created = |count| sealed::create::<PermitPool>(PermitsConfig::new(count));
    assert_eq!(created(MAX).unwrap().0.handle().unwrap().max(), 65536);
    for (count, refusal) in [(0, CapacityError::Zero), (MAX + 1, CapacityError::TooLarge(65537))] {
        let Err(CreateError::Config(ConfigError::Capacity(found))) = created(count) else {
            panic!("{count}")
        };
        assert_eq!(found, refusal);
    }
}
