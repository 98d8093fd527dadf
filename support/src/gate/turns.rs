//! How often a lock is handed over rather than left to whoever comes first.

use std::time::Duration;

use crate::clock::Tick;

/// Turns that a lock may still hand over.
///
/// Handing over is fair, but nobody holds the lock while the next one wakes up, some microseconds:
/// for threads that do nothing but lock, a hundred times as long as the lock is held. So there are
/// [`MOST`] turns (100) in store, more than a lesson uses at once, and a new one twice in a millisecond.
/// When they are used up, a release only wakes the first in the queue, which keeps its place, and
/// leaves the lock to whoever comes first. `parking_lot` does the same at the same rate, with none
/// in store.
pub(crate) struct Turns {
    left: u32,
    counted_at: Tick,
}

pub(crate) const MOST: u32 = crate::sync::TURNS;
const TIME_FOR_ONE: Duration = Duration::from_micros(500);

impl Turns {
    pub(crate) fn new() -> Self {
        Self {
            left: MOST,
            counted_at: Tick::default(),
        }
    }

    /// Uses up one, if there is one.
    pub(crate) fn use_one(&mut self, now: Tick) -> bool {
        let time = now.since(self.counted_at);
        let new = time.as_nanos() / TIME_FOR_ONE.as_nanos();
        if new > 0 {
            self.left =
                u32::try_from(new).map_or(MOST, |new| self.left.saturating_add(new).min(MOST));
            self.counted_at = now;
        }
        let Some(left) = self.left.checked_sub(1) else {
            return false;
        };
        self.left = left;
        true
    }
}
