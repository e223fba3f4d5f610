//! What a worker writes down.

use std::panic;

use selvedge::{
    platform::Ordering::{Acquire, Relaxed, Release},
    segment::{Shared, sealed},
};

use crate::{Word, Words};

/// Words of a desk: which operation it is in, whether it panicked, how many of one kind began and
/// returned, how long the list is; then the list.
const INSIDE: usize = 0;
const PANICKED: usize = 1;
const BEGUN: usize = 2;
const RETURNED: usize = 3;
const LISTED: usize = 4;
const LIST: usize = 5;

/// The longest list.
const ROOM: usize = 32 * 1024;

/// Words that all desks have in common: the first says stop, the others are the protocol's.
const COMMON: usize = 8;

/// Memory for the desks of a round.
#[derive(Debug)]
pub struct Desks {
    words: Shared<Words>,
    count: usize,
}

impl Desks {
    /// So many.
    ///
    /// # Panics
    /// If there is no memory for them.
    #[must_use]
    pub fn new(count: usize) -> Self {
        let (words, _) = sealed::create(Self::start(count) as u64).expect("a few megabytes");
        Self { words, count }
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The desk of the `n`-th life.
    pub(super) fn desk(&self, n: usize) -> Desk<'_> {
        let start = Self::start(n);
        let (common, own) = (&self.words[..COMMON], &self.words[start..start + LIST + ROOM]);
        Desk { common, own, life: n as u64 }
    }

    /// The calling process has this desk: a panic is noted before anything is said of it, so that no death in
    /// the middle of the message hides it.
    pub(super) fn take(&self, n: usize) {
        let (words, panicked) = (self.words.clone(), Self::start(n) + PANICKED);
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            words[panicked].store(1, Release);
            tell(panic);
        }));
    }

    /// Its first word.
    const fn start(n: usize) -> usize {
        COMMON + n * (LIST + ROOM)
    }

    /// Nothing is written down.
    pub(super) fn clear(&self) {
        self.words[..COMMON].iter().for_each(|word| word.store(0, Relaxed));
        for n in 0..self.count {
            // What is beyond the length counts for nothing.
            self.desk(n).own[..LIST].iter().for_each(|word| word.store(0, Relaxed));
        }
    }

    /// Tells the workers to stop.
    pub(super) fn stop(&self) {
        self.words[0].store(1, Relaxed);
    }
}

/// A desk. Its worker writes; when that is dead, others read.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    common: &'a [Word],
    own: &'a [Word],
    /// A number that no other life of the round has.
    pub life: u64,
}

impl Desk<'_> {
    /// Is there more to do?
    #[must_use]
    pub fn open(&self) -> bool {
        self.common[0].load(Relaxed) == 0 && self.listed() < ROOM
    }

    /// A word that all of the round have in common, 0 at first.
    #[must_use]
    pub fn common(&self) -> &Word {
        &self.common[1]
    }

    /// A word that all who ever work in one of the slots have in common, 0 at first.
    #[must_use]
    pub fn of_slot(&self, slot: usize) -> &Word {
        &self.common[2..][slot]
    }

    /// Notes what the worker is in the middle of; 0 is nothing.
    pub fn inside(&self, operation: u64) {
        self.own[INSIDE].store(operation, Release);
    }

    /// What it was in the middle of.
    #[must_use]
    pub fn operation(&self) -> u64 {
        self.own[INSIDE].load(Acquire)
    }

    /// Did it panic?
    pub(super) fn panicked(&self) -> bool {
        self.own[PANICKED].load(Acquire) != 0
    }

    /// Notes how many of the counted operations have begun.
    pub fn begin(&self, count: u64) {
        self.own[BEGUN].store(count, Release);
    }

    /// Notes how many of the counted operations have returned.
    pub fn end(&self, count: u64) {
        self.own[RETURNED].store(count, Release);
    }

    /// How many have returned, and how many have begun.
    #[must_use]
    pub fn counted(&self) -> (u64, u64) {
        (self.own[RETURNED].load(Acquire), self.own[BEGUN].load(Acquire))
    }

    /// Adds to the list, which has room for it as long as the desk is open.
    pub fn list(&self, value: u64) {
        let length = self.listed();
        self.own[LIST + length].store(value, Relaxed);
        self.own[LISTED].store(length as u64 + 1, Release);
    }

    /// The list.
    pub fn entries(&self) -> impl Iterator<Item = u64> {
        self.own[LIST..][..self.listed()].iter().map(|word| word.load(Relaxed))
    }

    fn listed(&self) -> usize {
        (self.own[LISTED].load(Acquire) as usize).min(ROOM)
    }
}
