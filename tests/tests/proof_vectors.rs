//! The slot words that `proofs/` reasons about are those of the code: what the solvers evaluate the
//! definitions to, on inputs at the edges, is what the functions return.

use selvedge::{
    platform::Owner,
    protocol::mpmc::word::{ForPop, ForPush, MAX_CAPACITY, MAX_OWNER, Phase, Place, SlotWord},
};

const VECTORS: &str = include_str!("../../proofs/arithmetic/mpmc/vectors.txt");

const PHASES: [Phase; 4] = [Phase::Free, Phase::Writing, Phase::Published, Phase::Reading];

fn for_push(word: SlotWord, lap: u64, capacity: u64) -> u64 {
    match word.for_push(lap, capacity) {
        ForPush::Claim => 0,
        ForPush::Full(None) => 1,
        ForPush::Full(Some(owner)) => named(word, owner),
        ForPush::Passed => 3,
        ForPush::Far => 4,
        ForPush::Corrupt => 5,
    }
}

fn for_pop(word: SlotWord, lap: u64, capacity: u64) -> u64 {
    match word.for_pop(lap, capacity) {
        ForPop::Claim => 0,
        ForPop::Empty(None) => 1,
        ForPop::Empty(Some(owner)) => named(word, owner),
        ForPop::Passed => 3,
        ForPop::Far => 4,
        ForPop::Corrupt => 5,
    }
}

/// `BlockedBy` of the definitions, which means the word's own owner.
fn named(word: SlotWord, owner: Owner) -> u64 {
    assert_eq!(owner, word.owner());
    2
}

#[test]
fn the_definitions_of_slot_words_are_those_of_the_code() {
    let mut checked = [0; 5];
    for line in VECTORS.lines().filter(|line| !line.starts_with(';')) {
        let (left, right) = line.split_once(" =").unwrap();
        let mut left = left.split_whitespace();
        let name = left.next().unwrap();
        let number =
            |text: &str| u64::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap();
        let arguments: Vec<u64> = left.map(number).collect();
        let expected: Vec<u64> = right.split_whitespace().map(number).collect();
        let (kind, found) = match (name, &arguments[..]) {
            ("limits", []) => (0, vec![MAX_CAPACITY, u64::from(MAX_OWNER.0)]),
            ("place", &[position, capacity]) => {
                let place = Place::of(position, capacity);
                (1, vec![place.index as u64, place.lap])
            }
            ("owned", &[lap, phase, owner]) => {
                let owner = Owner(owner.try_into().unwrap());
                (2, vec![SlotWord::owned(lap, PHASES[phase as usize], owner).0])
            }
            ("parts", &[word]) => {
                let word = SlotWord(word);
                (3, vec![word.lap(), word.phase() as u64, u64::from(word.owner().0)])
            }
            ("classified", &[word, lap, capacity]) => {
                let word = SlotWord(word);
                (4, vec![for_push(word, lap, capacity), for_pop(word, lap, capacity)])
            }
            _ => panic!("unknown: {line}"),
        };
        assert_eq!(found, expected, "{line}");
        checked[kind] += 1;
    }
    assert!(checked.iter().all(|lines| *lines > 0), "{checked:?}");
}
