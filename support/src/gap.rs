//! The gap between reading a number and writing it back.

use std::thread;
use std::time::Duration;

/// Passes the time between reading `seen` and writing the number after it, in which other threads
/// get their turn. What they do is overwritten then, unless a lock kept them out.
///
/// Now and then the thread sleeps here, so whoever else counts comes into its gap, on one core
/// and on many, and the loss is no matter of luck. 0 is among the numbers it sleeps at: a thread
/// that counts first is still in its gap when the next one is started.
///
/// Merely yielding would force the same only if it was done at each number, for it returns at once
/// when no one else wants this core; and on a busy machine each yield can cost a time slice of
/// somebody else's, ten thousand of them many seconds.
pub(crate) fn gap(seen: u32) {
    if seen.is_multiple_of(SLEEP_EVERY) {
        thread::sleep(BRIEFLY);
    }
}

/// A thousand increments of one thread make some sixteen sleeps, a few milliseconds.
const SLEEP_EVERY: u32 = 64;

/// Longer than it takes to start a thread.
const BRIEFLY: Duration = Duration::from_micros(100);
