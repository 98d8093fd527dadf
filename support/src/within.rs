//! Work that may take too long.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::KeyboardInterrupt;
use crate::interrupt;
use crate::thread::Thread;
use crate::thread_mark::ThreadMark;
use crate::wait_graph::{self, WaitGraph};
use crate::waiter::{Outcome, Waiter, WhileUnwinding};

/// Runs `work` on a thread of its own, called `work`, and returns its value; or gives up waiting
/// when `limit` of wall-clock time is over, and reports who waits for what at that moment.
///
/// Giving up is all that happens then: the thread runs on, or sits on, since a thread cannot be
/// ended from outside. What it waits for can still be given to it.
///
/// A stop of the cell unwinds with [`KeyboardInterrupt`] and leaves the thread as it is, too.
///
/// ```
/// use lesson_support::{Lock, within};
/// use std::time::Duration;
///
/// let lock = Lock::new("studio");
/// let handle = lock.clone();
/// let soon = within(Duration::from_secs(10), move || handle.acquire());
/// assert_eq!(soon, Ok(true)); // and its thread has ended, without releasing
///
/// let handle = lock.clone();
/// let late = within(Duration::from_millis(20), move || handle.acquire()).unwrap_err();
/// assert_eq!(
///     late.to_string(),
///     "not done within 0.02 s: work waits for studio, held by work (thread has ended)"
/// );
/// ```
///
/// # Errors
/// [`TimedOut`] when the time is over first. Also when this thread is unwinding from a panic
/// already and the cell is stopped, as it must not unwind twice.
///
/// # Panics
/// With the panic of `work`, if that panics in time; and when the operating system refuses another
/// thread.
#[track_caller]
pub fn within<T, F>(limit: Duration, work: F) -> Result<T, TimedOut>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    interrupt::checkpoint();
    let me = ThreadMark::current();
    let waiter = Waiter::new(Arc::clone(&me));
    let outcome: Arc<Mutex<Option<thread::Result<T>>>> = Arc::default();
    let earlier = wait_graph::waits_now();
    let worker = {
        let (outcome, waiter) = (Arc::clone(&outcome), Arc::clone(&waiter));
        Thread::new("work", move || {
            let result = catch_unwind(AssertUnwindSafe(work));
            let mark = ThreadMark::current();
            if result
                .as_ref()
                .is_err_and(|payload| !payload.is::<KeyboardInterrupt>())
            {
                mark.panic();
            }
            // Before anyone can know that the work is done: a lock that it left held must say
            // that its holder has ended.
            mark.end();
            *outcome.lock() = Some(result);
            waiter.ring();
        })
    };
    worker.start();
    // Further off than the clock can count is for ever.
    let deadline = Instant::now().checked_add(limit);
    let waited = waiter.wait(deadline, WhileUnwinding::GiveUp);
    if waited == Outcome::Stopped {
        interrupt::unwind(&me);
    }
    // Looked at in any case: the work may have been done in the last moment.
    let outcome = outcome.lock().take();
    match outcome {
        Some(Ok(value)) => Ok(value),
        Some(Err(payload)) => resume_unwind(payload),
        None => Err(TimedOut {
            limit,
            graph: WaitGraph::since(&earlier),
        }),
    }
}

/// [`within`] gave up waiting.
///
/// Says who waits for what, as far as this crate knows: it knows its own locks and the like, and
/// not those of `std`. Threads that waited already when `within` began are left out.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct TimedOut {
    /// How long it waited.
    pub limit: Duration,
    /// Who waited for whom at the end.
    pub graph: WaitGraph,
}

impl fmt::Display for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not done within {} s", self.limit.as_secs_f64())?;
        if !self.graph.waits.is_empty() {
            // On one line, since it mostly stands in an `Err(…)`.
            let lines = self.graph.to_string();
            let lines: Vec<&str> = lines.lines().collect();
            write!(f, ": {}", lines.join(" · "))?;
        }
        Ok(())
    }
}

/// The same as the text, for a `Result` at the end of a cell.
impl fmt::Debug for TimedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for TimedOut {}
