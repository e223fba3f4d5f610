//! The private half of an end: capacity, own position, what was last seen of the peer's. Pure
//! arithmetic modulo 2^64; nothing here touches shared memory.

use core::ops::Range;

use super::ClaimError;

/// Positions count records since the beginning of time, modulo 2^64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    position: u64,
    peer: u64,
    capacity: u64,
}

/// Checks that `slots` is a power of two, so that it divides 2^64.
pub(super) fn capacity(slots: usize) -> Result<u64, ClaimError> {
    if slots.is_power_of_two() { Ok(slots as u64) } else { Err(ClaimError::Capacity(slots)) }
}

impl Cursor {
    pub(super) fn new(position: u64, peer: u64, capacity: u64) -> Self {
        Self { position, peer, capacity }
    }

    #[inline]
    pub(super) fn capacity(&self) -> u64 {
        self.capacity
    }

    #[inline]
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Records between the peer and this end, when this end is the one in front (the producer).
    #[inline]
    pub(super) fn ahead_of_peer(&self) -> u64 {
        self.position.wrapping_sub(self.peer)
    }

    /// Records between this end and the peer, when the peer is the one in front (the producer).
    #[inline]
    pub(super) fn behind_peer(&self) -> u64 {
        self.peer.wrapping_sub(self.position)
    }

    #[inline]
    pub(super) fn see_peer(&mut self, position: u64) {
        self.peer = position;
    }

    #[inline]
    pub(super) fn advance(&mut self, count: usize) {
        self.position = self.position.wrapping_add(count as u64);
    }

    /// The slot of the present position.
    #[inline]
    pub(super) fn index(&self) -> usize {
        (self.position & (self.capacity - 1)) as usize
    }

    /// The slots of `count` positions from the one `offset` ahead on, `count` and `offset` not beyond the
    /// capacity together: up to the last slot, then from the first.
    #[inline]
    pub(super) fn ranges(&self, offset: usize, count: usize) -> (Range<usize>, Range<usize>) {
        let start = (self.index() + offset) & (self.capacity as usize - 1);
        let first = count.min(self.capacity as usize - start);
        (start..start + first, 0..count - first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_cover_the_next_positions_in_order_across_every_wrap() {
        for (position, capacity, count, first, second) in [
            (0, 4, 3, 0..3, 0..0),
            (3, 4, 3, 3..4, 0..2),
            (u64::MAX, 4, 2, 3..4, 0..1),
            (u64::MAX - 1, 1, 1, 0..1, 0..0),
            (7, 8, 8, 7..8, 0..7),
        ] {
            let cursor = Cursor::new(position, position, capacity);
            assert_eq!(cursor.ranges(0, count), (first, second), "{position} of {capacity}");
            let before = Cursor::new(position.wrapping_sub(1), position, capacity);
            assert_eq!(before.ranges(1, count), cursor.ranges(0, count), "one ahead");
        }
    }

    #[test]
    fn only_powers_of_two_are_capacities() {
        assert_eq!(capacity(0), Err(ClaimError::Capacity(0)));
        assert_eq!(capacity(1), Ok(1));
        assert_eq!(capacity(3), Err(ClaimError::Capacity(3)));
        assert_eq!(capacity(4), Ok(4));
    }

    /// What the solvers evaluate the definitions of `proofs/` to, on inputs at the edges.
    #[test]
    fn the_definitions_that_are_proved_about_are_those_of_this_file() {
        let vectors = include_str!("../../../../proofs/arithmetic/spsc/vectors.txt");
        let mut checked = [0; 3];
        for line in vectors.lines().filter(|line| !line.starts_with(';')) {
            let (name, numbers) = line.split_once(' ').unwrap();
            let numbers: Vec<u64> = (numbers.split_whitespace().filter(|text| *text != "="))
                .map(|text| u64::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap())
                .collect();
            let kind = match (name, &numbers[..]) {
                ("capacity", &[slots, accepted]) => {
                    assert_eq!(u64::from(capacity(slots as usize).is_ok()), accepted, "{line}");
                    0
                }
                ("ranges", &[position, capacity, count, index, first_end, second_end]) => {
                    let ranges = Cursor::new(position, 0, capacity).ranges(0, count as usize);
                    let first = index as usize..first_end as usize;
                    assert_eq!(ranges, (first, 0..second_end as usize), "{line}");
                    1
                }
                ("peer", &[position, peer, ahead, behind, advanced]) => {
                    let mut cursor = Cursor::new(position, peer, 8);
                    assert_eq!(cursor.ahead_of_peer(), ahead, "{line}");
                    assert_eq!(cursor.behind_peer(), behind, "{line}");
                    cursor.advance(peer as usize);
                    assert_eq!(cursor.position(), advanced, "{line}");
                    2
                }
                _ => panic!("unknown: {line}"),
            };
            checked[kind] += 1;
        }
        assert!(checked.iter().all(|lines| *lines > 0), "{checked:?}");
    }
}
