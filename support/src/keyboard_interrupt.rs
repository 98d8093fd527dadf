//! What a stopped cell unwinds with.

use std::error::Error;
use std::fmt;

/// The payload of the unwinding that the stop button starts.
///
/// A blocked call of this crate ([`Lock::acquire`](crate::Lock::acquire),
/// [`Thread::join`](crate::Thread::join), [`sleep`](crate::sleep()) and the like) leaves by
/// [`resume_unwind`](std::panic::resume_unwind) with this value when the cell is stopped. Guards
/// are dropped on the way as in a panic, but no panic message is printed. The kernel reports the
/// cell as `KeyboardInterrupt`, the name that Jupyter users know, and keeps every variable.
///
/// ```
/// use lesson_support::{KeyboardInterrupt, press_stop_after, sleep};
/// use std::time::Duration;
///
/// let stopped = std::panic::catch_unwind(|| {
///     press_stop_after(Duration::from_millis(20));
///     sleep(Duration::from_secs(3600));
/// });
/// assert!(stopped.unwrap_err().is::<KeyboardInterrupt>());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyboardInterrupt;

impl fmt::Display for KeyboardInterrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl Error for KeyboardInterrupt {}
