//! Random schedules of real closures, with shuttle.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use shuttle::scheduler::RandomScheduler;
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

/// Runs a closure under so many random schedules, and returns the first failure: a panic, or a
/// deadlock. Only with the feature `shuttle`.
///
/// The closure has to use the threads and locks of [`shuttle`](crate::shuttle), which have the names
/// of those of `std`; it knows nothing of the ones of this crate or of `std`, runs again for each
/// schedule, and has to do the same each time but for the order of steps. The schedules are drawn
/// from seeds 0, 1, 2 and so on, so two runs try the same ones.
///
/// That nothing was found proves little: a bug that needs one order in a million will be missed.
/// [`explore`](crate::explore()) goes through *all* schedules, of step lists. And shuttle takes one
/// step at a time, as if all memory were in order: what `Ordering::Relaxed` allows beyond that, it
/// does not show.
///
/// # Errors
/// With the seed of the first bad schedule, and what went wrong. A closure that takes more than a
/// million steps counts as stuck.
///
/// ```
/// use lesson_support::explore_random;
/// use lesson_support::shuttle::sync::Arc;
/// use lesson_support::shuttle::sync::atomic::{AtomicU32, Ordering::SeqCst};
/// use lesson_support::shuttle::thread;
///
/// let found = explore_random(100, || {
///     let count = Arc::new(AtomicU32::new(0));
///     let other = Arc::clone(&count);
///     let ada = thread::spawn(move || other.store(other.load(SeqCst) + 1, SeqCst));
///     count.store(count.load(SeqCst) + 1, SeqCst);
///     ada.join().unwrap();
///     assert_eq!(count.load(SeqCst), 2, "an update is lost");
/// });
/// assert!(found.unwrap_err().message.contains("an update is lost"));
/// ```
pub fn explore_random(
    schedules: u64,
    work: impl Fn() + Send + Sync + 'static,
) -> Result<(), BadSchedule> {
    let work = Arc::new(work);
    for seed in 0..schedules {
        let work = Arc::clone(&work);
        let mut config = Config::new();
        // We tell of it ourselves.
        config.failure_persistence = FailurePersistence::None;
        config.silence_warnings = true;
        config.stack_size = 1 << 18;
        config.max_steps = MaxSteps::FailAfter(1_000_000);
        let run = move || {
            Runner::new(RandomScheduler::new_from_seed(seed, 1), config).run(move || work())
        };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(run)) {
            return Err(BadSchedule {
                seed,
                message: message_of(payload.as_ref()),
            });
        }
    }
    Ok(())
}

/// What [`explore_random`] found.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadSchedule {
    /// Names the schedule: how many were tried before it without a failure.
    pub seed: u64,
    /// The message of the panic, or who is stuck.
    pub message: String,
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

impl fmt::Display for BadSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "schedule {} goes wrong: {}", self.seed, self.message)
    }
}

/// The same as the text, for a `Result` at the end of a cell.
impl fmt::Debug for BadSchedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for BadSchedule {}
