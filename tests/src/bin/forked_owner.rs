//! `forked_owner`: has a mutex and a permit, forks, and prints what the child may do with the handles, and
//! what they are worth to the parent afterwards.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind, set_hook},
    process::exit,
};

use nix::{
    sys::wait::{WaitStatus, waitpid},
    unistd::{ForkResult, fork},
};
use selvedge::{
    mutex::{MutexConfig, SharedMutex},
    permits::{PermitPool, PermitsConfig},
    segment::sealed,
};
use selvedge_tests::child;

fn main() -> Result<(), Box<dyn Error>> {
    let [] = child();
    let (mutex, _) = sealed::create::<SharedMutex<u64>>(MutexConfig::of(7))?;
    let (pool, _) = sealed::create::<PermitPool>(PermitsConfig::new(1))?;
    let (mine, another) = (mutex.handle()?, mutex.handle()?);
    let (my_permits, other_permits) = (pool.handle()?, pool.handle()?);
    let guard = mine.lock().expect("nobody has it");
    let permit = my_permits.acquire().expect("it is free");

    // SAFETY: the process has one thread.
    if let ForkResult::Parent { child } = unsafe { fork() }? {
        assert_eq!(waitpid(child, None)?, WaitStatus::Exited(child, 0));
        println!("parent");
        println!("{:?}", another.try_lock());
        println!("{:?}", other_permits.try_acquire().map(drop));
        println!("{}", guard.get());
        drop((guard, permit));
        println!("{:?}", another.try_lock());
        println!("{:?}", other_permits.try_acquire().map(drop));
        return Ok(());
    }
    set_hook(Box::new(|_| {}));
    println!("child");
    refused(|| drop(another.try_lock()));
    refused(|| drop(other_permits.try_acquire()));
    refused(|| assert_eq!(guard.get(), 7));
    drop((guard, permit));
    drop((mine, my_permits, another));
    // Of its own.
    let (mutex, permits) = (mutex.handle()?, pool.handle()?);
    println!("{:?}", mutex.try_lock());
    println!("{:?}", permits.try_acquire().map(drop));
    exit(0)
}

/// Prints with which message `use_it` panics.
fn refused(use_it: impl FnOnce()) {
    let panic = catch_unwind(AssertUnwindSafe(use_it)).expect_err("it is the parent's");
    println!("{:?}", panic.downcast::<&str>());
}
