//! Work-stealing deque: Chase and Lev, SPAA 2005, in the C11 form of Lê, Pop, Cohen and Zappa Nardelli,
//! "Correct and efficient work-stealing for weak memory models", PPoPP 2013, figure 1 (without growing).

use super::*;

/// The fences, each of which is needed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fence {
    Push,
    Take,
    Steal,
}

struct Deque<P: Platform> {
    top: P::U32,
    bottom: P::U32,
    slots: [P::U32; 2],
    missing: Option<Fence>,
}

impl<P: Platform> Deque<P> {
    fn fence(&self, fence: Fence) {
        if self.missing != Some(fence) {
            P::fence(if fence == Fence::Push { Release } else { SeqCst });
        }
    }

    fn slot(&self, at: u32) -> &P::U32 {
        &self.slots[at as usize % 2]
    }

    fn push(&self, value: u32) {
        let (bottom, top) = (self.bottom.load(Relaxed), self.top.load(Acquire));
        assert!(bottom.wrapping_sub(top) < 2, "there is room");
        self.slot(bottom).store(value, Relaxed);
        self.fence(Fence::Push);
        self.bottom.store(bottom + 1, Relaxed);
    }

    fn take(&self) -> Option<u32> {
        let bottom = self.bottom.load(Relaxed).wrapping_sub(1);
        self.bottom.store(bottom, Relaxed);
        self.fence(Fence::Take);
        let top = self.top.load(Relaxed);
        // The distance is negative if the deque was empty.
        let left = bottom.wrapping_sub(top) as i32;
        if left > 0 {
            return Some(self.slot(bottom).load(Relaxed));
        }
        // The last one goes to who moves the top.
        let last = (left == 0).then(|| self.slot(bottom).load(Relaxed));
        let won = || self.top.compare_exchange(top, top + 1, SeqCst, Relaxed).is_ok();
        let last = last.filter(|_| won());
        self.bottom.store(bottom.wrapping_add(1), Relaxed);
        last
    }

    fn steal(&self) -> Option<u32> {
        let top = self.top.load(Acquire);
        self.fence(Fence::Steal);
        if self.bottom.load(Acquire).wrapping_sub(top) as i32 <= 0 {
            return None;
        }
        let value = self.slot(top).load(Relaxed);
        self.top.compare_exchange(top, top + 1, SeqCst, Relaxed).ok().map(|_| value)
    }
}

/// The owner pushes two and takes two; a thief steals so many times. What is left is taken at the end.
#[derive(Clone, Copy, Debug)]
struct Thieves {
    missing: Option<Fence>,
    steals: &'static [usize],
}

impl Scenario for Thieves {
    fn info(&self) -> Info {
        Info { name: "chase_lev/each_once", reach: &["[1, 2]"], ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let ([top, bottom], slots) = ([0; 2].map(M::U32::new), [0; 2].map(M::U32::new));
        let deque = Arc::new(Deque::<M> { top, bottom, slots, missing: self.missing });
        let start = |name, act: fn(&Deque<M>) -> Option<u32>, times, pushes: &'static [u32]| {
            let deque = deque.clone();
            world.actor(name, move || {
                pushes.iter().for_each(|&value| deque.push(value));
                (0..times).filter_map(|_| act(&deque)).collect::<Vec<_>>()
            })
        };
        let mut actors = vec![start("owner", Deque::take, 2, &[1, 2])];
        for (name, &steals) in ["thief", "robber"].into_iter().zip(self.steals) {
            actors.push(start(name, Deque::steal, steals, &[]));
        }
        let mut all: Vec<_> = actors.into_iter().flat_map(M::join).collect();
        all.extend(iter::from_fn(|| deque.take()));
        all.sort_unstable();
        format!("{all:?}")
    }
}

#[test]
fn each_value_is_got_once() {
    assert_eq!(executions(Thieves { missing: None, steals: &[2] }), 90);
    assert_eq!(executions(Thieves { missing: None, steals: &[1, 1] }), 348);
}

#[test]
fn no_fence_can_be_left_out() {
    for fence in [Fence::Push, Fence::Take, Fence::Steal] {
        caught(Thieves { missing: Some(fence), steals: &[2] }, "forbidden outcome: [");
    }
}
