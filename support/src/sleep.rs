//! Waiting for time to pass.

use std::time::{Duration, Instant};

use crate::interrupt;
use crate::thread_mark::ThreadMark;
use crate::waiter::{Outcome, Waiter, WhileUnwinding};

/// Lets the calling thread sleep for `duration` of wall-clock time, or a little longer.
///
/// Unlike [`std::thread::sleep`] it can be stopped: then it unwinds with
/// [`KeyboardInterrupt`](crate::KeyboardInterrupt). Stopped while the thread is unwinding
/// already, it returns early.
///
/// ```
/// use std::time::{Duration, Instant};
///
/// let start = Instant::now();
/// lesson_support::sleep(Duration::from_millis(10));
/// assert!(start.elapsed() >= Duration::from_millis(10));
/// ```
pub fn sleep(duration: Duration) {
    interrupt::checkpoint();
    let me = ThreadMark::current();
    // Further off than the clock can count is for ever.
    let deadline = Instant::now().checked_add(duration);
    let waiter = Waiter::new(me.clone());
    if let Outcome::Stopped = waiter.wait(deadline, WhileUnwinding::GiveUp) {
        interrupt::unwind(&me);
    }
}
