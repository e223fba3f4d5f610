//! What actors sent and received, written down outside shared memory, where a death takes nothing with it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Records whose send returned, and records that were received.
#[derive(Debug, Default)]
pub struct Ledger {
    sent: Mutex<Vec<u32>>,
    received: Mutex<Vec<u32>>,
}

fn open(book: &Mutex<Vec<u32>>) -> MutexGuard<'_, Vec<u32>> {
    // An actor that panicked has written what it had to write.
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledger {
    /// The send of `record` has returned.
    pub fn sent(&self, record: u32) {
        open(&self.sent).push(record);
    }

    /// `record` was received.
    pub fn received(&self, record: u32) {
        open(&self.received).push(record);
    }

    /// How many records whose send returned were not received.
    ///
    /// # Panics
    /// If a record was received twice.
    pub fn lost(&self) -> usize {
        let received = open(&self.received);
        let twice = received
            .iter()
            .find(|record| received.iter().filter(|other| other == record).count() > 1);
        assert!(twice.is_none(), "record {twice:?} was received twice: {received:?}");
        open(&self.sent).iter().filter(|record| !received.contains(record)).count()
    }
}
