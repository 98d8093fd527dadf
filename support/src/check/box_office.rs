//! A short critical section.

use std::fmt;
use std::sync::{Arc, Mutex, TryLockError};
use std::time::{Duration, Instant};

use crate::check::crew::{self, LIMIT, Ran};
use crate::check::report::Report;
use crate::inside::Inside;
use crate::sleep;

const OFFICES: usize = 10;
const TICKETS: usize = 3;
/// How long a printer that is alone waits for a second one. Long enough for another thread to
/// come, also on a busy machine, if nothing holds it up; and 30 times this is not too long.
const COMPANY: Duration = Duration::from_millis(15);

/// The printers of the exercise of [`box_office`].
pub struct Printer {
    at_work: Inside,
}

impl Printer {
    /// Prints one ticket, which takes some milliseconds.
    pub fn print(&self) {
        let _printing = self.at_work.enter();
        let patience = Instant::now() + COMPANY;
        // Until it is seen that two can work at once. Nothing but a lock could keep them apart.
        while self.at_work.max() < 2 && Instant::now() < patience {
            sleep(Duration::from_micros(500));
        }
        sleep(Duration::from_micros(500));
    }
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<printer: {} at work>", self.at_work.now())
    }
}

/// Checks a function that sells one ticket: it adds one to the number of tickets sold, and has one
/// printed.
///
/// Ten threads sell three tickets each. Done when all are counted and printed, and two printers
/// work at the same time at least once, which they cannot while a guard is held over the printing.
///
/// ```
/// use std::sync::Mutex;
/// use lesson_support::check::{self, Printer};
///
/// // As given to the learner:
/// fn one_at_a_time(sold: &Mutex<u32>, printer: &Printer) {
///     let mut sold = sold.lock().unwrap();
///     *sold += 1;
///     printer.print();
/// }
/// assert!(!check::box_office(one_at_a_time).passed);
///
/// // A solution:
/// fn sell_ticket(sold: &Mutex<u32>, printer: &Printer) {
///     *sold.lock().unwrap() += 1; // the guard without a name ends here
///     printer.print();
/// }
/// let report = check::box_office(sell_ticket);
/// assert!(report.passed, "{report}");
/// ```
pub fn box_office<F>(sell_ticket: F) -> Report
where
    F: Fn(&Mutex<u32>, &Printer) + Send + Sync + 'static,
{
    box_office_within(LIMIT, sell_ticket)
}

fn box_office_within<F>(limit: Duration, sell_ticket: F) -> Report
where
    F: Fn(&Mutex<u32>, &Printer) + Send + Sync + 'static,
{
    let sold = Arc::new(Mutex::new(0_u32));
    let printer = Arc::new(Printer {
        at_work: Inside::new(),
    });
    let work = {
        let (sold, printer) = (Arc::clone(&sold), Arc::clone(&printer));
        move |_: usize, crew: &crew::Shared| {
            for _ in 0..TICKETS {
                if crew.is_over() {
                    return;
                }
                sell_ticket(&sold, &printer);
            }
        }
    };
    match crew::run(&crew::numbered("office", OFFICES), limit, work, || {}) {
        Ran::Panicked(message) => {
            return Report::not_yet(format!("selling a ticket panicked: {message}"));
        }
        Ran::Refused(error) => return Report::not_yet(format!("no thread to be had: {error}")),
        Ran::Stuck => {
            return Report::not_yet(format!(
                "after {} s the tickets are not sold: does a thread lock the mutex again while \
                 its guard lives, or keep a guard for ever?",
                limit.as_secs()
            ));
        }
        Ran::Through => {}
    }

    let tickets = OFFICES * TICKETS;
    let sold = match sold.try_lock() {
        Ok(sold) => *sold as usize,
        Err(TryLockError::Poisoned(poisoned)) => **poisoned.get_ref() as usize,
        Err(TryLockError::WouldBlock) => {
            return Report::not_yet("all offices are shut, and the mutex is still locked");
        }
    };
    let printed = printer.at_work.visits();
    if printed != tickets {
        return Report::not_yet(format!(
            "{tickets} tickets to print, and {printed} were printed"
        ));
    }
    if printer.at_work.max() == 1 {
        return Report::not_yet(
            "the printers work one at a time: each waits for a guard that lives while another \
             prints",
        );
    }
    if sold != tickets {
        return Report::not_yet(format!("some of the {tickets} tickets were not counted"));
    }
    Report::passed(format!(
        "{tickets} tickets counted, and the printers work at the same time"
    ))
}

#[cfg(test)]
mod tests {
    use std::mem;
    use std::time::Duration;

    use super::box_office_within;

    #[test]
    fn an_office_that_waits_for_its_own_guard_is_given_up() {
        let report = box_office_within(Duration::from_secs(1), |sold, printer| {
            let _guard = sold.lock().unwrap();
            printer.print();
            // Where a second `lock()` would wait for ever, and leave threads behind in the test.
            while sold.try_lock().is_err() {
                crate::sleep(Duration::from_millis(1));
            }
        });
        let text = report.to_string();
        assert!(
            text.starts_with("not yet: after 1 s the tickets are not sold"),
            "{text}"
        );
    }

    #[test]
    fn a_guard_that_is_never_dropped_is_noticed() {
        let report = box_office_within(Duration::from_secs(30), |sold, printer| {
            if let Ok(guard) = sold.try_lock() {
                mem::forget(guard);
            }
            printer.print();
        });
        assert_eq!(
            report.to_string(),
            "not yet: all offices are shut, and the mutex is still locked"
        );
    }
}
