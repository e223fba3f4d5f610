//! A process that takes away its own rights and surroundings.

use std::{
    env::consts::ARCH, error::Error, fs, io, os::unix::process::CommandExt, process::Command,
};

use nix::{
    errno::Errno,
    libc,
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    unistd::{Gid, Uid, getgid, getuid, setgroups, setresgid, setresuid},
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, apply_filter};

const NOBODY: u32 = 65534;

/// Leaves the mount namespace, as root or as root of a new user namespace. Nothing that is mounted from
/// here on reaches another namespace.
///
/// # Errors
/// If neither is allowed.
pub fn private_mounts() -> Result<(), Box<dyn Error>> {
    leave().map_err(|e| format!("neither root nor allowed a user namespace: {e}"))?;
    let none = None::<&str>;
    Ok(mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)?)
}

fn leave() -> Result<(), Box<dyn Error>> {
    match unshare(CloneFlags::CLONE_NEWNS) {
        Err(Errno::EPERM) => {}
        outcome => return Ok(outcome?),
    }
    let (user, group) = (getuid(), getgid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1"))?;
    Ok(())
}

/// Puts an empty file system over `path`; to be called after [`private_mounts`].
///
/// # Errors
/// Of `mount`.
pub fn hide(path: &str, options: Option<&str>) -> nix::Result<()> {
    mount(Some("tmpfs"), path, Some("tmpfs"), MsFlags::empty(), options)
}

/// Gives up root for the user "nobody".
///
/// # Errors
/// If the process is not root.
pub fn become_nobody() -> nix::Result<()> {
    let (user, group) = (Uid::from_raw(NOBODY), Gid::from_raw(NOBODY));
    setgroups(&[])?;
    setresgid(group, group, group)?;
    setresuid(user, user, user)
}

/// The command's process may not trace another, as in many a container.
///
/// # Panics
/// As [`refuse`].
pub fn refuse_ptrace(command: &mut Command) {
    refuse(command, libc::SYS_ptrace);
}

/// The command's process may not make this system call.
///
/// # Panics
/// If there are no filters of system calls for this processor.
pub fn refuse(command: &mut Command, call: libc::c_long) {
    let filter = refusing(call);
    let confine = move || apply_filter(&filter).map_err(io::Error::other);
    // SAFETY: it only calls the kernel, and allocates nothing unless that refuses.
    unsafe { command.pre_exec(confine) };
}

/// This thread may not make this system call any more.
///
/// # Panics
/// As [`refuse`], or if the kernel has no filters.
pub fn refuse_here(call: libc::c_long) {
    apply_filter(&refusing(call)).expect("a filter");
}

fn refusing(call: libc::c_long) -> BpfProgram {
    let refuse = SeccompAction::Errno(Errno::EPERM as u32);
    let rules = [(call, Vec::new())].into();
    let processor = ARCH.try_into().expect("a processor that the kernel filters for");
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, processor);
    filter.and_then(TryInto::try_into).expect("one rule")
}
