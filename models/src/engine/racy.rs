//! Racy payload on the engines.

use std::{fmt::Debug, marker::PhantomData};

use selvedge::platform::{AtomicWord, Ordering, Pod, RacyCell};

/// Relaxed words of eight bytes, the last one padded with zeros.
#[derive(Debug)]
pub struct Racy<W, T>(Box<[W]>, PhantomData<T>);

fn words<T: Pod>(value: &T) -> impl Iterator<Item = u64> + '_ {
    value.as_bytes().chunks(8).map(|chunk| {
        let mut eight = [0; 8];
        eight[..chunk.len()].copy_from_slice(chunk);
        u64::from_ne_bytes(eight)
    })
}

impl<W: AtomicWord<u64>, T: Pod> RacyCell<T> for Racy<W, T> {
    fn new(value: T) -> Self {
        Self(words(&value).map(W::new).collect(), PhantomData)
    }

    fn read(&self) -> T {
        let mut bytes: Vec<u8> = Vec::with_capacity(self.0.len() * 8);
        for word in &self.0 {
            bytes.extend(word.load(Ordering::Relaxed).to_ne_bytes());
        }
        T::read_from_prefix(&bytes).expect("as many words as the value needs").0
    }

    fn write(&self, value: T) {
        for (word, value) in self.0.iter().zip(words(&value)) {
            word.store(value, Ordering::Relaxed);
        }
    }
}
