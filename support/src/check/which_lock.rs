//! Which lock guards which data.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::check::crew::{self, LIMIT, Ran};
use crate::check::report::Report;
use crate::explorer::{Program, SEEN, Steps, in_groups};
use crate::inside::Inside;
use crate::panicked::{NO_MESSAGE, message_of};
use crate::{Lock, sleep};

/// Each door counts its visitors in the counter of its side.
const DOORS: [(&str, &str); 4] = [
    ("Ada", "north"),
    ("Bea", "north"),
    ("Cy", "south"),
    ("Dee", "south"),
];

/// How long somebody inside waits for somebody of the other side to come in, too. If nothing keeps
/// them out, they come within a millisecond; the longest such wait is paid only by a wrong answer.
const COMPANY: Duration = Duration::from_millis(300);

/// Checks which lock each of four threads takes, who count visitors in two counters: Ada and Bea
/// in `north`, Cy and Dee in `south`.
///
/// The function is given the name of the thread and of its counter, and returns the name of the
/// lock which the thread takes. Done when no schedule of all of them loses a visitor, and yet the
/// two counters can be worked on at the same time.
///
/// ```
/// use lesson_support::check;
///
/// // As given to the learner: a lock for each thread keeps nobody out.
/// let report = check::which_lock(|thread, _counter| format!("the lock of {thread}"));
/// assert!(!report.passed);
///
/// // The other mistake: one lock for everything is right, and slower than need be.
/// let report = check::which_lock(|_thread, _counter| "the lock".to_string());
/// assert!(!report.passed);
///
/// // The solution: a lock for each counter.
/// let report = check::which_lock(|_thread, counter| format!("the lock of {counter}"));
/// assert!(report.passed, "{report}");
/// ```
pub fn which_lock<F>(lock_of: F) -> Report
where
    F: Fn(&str, &str) -> String,
{
    // Asked once only: what is judged is a table, not a mood.
    let table = catch_unwind(AssertUnwindSafe(|| {
        DOORS.map(|(door, counter)| lock_of(door, counter))
    }));
    let table = match table {
        Ok(table) => table,
        Err(payload) if payload.is::<crate::KeyboardInterrupt>() => {
            std::panic::resume_unwind(payload)
        }
        Err(payload) => {
            let message = message_of(payload.as_ref()).unwrap_or(NO_MESSAGE);
            return Report::not_yet(format!("the function panicked: {message}"));
        }
    };

    let all = program(&table, |_| true);
    let found = match all.try_explore() {
        Ok(found) => found,
        Err(too_many) => return Report::not_yet(too_many.to_string()),
    };
    if !found.all_right() {
        // Told by the two threads alone whose locks differ: four columns are no explanation.
        let sides = ["north", "south"].map(|side| program(&table, |counter| counter == side));
        let example = sides
            .iter()
            .find_map(|side| side.try_explore().ok()?.first_bad);
        let example = example.map_or(String::new(), |bad| format!(". For instance:\n{bad}"));
        return Report::not_yet(format!(
            "{} of {} schedules lose a visitor: two threads that change the same counter do not \
             take the same lock{example}",
            in_groups(found.wrong()),
            in_groups(found.schedules)
        ));
    }
    let schedules = in_groups(found.schedules);
    match sides_can_overlap(table) {
        Ok(true) => Report::passed(format!(
            "all {schedules} schedules are right, and the two counters can be worked on at the \
             same time"
        )),
        Ok(false) => Report::not_yet(format!(
            "all {schedules} schedules are right, but who counts in the north keeps out who \
             counts in the south, for no reason"
        )),
        Err(reason) => Report::not_yet(reason),
    }
}

/// The threads of some of the counters, with the locks of the table.
fn program(table: &[String; 4], is_meant: impl Fn(&str) -> bool) -> Program {
    let doors = DOORS.iter().zip(table);
    let meant = doors.filter(|((_, counter), _)| is_meant(counter));
    Program::of(meant.map(|(&(door, counter), lock)| {
        Steps::of(door)
            .lock(lock)
            .load(counter)
            .store(counter, SEEN + 1)
            .unlock(lock)
    }))
}

/// Lets four threads take the locks for real. Whoever is inside waits for somebody of the other
/// side.
fn sides_can_overlap(table: [String; 4]) -> Result<bool, String> {
    let locks: HashMap<String, Lock> = table
        .iter()
        .map(|name| (name.clone(), Lock::new(name)))
        .collect();
    let sides = Inside::new();
    let names: Vec<String> = DOORS.iter().map(|(door, _)| door.to_string()).collect();
    let work = {
        let sides = sides.clone();
        let table = Arc::new(table);
        move |door: usize, _: &crew::Shared| {
            let _held = locks[&table[door]].hold();
            // No two of one side are ever in here: all schedules were right.
            let _visit = sides.enter();
            let patience = Instant::now() + COMPANY;
            while sides.max() < 2 && Instant::now() < patience {
                sleep(Duration::from_micros(200));
            }
        }
    };
    match crew::run(&names, LIMIT, work, || {}) {
        Ran::Through => Ok(sides.max() > 1),
        Ran::Panicked(message) => Err(format!("a door panicked: {message}")),
        Ran::Refused(error) => Err(format!("no thread to be had: {error}")),
        Ran::Stuck => Err(format!("after {} s the doors are stuck", LIMIT.as_secs())),
    }
}
