//! Relations over small sets, as matrices of bits.

/// The elements of a row.
fn members(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().flat_map(|(at, word)| {
        std::iter::successors(Some(*word), |rest| Some(rest & rest.wrapping_sub(1)))
            .take_while(|rest| *rest != 0)
            .map(move |rest| 64 * at + rest.trailing_zeros() as usize)
    })
}

/// A relation over `0..n`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Relation {
    n: usize,
    /// Words of 64 bits in a row.
    width: usize,
    rows: Vec<u64>,
}

impl Relation {
    pub(super) fn empty(n: usize) -> Self {
        let width = n.div_ceil(64);
        Self { n, width, rows: vec![0; n * width] }
    }

    /// `[S]`: each element of a set to itself.
    pub(super) fn identity(n: usize, is_in: impl Fn(usize) -> bool) -> Self {
        let mut relation = Self::empty(n);
        (0..n).filter(|at| is_in(*at)).for_each(|at| relation.add(at, at));
        relation
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.n
    }

    pub(super) fn add(&mut self, from: usize, to: usize) {
        self.rows[from * self.width + to / 64] |= 1 << (to % 64);
    }

    pub(super) fn contains(&self, from: usize, to: usize) -> bool {
        self.rows[from * self.width + to / 64] >> (to % 64) & 1 == 1
    }

    fn row(&self, at: usize) -> &[u64] {
        &self.rows[at * self.width..][..self.width]
    }

    fn join_row(&mut self, at: usize, other: &[u64]) {
        let row = &mut self.rows[at * self.width..][..self.width];
        row.iter_mut().zip(other).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// The union.
    pub(super) fn or(&self, other: &Self) -> Self {
        let rows = self.rows.iter().zip(&other.rows).map(|(a, b)| a | b).collect();
        Self { rows, ..*self }
    }

    /// The composition.
    pub(super) fn then(&self, next: &Self) -> Self {
        let mut relation = Self::empty(self.n);
        for from in 0..self.n {
            for via in members(self.row(from)) {
                relation.join_row(from, next.row(via));
            }
        }
        relation
    }

    /// The transitive closure (Warshall).
    pub(super) fn closure(&self) -> Self {
        let mut relation = self.clone();
        let mut row = vec![0; self.width];
        for via in 0..self.n {
            row.copy_from_slice(relation.row(via));
            if row.iter().all(|word| *word == 0) {
                continue;
            }
            for from in 0..self.n {
                if relation.contains(from, via) {
                    relation.join_row(from, &row);
                }
            }
        }
        relation
    }

    /// With each element related to itself.
    pub(super) fn reflexive(&self) -> Self {
        self.or(&Self::identity(self.n, |_| true))
    }

    pub(super) fn filter(&self, keep: impl Fn(usize, usize) -> bool) -> Self {
        let mut relation = Self::empty(self.n);
        for from in 0..self.n {
            members(self.row(from))
                .filter(|to| keep(from, *to))
                .for_each(|to| relation.add(from, to));
        }
        relation
    }

    /// Is there a pair in both?
    #[cfg(test)]
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.rows.iter().zip(&other.rows).any(|(a, b)| a & b != 0)
    }

    pub(super) fn is_irreflexive(&self) -> bool {
        (0..self.n).all(|at| !self.contains(at, at))
    }

    pub(super) fn is_acyclic(&self) -> bool {
        self.closure().is_irreflexive()
    }
}
