//! Permits.

use selvedge::{
    permits::{PermitPool, PermitsConfig},
    segment::sealed,
};
use selvedge_tests::{
    child,
    semaphores::{Kind, User},
};

use crate::{
    contest::{Contest, Run, timed},
    peer::{Peer, serve},
};

const GLIBC: &str = "sem_init(3)";
const OURS: &str = "selvedge";
const OWNED: &str = "selvedge, owner-tracked";

pub(crate) fn measure(contest: &mut Contest) {
    contest.hold("semaphore, acquire and release", &[GLIBC, OURS, OWNED], alone);
    // Of owner-tracked ones nobody releases another's.
    contest.hold("semaphore, a permit there and back", &[GLIBC, OURS], round_trip);
}

/// The semaphore of this name, with two permits.
fn semaphore(name: &str) -> Kind {
    let [unnamed, _, anonymous, _] = Kind::plain("none");
    if name == GLIBC { unnamed } else { anonymous }
}

fn alone(name: &str) -> Run {
    if name == OWNED {
        let (pool, _) = sealed::create::<PermitPool>(PermitsConfig::new(2)).expect("some memory");
        let handle = pool.handle().expect("a slot");
        return Box::new(move |times| timed(times, || drop(handle.acquire().expect("it is free"))));
    }
    let user = semaphore(name).user();
    Box::new(move |times| {
        timed(times, || {
            user.acquire(None).expect("one is free");
            user.release().expect("it was taken");
        })
    })
}

/// Somebody who finds no permit.
fn drained(kind: &Kind) -> Box<dyn User> {
    let user = kind.user();
    while user.try_acquire().is_ok() {}
    user
}

fn round_trip(name: &str) -> Run {
    let (there, back) = (semaphore(name), semaphore(name));
    let (to_them, to_us) = (drained(&there), drained(&back));
    let mut peer = Peer::start("hand back", |command| {
        there.hand_over(command);
        back.hand_over(command);
    });
    Box::new(move |rounds| {
        let took = peer.rounds(rounds, 1, || {
            for _ in 0..rounds {
                to_them.release().expect("there was none");
                to_us.acquire(None).expect("it comes back");
            }
        });
        assert_eq!([to_them.value(), to_us.value()], [0, 0], "a permit too many");
        took
    })
}

/// The other process's part.
pub(crate) fn hand_back() {
    let [there, kind, back, _] = child();
    let (to_us, to_them) = (Kind::handed(there, &kind).user(), Kind::handed(back, &kind).user());
    serve(|rounds| {
        for _ in 0..rounds {
            to_us.acquire(None).expect("it comes");
            to_them.release().expect("there was none");
        }
        rounds
    });
}
