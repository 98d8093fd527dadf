//! Waiting for what `std` offers no wait that can be ended: looking again and again.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::turns::{STARVING_AFTER, Turn};
use crate::interrupt;

/// For so long a wait is looked after without sleeping, as a short one deserves.
const AWAKE: Duration = Duration::from_micros(200);
/// The share of the time waited so far that the next sleep may take: what was waited for is noticed
/// late by no more than this.
const SHARE: u32 = 64;
/// A sleep shorter than this would not be shorter.
const SHORTEST: Duration = Duration::from_micros(50);
/// Half a thousand looks a second cost next to nothing, and nobody sees the delay.
pub(super) const LONGEST: Duration = Duration::from_millis(2);

/// The pauses between looks.
pub(super) struct Patience {
    since: Instant,
    longest: Duration,
    /// The address of the lock that is waited for.
    lock: Option<usize>,
    turn: Option<Turn>,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self::with_longest(LONGEST)
    }

    /// For the lock at this address.
    pub(super) fn for_lock(address: usize) -> Self {
        Self {
            lock: Some(address),
            ..Self::new()
        }
    }

    pub(super) fn with_longest(longest: Duration) -> Self {
        Self {
            since: Instant::now(),
            longest,
            lock: None,
            turn: None,
        }
    }

    /// Lets a little time pass. Unwinds when the cell is stopped.
    pub(super) fn pause(&mut self) {
        interrupt::checkpoint();
        let waited = self.since.elapsed();
        if waited >= STARVING_AFTER
            && let Some(lock) = self.lock
        {
            self.turn.get_or_insert_with(|| Turn::new(lock)).looked();
        }
        if waited < AWAKE {
            thread::yield_now();
        } else {
            thread::sleep((waited / SHARE).clamp(SHORTEST, self.longest));
        }
    }
}

/// Whether the calling thread has to be stoppable while it waits for a lock.
///
/// Other threads are left to `std`, which wakes them at once and in its own order: nobody waits for
/// them but by a `join`, which can be stopped itself. The end of a scope cannot, so that there all
/// threads have to be.
pub(super) fn must_be_stoppable() -> bool {
    interrupt::is_cell_thread() || SCOPES.load(Ordering::Relaxed) > 0
}

/// How many scopes of cells are open.
static SCOPES: AtomicUsize = AtomicUsize::new(0);

/// An open `thread::scope`.
#[derive(Debug)]
pub struct Scope(());

/// Notes that a scope is opened; dropped when it is over.
#[must_use]
pub fn scope() -> Scope {
    SCOPES.fetch_add(1, Ordering::Relaxed);
    Scope(())
}

impl Drop for Scope {
    fn drop(&mut self) {
        SCOPES.fetch_sub(1, Ordering::Relaxed);
    }
}
