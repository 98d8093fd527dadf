//! How long a guard lives: a set of predictions.

use std::sync::Mutex;

use crate::Lock;
use crate::check::report::Report;

/// Checks six predictions: is the lock held at the place of the comment `here`?
///
/// `studio` is a [`Lock`], `number` a `std::sync::Mutex<u32>` with 1 in it.
///
/// ```text
/// 1   match *number.lock().unwrap() { 1 => { /* here */ } _ => {} }
/// 2   if let 1 = *number.lock().unwrap() { /* here */ }
/// 3   if *number.lock().unwrap() == 1 { /* here */ }
/// 4   let copy = *number.lock().unwrap();  /* here */
/// 5   let _ = studio.hold();               /* here */
/// 6   let _held = studio.hold();           /* here */
/// ```
///
/// The answers come from running exactly these lines. `None` is a prediction not made yet.
///
/// ```
/// use lesson_support::check;
///
/// let report = check::guards([None; 6]);
/// assert_eq!(report.to_string(), "not yet: no prediction for 1, 2, 3, 4, 5, 6");
///
/// let report = check::guards([true, true, false, false, true, true].map(Some));
/// assert_eq!(report.to_string(), "not yet: 5 of 6 are right; look at 5 again");
///
/// let report = check::guards([true, true, false, false, false, true].map(Some));
/// assert!(report.passed, "{report}");
/// ```
pub fn guards(held: [Option<bool>; 6]) -> Report {
    let numbers = |is_meant: &dyn Fn(usize) -> bool| {
        let meant = (0..held.len()).filter(|&n| is_meant(n));
        let meant: Vec<String> = meant.map(|n| (n + 1).to_string()).collect();
        meant.join(", ")
    };
    let open = numbers(&|n| held[n].is_none());
    if !open.is_empty() {
        return Report::not_yet(format!("no prediction for {open}"));
    }
    let facts = facts();
    let wrong = numbers(&|n| held[n] != Some(facts[n]));
    if !wrong.is_empty() {
        let right = (0..held.len()).filter(|&n| held[n] == Some(facts[n]));
        return Report::not_yet(format!(
            "{} of {} are right; look at {wrong} again",
            right.count(),
            held.len()
        ));
    }
    Report::passed(format!("all {} are right", held.len()))
}

/// Whether the lock is held at the places in question.
#[allow(
    clippy::single_match,
    clippy::redundant_pattern_matching,
    clippy::equatable_if_let,
    reason = "the forms are what is being asked about"
)]
fn facts() -> [bool; 6] {
    let studio = Lock::new("studio");
    let number = Mutex::new(1_u32);
    // Nobody else has this mutex, so it is locked if and only if a guard of this thread lives.
    let is_locked = || number.try_lock().is_err();
    let value = || number.lock().expect("nothing here panics");
    let mut facts = [false; 6];

    match *value() {
        1 => facts[0] = is_locked(),
        _ => {}
    }
    if let 1 = *value() {
        facts[1] = is_locked();
    }
    if *value() == 1 {
        facts[2] = is_locked();
    }
    let _copy = *value();
    facts[3] = is_locked();

    let _ = studio.hold();
    facts[4] = studio.locked();
    let _held = studio.hold();
    facts[5] = studio.locked();
    facts
}
