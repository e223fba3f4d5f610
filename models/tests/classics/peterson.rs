//! Mutual exclusion of two: Peterson, "Myths about the mutual exclusion problem", Information Processing
//! Letters 12(3), 1981, pp. 115-116. It needs sequential consistency.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// Stores release and loads acquire, which lets each load pass the store before it.
    AcquireRelease,
    /// The turn is given away before the wish is announced.
    TurnFirst,
}

struct Peterson<P: Platform> {
    wants: [P::U32; 2],
    turn: P::U32,
    flaw: Option<Flaw>,
}

impl<P: Platform> Lock for Peterson<P> {
    fn lock(&self, me: usize) {
        let (other, turn) = (1 - me, 1 - me as u32);
        let weak = self.flaw == Some(Flaw::AcquireRelease);
        let (store, load) = if weak { (Release, Acquire) } else { (SeqCst, SeqCst) };
        if self.flaw == Some(Flaw::TurnFirst) {
            self.turn.store(turn, store);
            self.wants[me].store(1, store);
        } else {
            self.wants[me].store(1, store);
            self.turn.store(turn, store);
        }
        while self.wants[other].load(load) == 1 && self.turn.load(load) == turn {
            P::give_way();
        }
    }

    fn unlock(&self, me: usize) {
        self.wants[me].store(0, Release);
    }
}

impl Variant for Flaw {
    const NAME: &'static str = "peterson/mutual_exclusion";

    fn lock<P: Platform>(flaw: Option<Self>) -> impl Lock {
        let (wants, turn) = ([0; 2].map(P::U32::new), P::U32::new(0));
        Peterson::<P> { wants, turn, flaw }
    }
}

#[test]
fn two_exclude_each_other() {
    assert_eq!(executions(Users { flaw: None::<Flaw>, rounds: &[1, 1] }), 12);
    assert_eq!(executions(Users { flaw: None::<Flaw>, rounds: &[2, 1] }), 54);
}

#[test]
fn weaker_orderings_or_the_turn_first_let_both_in() {
    for flaw in [Flaw::AcquireRelease, Flaw::TurnFirst] {
        caught(Users { flaw: Some(flaw), rounds: &[1, 1] }, "data race: main.rs:");
    }
}
