//! Epochs that wrap: no soak notifies 2^32 times.

use selvedge::platform::Ordering::Relaxed;

use super::Random;
use crate::Word;

/// One in so many calls does something.
const SELDOM: u64 = 16;

/// Now and then, lets the next notification of an event be the one at which the epoch wraps; as if there had
/// been billions, all of them before anybody looked. Who waits remains registered.
pub(super) fn about_to_wrap(event: &Word, random: &mut Random) {
    if random.below(SELDOM) == 0 {
        event.fetch_or(u32::MAX.into(), Relaxed);
    }
}
