//! Who waits long for a lock gets it next.
//!
//! A thread that looks for a lock again and again (see [`Patience`](super::patience::Patience)) has no
//! chance against one that takes it again as soon as it has released it; blocked inside `std` it would
//! have one. So a thread that has waited for [`STARVING_AFTER`] is entered here, and others that come
//! for the same lock let it go first.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::patience::LONGEST;
use crate::interrupt;

/// As in Go's mutex: shorter, and threads that do little under a lock would wait for each other more
/// than they work.
pub(super) const STARVING_AFTER: Duration = Duration::from_millis(1);
/// Who starves has looked twice by then, unless the machine is busy.
const POLITE_FOR: Duration = LONGEST.saturating_mul(3);
const LOOK_EVERY: Duration = Duration::from_micros(20);

struct Entry {
    id: u64,
    address: usize,
    looks: u64,
}

static STARVING: Mutex<Vec<Entry>> = Mutex::new(Vec::new());
/// Their number, so that nobody has to lock as long as there is none.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A thread that starves for the lock at an address, until dropped.
pub(super) struct Turn(u64);

impl Turn {
    pub(super) fn new(address: usize) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut starving = STARVING.lock();
        starving.push(Entry {
            id,
            address,
            looks: 0,
        });
        COUNT.store(starving.len(), Ordering::Relaxed);
        Self(id)
    }

    /// Notes that the lock was looked at, in vain.
    pub(super) fn looked(&self) {
        if let Some(entry) = STARVING.lock().iter_mut().find(|entry| entry.id == self.0) {
            entry.looks += 1;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut starving = STARVING.lock();
        if let Some(place) = starving.iter().position(|entry| entry.id == self.0) {
            starving.remove(place);
        }
        COUNT.store(starving.len(), Ordering::Relaxed);
    }
}

/// Lets a thread that starves for the lock at `address` look at it once more. To be called by a thread
/// that does not hold the lock.
pub(super) fn give_way(address: usize) {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return;
    }
    let looks = |id: Option<u64>| {
        let starving = STARVING.lock();
        let mut entries = starving.iter().filter(|entry| entry.address == address);
        let found = entries.find(|entry| id.is_none_or(|id| entry.id == id));
        found.map(|entry| (entry.id, entry.looks))
    };
    let Some((id, before)) = looks(None) else {
        return;
    };
    let since = Instant::now();
    // Two looks: the first may have been over, but for its note, when we came.
    while looks(Some(id)).is_some_and(|(_, now)| now < before + 2) && since.elapsed() < POLITE_FOR {
        interrupt::checkpoint();
        thread::sleep(LOOK_EVERY);
    }
}
