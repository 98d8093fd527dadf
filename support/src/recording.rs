//! Recording what happens.

use crate::observed::{self, Position};
use crate::timeline::Timeline;

/// Runs `work` and tells everything that happened in the meantime: to all locks and other things
/// of this crate, on all threads, also those that `work` did not start.
///
/// What was begun before is left out, with a count: who waited already when `record` began, is
/// not told of before it asks again. Threads that are still at work when `work` returns have open
/// bars in the picture; join them in `work` to see their end. A panic of `work` goes on.
///
/// ```
/// use lesson_support::{Lock, Thread, record};
///
/// let timeline = record(|| {
///     let lock = Lock::new("studio");
///     let held = lock.hold();
///     let handle = lock.clone();
///     let ada = Thread::new("Ada", move || drop(handle.hold()));
///     ada.start();
///     ada.settle();
///     drop(held);
///     ada.join().unwrap();
/// });
/// let text = timeline.to_string();
/// assert!(text.contains("Ada asks studio (held by "));
/// assert!(text.contains("Ada gets studio after "));
/// assert!(timeline.svg().starts_with("<svg"));
/// ```
pub fn record<T>(work: impl FnOnce() -> T) -> Timeline {
    let _switched = Switched {
        back_to: recording(true),
    };
    let start = Position::now();
    work();
    Timeline::of_everything(start.at(), observed::observed_since(&start))
}

/// Switches the recording of events on or off, for the whole program, and returns what it was.
///
/// It is on from the beginning, and costs some 10 ns for each hold of a lock that nobody waits for,
/// about as much as the lock itself, and some 0.1 µs for any other event. While it is off, nothing is
/// added to timelines; once it is on again, they begin anew, for what happened in between is
/// missing. Who holds a lock and who waits for it is known in any case.
///
/// ```
/// use lesson_support::{Lock, recording};
///
/// let lock = Lock::new("studio");
/// let before = recording(false);
/// drop(lock.hold());
/// assert!(lock.timeline().events.is_empty());
/// recording(before);
/// ```
pub fn recording(on: bool) -> bool {
    observed::switch(on)
}

/// Switches recording back on drop, also by a panic.
struct Switched {
    back_to: bool,
}

impl Drop for Switched {
    fn drop(&mut self) {
        recording(self.back_to);
    }
}
