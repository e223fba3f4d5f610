//! Mutual exclusion of two by Dekker: Dijkstra, "Cooperating sequential processes", EWD 123, 1965; with the
//! fences of Williams, "Implementing Dekker's algorithm with fences", 2010.

use super::*;

/// The fences, each of which is needed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fence {
    /// Between announcing one's wish and looking for the other's.
    Announce,
    /// Likewise, after having stepped back.
    Retry,
    Enter,
    Leave,
}

struct Dekker<P: Platform> {
    wants: [P::U32; 2],
    turn: P::U32,
    missing: Option<Fence>,
}

impl<P: Platform> Dekker<P> {
    fn fence(&self, fence: Fence) {
        if self.missing != Some(fence) {
            P::fence(match fence {
                Fence::Announce | Fence::Retry => SeqCst,
                Fence::Enter => Acquire,
                Fence::Leave => Release,
            });
        }
    }
}

impl<P: Platform> Lock for Dekker<P> {
    fn lock(&self, me: usize) {
        self.wants[me].store(1, Relaxed);
        self.fence(Fence::Announce);
        while self.wants[1 - me].load(Relaxed) == 1 {
            if self.turn.load(Relaxed) == me as u32 {
                P::give_way();
                continue;
            }
            self.wants[me].store(0, Relaxed);
            while self.turn.load(Relaxed) != me as u32 {
                P::give_way();
            }
            self.wants[me].store(1, Relaxed);
            self.fence(Fence::Retry);
        }
        self.fence(Fence::Enter);
    }

    fn unlock(&self, me: usize) {
        self.turn.store(1 - me as u32, Relaxed);
        self.fence(Fence::Leave);
        self.wants[me].store(0, Relaxed);
    }
}

impl Variant for Fence {
    const NAME: &'static str = "dekker/mutual_exclusion";

    fn lock<P: Platform>(missing: Option<Self>) -> impl Lock {
        let (wants, turn) = ([0; 2].map(P::U32::new), P::U32::new(0));
        Dekker::<P> { wants, turn, missing }
    }
}

#[test]
fn two_exclude_each_other() {
    assert_eq!(executions(Users { flaw: None::<Fence>, rounds: &[1, 1] }), 17);
    assert_eq!(executions(Users { flaw: None::<Fence>, rounds: &[2, 1] }), 262);
}

/// Without the fence of a retry, only who comes a second time meets the one who has stepped back.
#[test]
fn no_fence_can_be_left_out() {
    for fence in [Fence::Announce, Fence::Enter, Fence::Leave] {
        caught(Users { flaw: Some(fence), rounds: &[1, 1] }, "data race: main.rs:");
    }
    executions(Users { flaw: Some(Fence::Retry), rounds: &[1, 1] });
    caught(Users { flaw: Some(Fence::Retry), rounds: &[2, 1] }, "data race: main.rs:");
}
