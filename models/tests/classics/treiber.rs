//! Stack of numbered nodes: Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986. The
//! tag beside the head, against ABA, is that of the IBM System/370 Principles of Operation.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// A head that was popped and pushed again looks as if it had never gone.
    NoTag,
    /// What the pusher did to the node is not published.
    RelaxedPush,
}

struct Stack<P: Platform> {
    /// The top node, from 1, in the low half; the tag in the high half.
    head: P::U64,
    /// The node below each.
    below: [P::U32; 3],
    flaw: Option<Flaw>,
}

impl<P: Platform> Stack<P> {
    fn next(&self, head: u64, node: u32) -> u64 {
        let step = u64::from(self.flaw != Some(Flaw::NoTag));
        ((head >> 32) + step) << 32 | u64::from(node)
    }

    fn push(&self, node: u32) {
        let release = if self.flaw == Some(Flaw::RelaxedPush) { Relaxed } else { Release };
        let mut head = self.head.load(Relaxed);
        loop {
            self.below[node as usize].store(head as u32, Relaxed);
            match self.head.compare_exchange(head, self.next(head, node), release, Relaxed) {
                Ok(_) => return,
                Err(found) => head = found,
            }
        }
    }

    fn pop(&self) -> Option<u32> {
        let mut head = self.head.load(Acquire);
        while head as u32 != 0 {
            let below = self.below[head as u32 as usize].load(Relaxed);
            match self.head.compare_exchange(head, self.next(head, below), Acquire, Acquire) {
                Ok(_) => return Some(head as u32),
                Err(found) => head = found,
            }
        }
        None
    }
}

/// One pops; the other pops two and pushes the first of them again. The rest is popped at the end.
#[derive(Clone, Copy, Debug)]
struct Recycles(Option<Flaw>);

impl Scenario for Recycles {
    fn info(&self) -> Info {
        Info { name: "treiber/each_once", reach: &["[1, 2]"], ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (head, below) = (M::U64::new(0), [0; 3].map(M::U32::new));
        let payload = [0_u32; 3].map(M::Cell::new);
        let shared = Arc::new((Stack::<M> { head, below, flaw: self.0 }, payload));
        [2, 1].into_iter().for_each(|node| shared.0.push(node));
        let start = |name, pops, pushes: usize| {
            let shared = shared.clone();
            world.actor(name, move || {
                let (stack, payload) = &*shared;
                let mut nodes: Vec<_> = (0..pops).filter_map(|_| stack.pop()).collect();
                nodes.iter().for_each(|&node| bump::<M>(&payload[node as usize]));
                nodes.drain(..pushes.min(nodes.len())).for_each(|node| stack.push(node));
                nodes
            })
        };
        let actors = [start("popper", 1, 0), start("recycler", 2, 1)];
        let mut all: Vec<_> = actors.into_iter().flat_map(M::join).collect();
        all.extend(iter::from_fn(|| shared.0.pop()));
        all.sort_unstable();
        format!("{all:?}")
    }
}

#[test]
fn each_node_has_one_owner() {
    assert_eq!(executions(Recycles(None)), 18);
}

#[test]
fn a_head_without_a_tag_and_a_push_that_does_not_release_are_caught() {
    caught(Recycles(Some(Flaw::NoTag)), "forbidden outcome: [");
    caught(Recycles(Some(Flaw::RelaxedPush)), "data race: treiber.rs:");
}
