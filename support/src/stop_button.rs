//! A stop button that presses itself.

use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::interrupt;
use crate::thread_mark::ThreadMark;

/// Presses the stop button once, `delay` from now, and returns at once.
///
/// For a cell that blocks for ever on purpose and shall still come back when nobody sits in front
/// of it. In a notebook it stops the running cell exactly as the button does; where there is no
/// notebook, it stops the thread that called this. Once that cell is over, or the thread was
/// stopped in another way, nothing is pressed any more. Nothing has to be done with the returned
/// [`StopPress`]; it can take the press back.
///
/// ```
/// use lesson_support::{KeyboardInterrupt, Lock, press_stop_after};
/// use std::time::Duration;
///
/// let lock = Lock::new("studio");
/// assert!(lock.acquire());
/// let outcome = std::panic::catch_unwind(|| {
///     press_stop_after(Duration::from_millis(20));
///     lock.acquire() // waits for itself
/// });
/// assert!(outcome.unwrap_err().is::<KeyboardInterrupt>());
/// assert!(lock.waiters().is_empty());
/// ```
///
/// # Panics
/// When the operating system refuses another thread.
#[track_caller]
pub fn press_stop_after(delay: Duration) -> StopPress {
    let target = ThreadMark::current();
    let press = StopPress {
        shared: Arc::default(),
    };
    // Further off than the clock can count is never.
    if let Some(due) = Instant::now().checked_add(delay) {
        let shared = Arc::clone(&press.shared);
        // A reader may have pressed the button first. Then this press must not hit what runs next.
        let aimed_at = (interrupt::current_cell(), target.stops());
        thread::Builder::new()
            .name("stop button".to_owned())
            .spawn(move || {
                let still_due = shared.wait_until(due);
                if still_due && aimed_at == (interrupt::current_cell(), target.stops()) {
                    interrupt::press_stop(&target);
                }
            })
            .expect("the operating system has room for one more thread");
    }
    press
}

/// A press of the stop button that is still to come. Dropping it changes nothing.
#[derive(Clone)]
pub struct StopPress {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    cancelled: Mutex<bool>,
    changed: Condvar,
}

impl StopPress {
    /// Takes the press back, if it has not happened yet.
    ///
    /// ```
    /// use lesson_support::{press_stop_after, sleep};
    /// use std::time::Duration;
    ///
    /// press_stop_after(Duration::from_millis(300)).cancel();
    /// sleep(Duration::from_millis(400)); // undisturbed
    /// ```
    pub fn cancel(&self) {
        *self.shared.cancelled.lock() = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    /// Waits until `due`; `false` when cancelled before.
    fn wait_until(&self, due: Instant) -> bool {
        let mut cancelled = self.cancelled.lock();
        let is_open = |cancelled: &mut bool| !*cancelled;
        self.changed.wait_while_until(&mut cancelled, is_open, due);
        !*cancelled
    }
}

impl fmt::Debug for StopPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<a press of the stop button>")
    }
}
