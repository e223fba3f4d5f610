//! Ticket lock: Mellor-Crummey and Scott, "Algorithms for scalable synchronization on shared-memory
//! multiprocessors", ACM TOCS 9(1), 1991; after the sequencers of Reed and Kanodia, CACM 22(2), 1979.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// What the holder did is not published to the next.
    RelaxedUnlock,
    /// Drawing a ticket is a load and a store: two can draw the same.
    SplitDraw,
}

struct Ticket<P: Platform> {
    next: P::U32,
    serving: P::U32,
    flaw: Option<Flaw>,
}

impl<P: Platform> Lock for Ticket<P> {
    fn lock(&self, _me: usize) {
        let mine = if self.flaw == Some(Flaw::SplitDraw) {
            let mine = self.next.load(Relaxed);
            self.next.store(mine + 1, Relaxed);
            mine
        } else {
            self.next.fetch_add(1, Relaxed)
        };
        while self.serving.load(Acquire) != mine {
            P::give_way();
        }
    }

    fn unlock(&self, _me: usize) {
        let release = if self.flaw == Some(Flaw::RelaxedUnlock) { Relaxed } else { Release };
        let mine = self.serving.load(Relaxed); // only its holder changes it
        self.serving.store(mine + 1, release);
    }
}

impl Variant for Flaw {
    const NAME: &'static str = "ticket/mutual_exclusion";

    fn lock<P: Platform>(flaw: Option<Self>) -> impl Lock {
        let [next, serving] = [0; 2].map(P::U32::new);
        Ticket::<P> { next, serving, flaw }
    }
}

#[test]
fn two_to_four_exclude_each_other() {
    assert_eq!(executions(Users { flaw: None::<Flaw>, rounds: &[1, 1] }), 4);
    assert_eq!(executions(Users { flaw: None::<Flaw>, rounds: &[1, 1, 1] }), 36);
    assert_eq!(executions(Users { flaw: None::<Flaw>, rounds: &[1, 1, 1, 1] }), 576);
}

#[test]
fn a_relaxed_unlock_and_a_draw_in_two_steps_are_caught() {
    for flaw in [Flaw::RelaxedUnlock, Flaw::SplitDraw] {
        caught(Users { flaw: Some(flaw), rounds: &[1, 1] }, "data race: main.rs:");
    }
}
