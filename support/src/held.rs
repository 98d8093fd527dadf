//! The guard of a [`Lock`].

use std::fmt;

use crate::lock::Lock;

/// A guard: as long as it lives, its lock is held; dropping it releases the lock.
///
/// [`Lock::hold`] makes it. If somebody else released the lock in the meantime, dropping the
/// guard does nothing, not even when a third has acquired it since.
///
/// ```
/// use lesson_support::{Held, Lock};
///
/// let lock = Lock::new("studio");
/// let held: Held = lock.hold();
/// let elsewhere = std::thread::spawn(move || drop(held));
/// elsewhere.join().unwrap();
/// assert!(!lock.locked());
/// ```
#[must_use = "dropped at once, the guard releases the lock at once"]
pub struct Held {
    lock: Lock,
    ticket: u64,
}

impl Held {
    pub(crate) fn new(lock: Lock, ticket: u64) -> Self {
        Self { lock, ticket }
    }

    /// The lock that is held.
    pub fn lock(&self) -> &Lock {
        &self.lock
    }
}

impl Drop for Held {
    #[inline]
    fn drop(&mut self) {
        self.lock.release_ticket(self.ticket);
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<guard of {:?}>", self.lock)
    }
}
