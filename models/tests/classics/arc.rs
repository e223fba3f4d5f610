//! Reference count, as in `std::sync::Arc`: the example of reference counting in the manual of Boost.Atomic.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// The use before a decrement is not published.
    RelaxedDecrement,
    /// Who destroys the value does not see the others' uses.
    NoFence,
}

struct Counted<P: Platform> {
    count: P::U32,
    value: P::Cell<u32>,
    flaw: Option<Flaw>,
}

impl<P: Platform> Counted<P> {
    fn acquire(&self) {
        // Relaxed: who can count up holds a reference already.
        self.count.fetch_add(1, Relaxed);
    }

    fn look(&self) {
        // SAFETY: the caller holds a reference, and only the last one's holder writes.
        assert_eq!(unsafe { self.value.read() }, 7);
    }

    /// Gives a reference back; says whether that destroyed the value.
    fn release(&self) -> bool {
        let release = if self.flaw == Some(Flaw::RelaxedDecrement) { Relaxed } else { Release };
        if self.count.fetch_sub(1, release) != 1 {
            return false;
        }
        if self.flaw != Some(Flaw::NoFence) {
            P::fence(Acquire);
        }
        // SAFETY: that was the last reference; the explorer checks just that.
        unsafe { self.value.write(0) };
        true
    }
}

/// Each looks at the value and gives its reference back, and so does who made it.
#[derive(Clone, Copy, Debug)]
struct Holders {
    flaw: Option<Flaw>,
    holders: &'static [&'static str],
}

impl Scenario for Holders {
    fn info(&self) -> Info {
        Info { name: "arc/destroyed_once", reach: &["destroyed 1 times"], ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (count, value) = (M::U32::new(1), M::Cell::new(7));
        let shared = Arc::new(Counted::<M> { count, value, flaw: self.flaw });
        let mut holders = Vec::new();
        for &name in self.holders {
            shared.acquire();
            let shared = shared.clone();
            holders.push(world.actor(name, move || {
                shared.look();
                shared.release()
            }));
        }
        shared.look();
        let mut last = vec![shared.release()];
        last.extend(holders.into_iter().map(M::join));
        format!("destroyed {} times", last.into_iter().filter(|&it| it).count())
    }
}

#[test]
fn the_last_user_destroys_the_value() {
    assert_eq!(executions(Holders { flaw: None, holders: &["one", "two"] }), 8);
    assert_eq!(executions(Holders { flaw: None, holders: &["one", "two", "three"] }), 48);
}

#[test]
fn a_weaker_decrement_or_no_fence_destroys_it_in_use() {
    for flaw in [Flaw::RelaxedDecrement, Flaw::NoFence] {
        caught(Holders { flaw: Some(flaw), holders: &["one", "two"] }, "data race: arc.rs:");
    }
}
