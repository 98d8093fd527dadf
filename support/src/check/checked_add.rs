//! A mutex after a panic.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use parking_lot::Mutex as Cell;

use crate::check::crew::{self, LIMIT, Ran};
use crate::check::report::Report;

/// Checks a function that adds to a number in a mutex, and goes on doing so after a panic has
/// poisoned the mutex.
///
/// It is to return the new sum; or nothing, with the number left as it was, when the sum does not
/// fit into a `u32`. Done when it does so with a healthy mutex and with a poisoned one, and leaves
/// the mutex free and without poison each time.
///
/// ```
/// use std::sync::{Mutex, PoisonError};
/// use lesson_support::check;
///
/// // As given to the learner:
/// fn gives_up(total: &Mutex<u32>, amount: u32) -> Option<u32> {
///     let mut total = total.lock().unwrap();
///     *total += amount;
///     Some(*total)
/// }
/// assert!(!check::checked_add(gives_up).passed);
///
/// // A solution:
/// fn checked_add(total: &Mutex<u32>, amount: u32) -> Option<u32> {
///     let mut guard = total.lock().unwrap_or_else(PoisonError::into_inner);
///     total.clear_poison();
///     *guard = guard.checked_add(amount)?;
///     Some(*guard)
/// }
/// let report = check::checked_add(checked_add);
/// assert!(report.passed, "{report}");
/// ```
pub fn checked_add<F>(checked_add: F) -> Report
where
    F: Fn(&Mutex<u32>, u32) -> Option<u32> + Send + Sync + 'static,
{
    let checked_add = Arc::new(checked_add);
    for case in CASES {
        let total = Arc::new(Mutex::new(case.before));
        if case.poisoned {
            poison(&total);
        }
        let returned = Arc::new(Cell::new(None));
        let work = {
            let (total, returned) = (Arc::clone(&total), Arc::clone(&returned));
            let checked_add = Arc::clone(&checked_add);
            move |_: usize, _: &crew::Shared| {
                *returned.lock() = checked_add(&total, case.amount);
            }
        };
        let ran = crew::run(&["adder".to_owned()], LIMIT, work, || {});
        let returned = *returned.lock();
        if let Err(reason) = case.judge(ran, returned, &total) {
            return Report::not_yet(reason);
        }
    }
    Report::passed("sums are right, what does not fit is refused, and poison is taken away")
}

#[derive(Clone, Copy)]
struct Case {
    poisoned: bool,
    before: u32,
    amount: u32,
    sum: Option<u32>,
}

const CASES: [Case; 4] = [
    Case {
        poisoned: false,
        before: 41,
        amount: 1,
        sum: Some(42),
    },
    Case {
        poisoned: true,
        before: 41,
        amount: 1,
        sum: Some(42),
    },
    Case {
        poisoned: false,
        before: u32::MAX,
        amount: 1,
        sum: None,
    },
    Case {
        poisoned: true,
        before: u32::MAX - 1,
        amount: 2,
        sum: None,
    },
];

impl Case {
    fn judge(self, ran: Ran, returned: Option<u32>, total: &Mutex<u32>) -> Result<(), String> {
        let mutex = match self.poisoned {
            true => "a poisoned mutex",
            false => "a healthy mutex",
        };
        let (before, amount) = (self.before, self.amount);
        let what = match before {
            41 => format!("{before} + {amount} in {mutex}"),
            _ => format!("a sum beyond u32::MAX in {mutex}"),
        };
        match ran {
            Ran::Panicked(message) => return Err(format!("{what}: it panicked: {message}")),
            Ran::Refused(error) => return Err(format!("no thread to be had: {error}")),
            Ran::Stuck => {
                return Err(format!(
                    "{what}: it does not come back within {} s; does it lock the mutex twice?",
                    LIMIT.as_secs()
                ));
            }
            Ran::Through => {}
        }
        if returned != self.sum {
            let sum = self.sum;
            return Err(format!("{what}: it returned {returned:?}, not {sum:?}"));
        }
        let after = match total.try_lock() {
            Ok(total) => *total,
            Err(TryLockError::Poisoned(poisoned)) => **poisoned.get_ref(),
            Err(TryLockError::WouldBlock) => return Err(format!("{what}: the mutex stays locked")),
        };
        let wanted = self.sum.unwrap_or(before);
        if after != wanted {
            return Err(format!("{what}: the number is {after} now, not {wanted}"));
        }
        if total.is_poisoned() {
            return Err(format!(
                "{what}: the number is right, but the poison is still there"
            ));
        }
        Ok(())
    }
}

/// Drops a guard in a panic. One that the panic hook does not hear of: nothing is to be printed.
fn poison(total: &Mutex<u32>) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let _guard = total.lock().unwrap_or_else(PoisonError::into_inner);
        resume_unwind(Box::new("poison"));
    }));
}
