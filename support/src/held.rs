//! The guard of a [`Lock`].
#![allow(
    unsafe_code,
    reason = "a reference count more would make a guard cost twice as much as the lock"
)]

use std::fmt;
use std::mem::ManuallyDrop;
use std::ptr;

use crate::gate::Whose;
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
    /// Not counted as a handle: the hold itself keeps the gate, see [`Gate`](crate::gate::Gate).
    lock: ManuallyDrop<Lock>,
    ticket: u64,
}

impl Held {
    /// The guard of the detached hold that was taken through `lock` under `ticket`.
    #[inline]
    pub(crate) fn new(lock: &Lock, ticket: u64) -> Self {
        // SAFETY: a handle, bit by bit, which is valid as long as the gate is there, and is never
        // dropped. The gate is there as long as this guard: its hold is detached, and ended under
        // its ticket by `drop` only.
        let lock = ManuallyDrop::new(unsafe { ptr::read(lock) });
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
        let ended = match self.lock.gate.about_to_end_detached(self.ticket) {
            // The lock may be gone when this returns.
            Some((word, held)) => word.release(held, held.freed()),
            None => false,
        };
        if !ended {
            self.end_in_turn();
        }
    }
}

impl Held {
    #[cold]
    fn end_in_turn(&mut self) {
        // Keeps the lock until all is done, and then goes as every handle does: somebody may have
        // taken a guard through this one.
        let lock = Lock::clone(&self.lock);
        lock.gate.release_guard_in_turn(Whose::Ticket(self.ticket));
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<guard of {:?}>", self.lock())
    }
}
