//! A counter that adds in one step.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::gap::gap;

/// A counter whose increment is one indivisible step, so that no update gets lost.
///
/// ```
/// let counter = lesson_support::AtomicCounter::new();
/// std::thread::scope(|s| {
///     for _ in 0..10 {
///         s.spawn(|| (0..100).for_each(|_| counter.increment()));
///     }
/// });
/// assert_eq!(counter.value(), 1_000);
/// ```
#[derive(Default)]
pub struct AtomicCounter {
    value: AtomicU32,
}

impl AtomicCounter {
    /// A counter at 0.
    pub const fn new() -> Self {
        Self {
            value: AtomicU32::new(0),
        }
    }

    /// Adds 1 in one step, and then lets other threads run, as often as the racy twin does.
    pub fn increment(&self) {
        let seen = self.value.fetch_add(1, Ordering::Relaxed);
        gap(seen);
    }

    /// The number at this moment.
    pub fn value(&self) -> u32 {
        self.value.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for AtomicCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<atomic counter: {}>", self.value())
    }
}
