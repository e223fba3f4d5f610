//! The latest value.

use std::{hint::black_box, os::fd::OwnedFd};

use nix::libc::{pthread_mutex_t, pthread_rwlock_t};
use selvedge::{
    segment::{Record, RecordId, sealed},
    shared_memory::{LatestCell, LatestConfig, LatestReader},
};
use selvedge_tests::{bequeath, child, inherited};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::{
    contest::{Contest, Run, timed},
    peer::{Peer, ready, watched},
    posix::{Lock, Nothing, Under},
};

const RWLOCK: &str = "pthread_rwlock_t";
const MUTEX: &str = "pthread_mutex_t, robust";
const OURS: &str = "selvedge";
const FLOOR: &str = "memcpy that may be torn";

pub(crate) fn measure(contest: &mut Contest) {
    let names = [MUTEX, RWLOCK, OURS, FLOOR];
    contest.hold("shared memory, read 8 B", &names, set_up::<1>);
    contest.hold("shared memory, read 64 B", &names, set_up::<8>);
    contest.hold("shared memory, read 1024 B", &names, set_up::<128>);
}

/// So many times the same word.
#[derive(Clone, Copy, Debug, FromBytes, IntoBytes, Immutable)]
#[repr(transparent)]
struct Value<const N: usize>([u64; N]);

impl<const N: usize> Record for Value<N> {
    const ID: RecordId = RecordId::new("selvedge-tests.words/1");
}

fn set_up<const N: usize>(name: &str) -> Run {
    let descriptor = match name {
        RWLOCK => Under::<pthread_rwlock_t, Value<N>>::create(),
        MUTEX => Under::<pthread_mutex_t, Value<N>>::create(),
        FLOOR => Under::<Nothing, Value<N>>::create(),
        _ => {
            let config = LatestConfig::of(Value([0; N]));
            sealed::create::<LatestCell<Value<N>>>(config).expect("some memory").1
        }
    };
    let mut peer = Peer::start("write", |command| {
        bequeath(command.args([name, &N.to_string()]), &descriptor);
    });
    assert_eq!(peer.hear(), "ready");
    match name {
        RWLOCK => reading(peer, true, under::<pthread_rwlock_t, N>(descriptor)),
        MUTEX => reading(peer, true, under::<pthread_mutex_t, N>(descriptor)),
        FLOOR => reading(peer, false, under::<Nothing, N>(descriptor)),
        _ => {
            let reader = LatestReader::<Value<N>>::inherit(descriptor).expect("a cell");
            reading(peer, true, move || reader.read())
        }
    }
}

fn under<L: Lock + 'static, const N: usize>(descriptor: OwnedFd) -> impl Fn() -> Value<N> {
    let data = Under::<L, Value<N>>::inherit(descriptor);
    move || data.read()
}

fn reading<const N: usize>(peer: Peer, whole: bool, read: impl Fn() -> Value<N> + 'static) -> Run {
    Box::new(move |times| {
        let _writes = &peer;
        watched(|| {
            let before = read().0[0];
            let took = timed(times, || {
                let value = black_box(read()).0;
                assert!(!whole || value[0] == value[N - 1], "torn");
            });
            // It writes indeed.
            while read().0[0] == before {}
            took
        })
    })
}

/// The other process's part.
pub(crate) fn write() {
    let [name, words, descriptor] = child();
    let descriptor = inherited(descriptor.parse().expect("a descriptor's number"));
    match &*words {
        "1" => write_for_ever::<1>(&name, descriptor),
        "8" => write_for_ever::<8>(&name, descriptor),
        _ => write_for_ever::<128>(&name, descriptor),
    }
}

fn write_for_ever<const N: usize>(name: &str, descriptor: OwnedFd) {
    match name {
        RWLOCK => update_for_ever::<pthread_rwlock_t, N>(descriptor),
        MUTEX => update_for_ever::<pthread_mutex_t, N>(descriptor),
        FLOOR => update_for_ever::<Nothing, N>(descriptor),
        _ => {
            let cell = sealed::attach::<LatestCell<Value<N>>>(descriptor).expect("a cell");
            let mut writer = cell.writer().expect("it is free");
            for_ever(|n| writer.write(Value([n; N])))
        }
    }
}

fn update_for_ever<L: Lock, const N: usize>(descriptor: OwnedFd) {
    let data = Under::<L, Value<N>>::inherit(descriptor);
    for_ever(|n| _ = data.update(|_| Value([n; N])))
}

fn for_ever(mut write: impl FnMut(u64)) {
    ready();
    for n in 1.. {
        write(n);
    }
}
