//! A lock of one's own: the second mutex of Drepper, "Futexes Are Tricky" (2011).

use selvedge::platform::{
    AtomicWord,
    Ordering::{Acquire, Relaxed, Release},
    Platform,
};

/// 0: free. 1: held. 2: held, and somebody may be asleep.
#[derive(Debug)]
pub struct Lock<P: Platform>(pub P::U32);

impl<P: Platform> Lock<P> {
    /// Waits until the lock is free, and takes it.
    pub fn lock(&self, ctx: &P::Ctx) {
        if self.0.compare_exchange(0, 1, Acquire, Relaxed).is_ok() {
            return;
        }
        while self.0.swap(2, Acquire) != 0 {
            _ = P::wait(ctx, &self.0, 2, None);
        }
    }

    /// Frees it.
    pub fn unlock(&self, ctx: &P::Ctx) {
        if self.0.swap(0, Release) == 2 {
            P::wake(ctx, &self.0, 1);
        }
    }
}

#[cfg(test)]
mod tests;
