//! The way of an operation through its instructions, and short cuts on it.

/// The most single steps from a landmark to its instruction. More save stops at the landmark, in a
/// loop whose instructions come by often.
const WINDOW: usize = 64;

/// So many rounds at a loop's beginning, and at its end, are not called repetitions. To get to the end, a
/// victim stops in each round.
const FIRST: u32 = 4;
const LAST: u32 = 1;

/// Where an operation's instructions are: the instruction pointer at its first mark, then after each
/// step.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Path {
    at: Vec<u64>,
    /// Which visit of that place it is, from 1.
    visits: Vec<u32>,
    seen: std::collections::HashMap<u64, u32>,
    /// The steps that enter the kernel.
    calls: Vec<usize>,
}

/// A place close to an instruction: the `visit`-th stop at `pc`, then so many steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Landmark {
    pub(super) pc: u64,
    pub(super) visit: u32,
    pub(super) steps: usize,
}

impl Path {
    pub(super) fn push(&mut self, pc: u64, enters_kernel: bool) {
        let visit = self.seen.entry(pc).or_default();
        *visit += 1;
        if enters_kernel {
            self.calls.push(self.at.len());
        }
        self.at.push(pc);
        self.visits.push(*visit);
    }

    /// How many instructions there are between the marks.
    pub(super) fn len(&self) -> usize {
        self.at.len()
    }

    /// Where instruction `n` is; the one after the last is at no place of its own.
    pub(super) fn at(&self, n: usize) -> Option<u64> {
        self.at.get(n).copied()
    }

    /// Is instruction `n` one in the middle of a loop's repetitions?
    pub(super) fn repeats(&self, n: usize) -> bool {
        self.at(n).is_some_and(|pc| {
            let visit = self.visits[n];
            visit > FIRST && visit + LAST <= self.seen[&pc]
        })
    }

    /// The steps that enter the kernel.
    pub(super) fn calls(&self) -> &[usize] {
        &self.calls
    }

    /// The cheapest way to instruction `n`; `None` if it is to step there from the start.
    pub(super) fn landmark(&self, n: usize) -> Option<Landmark> {
        let last = n.min(self.len().checked_sub(1)?);
        let first = last.saturating_sub(WINDOW).max(1);
        let candidates = (first..=last).map(|j| (self.visits[j] as usize + (n - j), j));
        // Whoever stands at the start would stop there at once, or not, as the processor pleases.
        let (cost, j) = candidates.filter(|(_, j)| self.at[*j] != self.at[0]).min()?;
        let landmark = Landmark { pc: self.at[j], visit: self.visits[j], steps: n - j };
        (cost < n).then_some(landmark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_visits_are_no_repetitions() {
        let mut path = Path::default();
        (0..20).for_each(|n| path.push(n % 2, false));
        let repeating = (0..20).filter(|n| path.repeats(*n)).collect::<Vec<_>>();
        assert_eq!(repeating, [8, 9, 10, 11, 12, 13, 14, 15, 16, 17]);
        assert!(!path.repeats(20), "the end");
    }

    #[test]
    fn a_landmark_is_worth_its_stops() {
        let mut path = Path::default();
        for pc in [1, 2, 3, 2, 3, 2, 3, 4, 5] {
            path.push(pc, false);
        }
        assert_eq!(path.landmark(0), None);
        assert_eq!(path.landmark(1), None, "a step is as cheap");
        let landmark = Landmark { pc: 3, visit: 2, steps: 1 };
        assert_eq!(path.landmark(5), Some(landmark), "its third visit costs three stops");
        assert_eq!(path.landmark(8), Some(Landmark { pc: 5, visit: 1, steps: 0 }));
        assert_eq!(path.landmark(9), Some(Landmark { pc: 5, visit: 1, steps: 1 }), "the end");
    }
}
