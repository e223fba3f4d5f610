//! A number that two add to.

use std::os::fd::OwnedFd;

use nix::libc::pthread_mutex_t;
use selvedge::{
    mutex::{MutexConfig, RobustMutex, SharedMutex},
    segment::sealed,
};
use selvedge_tests::{bequeath, child, inherited};

use crate::{
    contest::{Contest, Run, timed},
    peer::{Peer, ready, watched},
    posix::Under,
};

const GLIBC: &str = "pthread_mutex_t, robust";
const OURS: &str = "selvedge";

/// What the other process adds, so that it can be told from what this one does.
const THEIRS: u64 = 1 << 32;

pub(crate) fn measure(contest: &mut Contest) {
    contest.hold("mutex, lock and unlock", &[GLIBC, OURS], |name| set_up(name, false));
    contest.hold("mutex, beside one that locks all the time", &[GLIBC, OURS], |name| {
        set_up(name, true)
    });
}

trait Tally {
    /// Adds to it, and says how much it is then.
    fn add(&self, n: u64) -> u64;
}

impl Tally for Under<pthread_mutex_t, u64> {
    fn add(&self, n: u64) -> u64 {
        self.update(|tally| tally.wrapping_add(n))
    }
}

impl Tally for RobustMutex<u64> {
    fn add(&self, n: u64) -> u64 {
        let mut guard = self.lock().expect("nobody has died");
        guard.update(|tally| {
            *tally = tally.wrapping_add(n);
            *tally
        })
    }
}

fn inherit(descriptor: OwnedFd) -> RobustMutex<u64> {
    let shared = sealed::attach::<SharedMutex<u64>>(descriptor).expect("a mutex");
    shared.handle().expect("a slot")
}

fn set_up(name: &str, contended: bool) -> Run {
    let descriptor = if name == GLIBC {
        Under::<pthread_mutex_t, u64>::create()
    } else {
        sealed::create::<SharedMutex<u64>>(MutexConfig::of(0)).expect("some memory").1
    };
    let peer = contended.then(|| {
        let mut peer = Peer::start("lock", |command| bequeath(command.arg(name), &descriptor));
        assert_eq!(peer.hear(), "ready");
        peer
    });
    if name == GLIBC {
        adding(Under::inherit(descriptor), peer)
    } else {
        adding(inherit(descriptor), peer)
    }
}

fn adding(tally: impl Tally + 'static, peer: Option<Peer>) -> Run {
    let mut added = 0_u32;
    Box::new(move |times| {
        watched(|| {
            let before = tally.add(0);
            let took = timed(times, || _ = tally.add(1));
            // It locks indeed.
            while peer.is_some() && tally.add(0) / THEIRS == before / THEIRS {}
            added = added.wrapping_add(times as u32);
            assert_eq!(tally.add(0) as u32, added, "something is missing");
            took
        })
    })
}

/// The other process's part.
pub(crate) fn lock() {
    let [name, descriptor] = child();
    let descriptor = inherited(descriptor.parse().expect("a descriptor's number"));
    if name == GLIBC {
        add_for_ever(&Under::inherit(descriptor));
    }
    add_for_ever(&inherit(descriptor));
}

fn add_for_ever(tally: &impl Tally) -> ! {
    ready();
    loop {
        tally.add(THEIRS);
    }
}
