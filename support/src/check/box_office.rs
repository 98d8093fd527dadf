//! A short critical section.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
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
/// So long two windows sell at once without a printer that takes time: millions of tickets. Also on one
/// processor, where threads take turns of some milliseconds, some turn ends in the middle of a sale then.
const RUSH: Duration = Duration::from_millis(300);
/// So many are sold at most between two looks at the clock, which take longer than a sale.
const BETWEEN_LOOKS: u32 = 64;

/// The printers of the exercise of [`box_office`].
pub struct Printer {
    at_work: Inside,
    /// Whether it waits for a second one.
    waits: bool,
}

impl Printer {
    /// Prints one ticket, which takes some milliseconds.
    pub fn print(&self) {
        let _printing = self.at_work.enter();
        let patience = Instant::now() + COMPANY;
        // Until it is seen that two can work at once. Nothing but a lock could keep them apart.
        while self.waits && self.at_work.max() < 2 && Instant::now() < patience {
            sleep(Duration::from_micros(500));
        }
        if self.waits {
            sleep(Duration::from_micros(500));
        }
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
/// work at the same time at least once, which they cannot while a guard is held over the printing. Then
/// one thread sells as fast as it can while another counts as well: neither may lose what the other has
/// counted, as it happens where the number is read under one guard and written under another.
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
    let sell_ticket = Arc::new(sell_ticket);
    let sold = Arc::new(Mutex::new(0_u32));
    let printer = Arc::new(Printer {
        at_work: Inside::new(),
        waits: true,
    });
    let work = {
        let sell_ticket = Arc::clone(&sell_ticket);
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
    let ran = crew::run(&crew::numbered("office", OFFICES), limit, work, || {});
    if let Some(report) = not_through(ran, limit) {
        return report;
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
    if let Some(report) = in_a_rush(sell_ticket, limit) {
        return report;
    }
    Report::passed(format!(
        "{tickets} tickets counted, and the printers work at the same time"
    ))
}

fn not_through(ran: Ran, limit: Duration) -> Option<Report> {
    match ran {
        Ran::Panicked(message) => Some(Report::not_yet(format!(
            "selling a ticket panicked: {message}"
        ))),
        Ran::Refused(error) => Some(Report::not_yet(format!("no thread to be had: {error}"))),
        Ran::Stuck => Some(Report::not_yet(format!(
            "after {} s the tickets are not sold: does a thread lock the mutex again while its \
             guard lives, keep a guard for ever, or never come to its end? (`:restart` ends \
             threads that go on)",
            limit.as_secs()
        ))),
        Ran::Through => None,
    }
}

/// Sells while another thread counts under the same mutex; what is wrong, if anything gets lost.
fn in_a_rush<F>(sell_ticket: Arc<F>, limit: Duration) -> Option<Report>
where
    F: Fn(&Mutex<u32>, &Printer) + Send + Sync + 'static,
{
    let sold = Arc::new(Mutex::new(0_u32));
    let sales = Arc::new(AtomicU32::new(0));
    let work = {
        let (sold, sales) = (Arc::clone(&sold), Arc::clone(&sales));
        let printer = Printer {
            at_work: Inside::new(),
            waits: false,
        };
        move |member: usize, crew: &crew::Shared| {
            let until = Instant::now() + RUSH;
            let mut sold_here = 0;
            let mut next_look = 1;
            while Instant::now() < until && !crew.is_over() {
                for _ in 0..next_look {
                    if member == 0 {
                        sell_ticket(&sold, &printer);
                        sold_here += 1;
                    } else if let Ok(mut sold) = sold.try_lock() {
                        // Never asleep, so that it is there when the other lets go in between.
                        *sold += 1;
                        sold_here += 1;
                    }
                }
                // A sale may also be slow.
                next_look = BETWEEN_LOOKS.min(2 * next_look);
            }
            sales.fetch_add(sold_here, Ordering::Relaxed);
        }
    };
    let ran = crew::run(&crew::numbered("window", 2), limit, work, || {});
    if let Some(report) = not_through(ran, limit) {
        return Some(report);
    }
    let counted = *sold.lock().unwrap_or_else(PoisonError::into_inner);
    (counted != sales.load(Ordering::Relaxed)).then(|| {
        Report::not_yet(
            "what another window sells in the middle of a sale is not counted: the number has to be \
             read and written under one and the same guard",
        )
    })
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
    fn half_a_section_is_noticed_though_nothing_is_lost_by_chance() {
        let report = box_office_within(Duration::from_secs(30), |sold, printer| {
            let before = *sold.lock().unwrap();
            *sold.lock().unwrap() = before + 1;
            printer.print();
        });
        let text = report.to_string();
        assert!(
            text.contains("read and written under one and the same guard")
                || text.contains("some of the 30 tickets were not counted"),
            "{text}"
        );
    }

    #[test]
    fn a_slow_sale_is_no_wrong_one() {
        let report = box_office_within(Duration::from_secs(10), |sold, printer| {
            *sold.lock().unwrap() += 1;
            printer.print();
            crate::sleep(Duration::from_millis(100));
        });
        assert!(report.passed, "{report}");
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
