//! A counter that loses updates.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::gap::gap;

/// A counter that loses updates when several threads increment it.
///
/// Reading the old value and writing the new one are two steps, each of them atomic, with a gap
/// between them in which other threads get their turn. So there is no data race, which safe Rust
/// rules out, but a race condition: two threads that read the same value write the same value.
///
/// ```
/// let counter = lesson_support::RacyCounter::new();
/// counter.increment();
/// assert_eq!(counter.value(), 1, "one thread alone loses nothing");
/// ```
#[derive(Default)]
pub struct RacyCounter {
    value: AtomicU32,
}

impl RacyCounter {
    /// A counter at 0.
    pub const fn new() -> Self {
        Self {
            value: AtomicU32::new(0),
        }
    }

    /// Adds 1 in two steps: reads, lets other threads run, writes.
    pub fn increment(&self) {
        let seen = self.value.load(Ordering::Relaxed);
        // The gap has to stand between the two steps: behind the store nothing would get lost.
        gap(seen);
        self.value.store(seen.wrapping_add(1), Ordering::Relaxed);
    }

    /// The number at this moment.
    pub fn value(&self) -> u32 {
        self.value.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for RacyCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<racy counter: {}>", self.value())
    }
}
