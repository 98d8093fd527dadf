//! How long something takes.

use std::time::{Duration, Instant};

/// Runs `work` and returns its value together with the wall-clock time it took.
///
/// ```
/// use lesson_support::{sleep, stopwatch};
/// use std::time::Duration;
///
/// let (value, took) = stopwatch(|| {
///     sleep(Duration::from_millis(10));
///     42
/// });
/// assert_eq!(value, 42);
/// assert!(took >= Duration::from_millis(10));
/// ```
pub fn stopwatch<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let value = work();
    (value, start.elapsed())
}
