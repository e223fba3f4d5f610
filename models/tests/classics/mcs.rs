//! Queue lock, each of whose users waits at a word of its own: Mellor-Crummey and Scott, "Algorithms for
//! scalable synchronization on shared-memory multiprocessors", ACM TOCS 9(1), 1991.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// What the holder did is not published to its successor.
    RelaxedHandOver,
    /// The node's reset is not published: it may undo what the successor writes there.
    UnpublishedNode,
    /// Leaves although somebody is about to write itself down as its successor.
    LeavesEarly,
}

/// The words name a user by its number from 1; 0 is nobody.
struct Mcs<P: Platform> {
    tail: P::U32,
    /// The successor of each, in the queue.
    next: [P::U32; 3],
    waits: [P::U32; 3],
    flaw: Option<Flaw>,
}

impl<P: Platform> Lock for Mcs<P> {
    fn lock(&self, me: usize) {
        self.next[me].store(0, Relaxed);
        self.waits[me].store(1, Relaxed);
        let enqueue = if self.flaw == Some(Flaw::UnpublishedNode) { Acquire } else { AcqRel };
        let before = self.tail.swap(me as u32 + 1, enqueue);
        if before != 0 {
            self.next[before as usize - 1].store(me as u32 + 1, Release);
            while self.waits[me].load(Acquire) == 1 {
                P::give_way();
            }
        }
    }

    fn unlock(&self, me: usize) {
        let mut next = self.next[me].load(Acquire);
        if next == 0 {
            let alone = self.tail.compare_exchange(me as u32 + 1, 0, Release, Relaxed);
            if alone.is_ok() || self.flaw == Some(Flaw::LeavesEarly) {
                return;
            }
            while next == 0 {
                P::give_way();
                next = self.next[me].load(Acquire);
            }
        }
        let release = if self.flaw == Some(Flaw::RelaxedHandOver) { Relaxed } else { Release };
        self.waits[next as usize - 1].store(0, release);
    }
}

impl Variant for Flaw {
    const NAME: &'static str = "mcs/mutual_exclusion";

    fn lock<P: Platform>(flaw: Option<Self>) -> impl Lock {
        let (next, waits) = ([0; 3].map(P::U32::new), [0; 3].map(P::U32::new));
        Mcs::<P> { tail: P::U32::new(0), next, waits, flaw }
    }
}

#[test]
fn two_and_three_exclude_each_other() {
    assert_eq!(executions(Users { flaw: None::<Flaw>, rounds: &[1, 1] }), 10);
    assert_eq!(executions(Users { flaw: None::<Flaw>, rounds: &[2, 1] }), 35);
    assert_eq!(executions(Users { flaw: None::<Flaw>, rounds: &[1, 1, 1] }), 198);
}

#[test]
fn a_relaxed_hand_over_and_a_lost_successor_are_caught() {
    caught(Users { flaw: Some(Flaw::RelaxedHandOver), rounds: &[1, 1] }, "data race: main.rs:");
    for flaw in [Flaw::UnpublishedNode, Flaw::LeavesEarly] {
        caught(Users { flaw: Some(flaw), rounds: &[1, 1] }, "livelock: nothing can change for ");
    }
}
