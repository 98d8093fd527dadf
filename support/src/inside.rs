//! How many threads are in a section at once.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Counts the threads that are inside a section of the program at the same moment, and remembers
/// the most there ever were.
///
/// It keeps nobody out. It tells afterwards whether somebody should have: in a critical section,
/// [`max`](Self::max) stays 1. A clone counts the same section.
///
/// ```
/// use lesson_support::Inside;
///
/// let studio = Inside::new();
/// {
///     let _ada = studio.enter();
///     let _bea = studio.enter();
///     assert_eq!(studio.now(), 2);
/// }
/// assert_eq!((studio.now(), studio.max(), studio.visits()), (0, 2, 2));
/// ```
#[derive(Clone, Default)]
pub struct Inside {
    counts: Arc<Counts>,
}

// `Relaxed` throughout: each number is exact by itself, since they only change by read-modify-write
// operations, and nobody concludes anything about other memory from them.
#[derive(Default)]
struct Counts {
    now: AtomicUsize,
    max: AtomicUsize,
    visits: AtomicUsize,
}

/// A visit to a section: lasts until it is dropped, also by a panic. From [`Inside::enter`].
#[must_use = "dropped at once, the visit is over at once"]
pub struct Visit {
    counts: Arc<Counts>,
}

impl Inside {
    /// A section with nobody in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Somebody goes in, and stays until the [`Visit`] is dropped. Never waits. Bind it to a name:
    /// `let _ = section.enter();` leaves at once.
    pub fn enter(&self) -> Visit {
        let now = self.counts.now.fetch_add(1, Relaxed) + 1;
        self.counts.max.fetch_max(now, Relaxed);
        self.counts.visits.fetch_add(1, Relaxed);
        Visit {
            counts: Arc::clone(&self.counts),
        }
    }

    /// How many are inside. Old news as soon as it is returned.
    pub fn now(&self) -> usize {
        self.counts.now.load(Relaxed)
    }

    /// The most that were ever inside at once.
    pub fn max(&self) -> usize {
        self.counts.max.load(Relaxed)
    }

    /// How often somebody went in.
    pub fn visits(&self) -> usize {
        self.counts.visits.load(Relaxed)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.counts.now.fetch_sub(1, Relaxed);
    }
}

impl fmt::Debug for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (now, max, visits) = (self.now(), self.max(), self.visits());
        write!(f, "<inside: {now} now, {max} at most, {visits} visits>")
    }
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<visit>")
    }
}
