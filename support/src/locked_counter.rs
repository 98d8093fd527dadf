//! A counter inside a mutex.

use std::fmt;

use parking_lot::Mutex;

use crate::gap::gap;

/// A counter that takes the same two steps as [`RacyCounter`](crate::RacyCounter), with the same
/// gap between them, under a mutex: no update gets lost, for nobody else can read in the gap.
///
/// The mutex is `parking_lot`'s, which has no poisoning, and the number lives inside it.
///
/// ```
/// let counter = lesson_support::LockedCounter::new();
/// std::thread::scope(|s| {
///     for _ in 0..10 {
///         s.spawn(|| (0..100).for_each(|_| counter.increment()));
///     }
/// });
/// assert_eq!(counter.value(), 1_000);
/// ```
#[derive(Default)]
pub struct LockedCounter {
    value: Mutex<u32>,
}

impl LockedCounter {
    /// A counter at 0.
    pub const fn new() -> Self {
        Self {
            value: Mutex::new(0),
        }
    }

    /// Adds 1 in two steps, between which no other thread gets to the number.
    pub fn increment(&self) {
        let mut value = self.value.lock();
        let seen = *value;
        gap(seen);
        *value = seen.wrapping_add(1);
    }

    /// The number at this moment, after a wait for the increment under way.
    pub fn value(&self) -> u32 {
        *self.value.lock()
    }
}

impl fmt::Debug for LockedCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<locked counter: {}>", self.value())
    }
}
