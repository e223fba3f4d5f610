//! `hold FD HOW`: takes a handle on the mutex in the descriptor FD, or in the one that comes through the
//! socket FD, locks it, and says "holds", or why not. Then it does HOW whenever it is told a byte, and
//! ends at the end of its `stdin`, which a forked child and a started program share.
#![allow(clippy::print_stdout, reason = "the test reads it")]

use std::{
    env,
    error::Error,
    io,
    mem::forget,
    os::{
        fd::{AsFd, OwnedFd},
        unix::process::CommandExt,
    },
    panic,
    process::{Command, Stdio, abort, exit},
    thread,
};

use nix::{
    sched::{CloneFlags, unshare},
    sys::{prctl::set_pdeathsig, signal::Signal, stat, wait::waitpid},
    unistd::{ForkResult, fork, read},
};
use selvedge::{mutex::SharedMutex, segment::sealed};
use selvedge_tests::{child, confined, inherited, receive};

fn main() -> Result<(), Box<dyn Error>> {
    let [descriptor, how] = child();
    if how == "idle" {
        // It outlives who started it.
        set_pdeathsig(None)?;
        return idle("idle");
    }
    let descriptor = handed_on(inherited(descriptor.parse()?))?;
    let shared = sealed::attach::<SharedMutex<u64>>(&descriptor)?;
    if how == "elsewhere" {
        leave_namespaces()?;
    }
    let mutex = match shared.handle() {
        Ok(mutex) => mutex,
        Err(refusal) => return idle(&format!("{refusal:?}")),
    };
    if how == "elsewhere" {
        confined::hide("/proc", None)?;
    }
    let mut guard = match mutex.try_lock() {
        Ok(guard) => guard,
        Err(refusal) => return idle(&format!("{refusal:?}")),
    };
    println!("holds");
    wait();
    match &*how {
        "exit" | "elsewhere" => exit(0),
        "abort" => abort(),
        "panic" => {
            panic::set_hook(Box::new(|_| {}));
            panic!("while it holds");
        }
        "return" => {
            forget(guard);
            Ok(())
        }
        "unlock" => {
            guard.set(42);
            Ok(())
        }
        "close" => {
            drop((descriptor, shared));
            idle("closed")
        }
        "exec" => Err(idler().exec().into()),
        "start" => {
            idler().spawn()?;
            never()
        }
        "fork" | "fork, then exec" | "fork, then drop" => {
            // SAFETY: the process has one thread.
            if let ForkResult::Parent { .. } = unsafe { fork() }? {
                if how == "fork, then drop" {
                    forget(guard);
                    drop(mutex);
                    println!("dropped");
                }
                never()
            }
            if how != "fork, then drop" {
                println!("forked");
            }
            wait();
            if how == "fork, then exec" { Err(idler().exec().into()) } else { exit(0) }
        }
        _ => Err(format!("what is {how:?}?").into()),
    }
}

/// The descriptor itself, or what comes through it.
fn handed_on(descriptor: OwnedFd) -> Result<OwnedFd, Box<dyn Error>> {
    let kind = stat::SFlag::from_bits_truncate(stat::fstat(&descriptor)?.st_mode);
    if kind & stat::SFlag::S_IFMT == stat::SFlag::S_IFSOCK {
        return Ok(receive(&descriptor.into())?);
    }
    Ok(descriptor)
}

/// Goes on as the first process of another pid namespace, with mounts of its own.
fn leave_namespaces() -> Result<(), Box<dyn Error>> {
    confined::private_mounts()?;
    unshare(CloneFlags::CLONE_NEWPID)?;
    // SAFETY: the process has one thread.
    if let ForkResult::Parent { child } = unsafe { fork() }? {
        waitpid(child, None)?;
        exit(0);
    }
    Ok(set_pdeathsig(Signal::SIGKILL)?)
}

/// This program, that it may say "idle" and nothing else.
fn idler() -> Command {
    let mut command = Command::new(env::current_exe().expect("it runs"));
    command.args(["none", "idle"]).stdin(Stdio::inherit()).stdout(Stdio::inherit());
    command
}

fn idle(word: &str) -> Result<(), Box<dyn Error>> {
    println!("{word}");
    wait();
    Ok(())
}

/// Until it is told a byte, or nothing any more. Unbuffered: a child that is forked reads on.
fn wait() {
    while read(io::stdin().as_fd(), &mut [0]).is_err() {}
}

fn never() -> ! {
    loop {
        thread::park();
    }
}
