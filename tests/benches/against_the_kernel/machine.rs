//! What all this runs on.

use std::{ffi::CStr, fs, sync::OnceLock};

use nix::{libc::gnu_get_libc_version, sys::utsname::uname, unistd::Pid};
use selvedge_tests::{allowed_cores, stay_on};

/// The core of this process and the core of the other: one and the same if there is but one.
pub(crate) fn cores() -> [usize; 2] {
    /// As it was before this process stayed on one.
    static CORES: OnceLock<[usize; 2]> = OnceLock::new();
    *CORES.get_or_init(|| {
        let allowed = allowed_cores();
        [allowed[0], *allowed.last().expect("at least one")]
    })
}

/// Says what it is, and stays on this process's core.
pub(crate) fn settle() {
    let [this, other] = cores();
    stay_on(this, Pid::this());
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let (_, model) = model.unwrap_or_default();
    let kernel = uname().expect("the kernel has a name");
    // SAFETY: it takes nothing.
    let glibc = unsafe { gnu_get_libc_version() };
    // SAFETY: a string that ends with NUL, and stays.
    let glibc = unsafe { CStr::from_ptr(glibc) };
    println!("{model}; Linux {}; glibc {}", kernel.release().display(), glibc.to_string_lossy());
    let shared = if this == other { ", which they share: there is no other" } else { "" };
    println!("this process runs on core {this}, the other on core {other}{shared}");
}
