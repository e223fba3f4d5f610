//! Hazard pointer: Michael, "Hazard pointers: safe memory reclamation for lock-free objects", IEEE TPDS 15(6),
//! 2004. The fences stand for the sequential consistency that the paper assumes.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    /// The second look may come before the hazard pointer is seen.
    NoReaderFence,
    /// The look at the hazard pointers may come before the node is gone.
    NoWriterFence,
    /// The node may have been freed before the hazard pointer was set.
    NoSecondLook,
    /// The use of the node is not published to who frees it.
    RelaxedClear,
}

/// Nodes are numbered from 1; 0 is none.
struct Protected<P: Platform> {
    current: P::U32,
    hazard: P::U32,
    nodes: [P::Cell<u32>; 3],
    flaw: Option<Flaw>,
}

impl<P: Platform> Protected<P> {
    fn read(&self) -> u32 {
        let node = loop {
            let node = self.current.load(Acquire);
            self.hazard.store(node, Relaxed);
            if self.flaw != Some(Flaw::NoReaderFence) {
                P::fence(SeqCst);
            }
            if self.flaw == Some(Flaw::NoSecondLook) || self.current.load(Acquire) == node {
                break node;
            }
        };
        // SAFETY: the node was current after the hazard pointer was set; the explorer checks just that.
        let value = unsafe { self.nodes[node as usize].read() };
        let clear = if self.flaw == Some(Flaw::RelaxedClear) { Relaxed } else { Release };
        self.hazard.store(0, clear);
        value
    }

    /// Puts `new` in the place of `old`; says whether `old` could be freed at once.
    fn replace(&self, old: u32, new: u32) -> bool {
        // SAFETY: nobody knows the node yet.
        unsafe { self.nodes[new as usize].write(20) };
        self.current.store(new, Release);
        if self.flaw != Some(Flaw::NoWriterFence) {
            P::fence(SeqCst);
        }
        let free = self.hazard.load(Acquire) != old;
        if free {
            // SAFETY: the node is gone, and no hazard pointer holds it; the explorer checks just that.
            unsafe { self.nodes[old as usize].write(0) };
        }
        free
    }
}

/// One reads the current node; the other replaces it, and frees the old one if it may.
#[derive(Clone, Copy, Debug)]
struct Replaced(Option<Flaw>);

impl Scenario for Replaced {
    fn info(&self) -> Info {
        let reach = &["10, kept", "10, freed", "20, kept", "20, freed"];
        Info { name: "hazard/no_use_after_free", reach, ..Info::DEFAULT }
    }

    fn run<M: Model>(&self, world: &World<M>) -> String {
        let (current, hazard) = (M::U32::new(1), M::U32::new(0));
        let nodes = [0, 10, 0].map(M::Cell::new);
        let shared = Arc::new(Protected::<M> { current, hazard, nodes, flaw: self.0 });
        let reader = world.actor("reader", {
            let shared = shared.clone();
            move || shared.read()
        });
        let writer = world.actor("writer", move || shared.replace(1, 2));
        let (value, freed) = (M::join(reader), M::join(writer));
        format!("{value}, {}", if freed { "freed" } else { "kept" })
    }
}

#[test]
fn no_node_is_freed_in_use() {
    assert_eq!(executions(Replaced(None)), 9);
}

#[test]
fn a_missing_fence_or_look_frees_it_in_use() {
    for flaw in [Flaw::NoReaderFence, Flaw::NoWriterFence, Flaw::NoSecondLook, Flaw::RelaxedClear] {
        caught(Replaced(Some(flaw)), "data race: hazard.rs:");
    }
}
