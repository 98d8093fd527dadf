//! The exercises of lesson 2: each fails as it is given to the learner, and its solution passes.
//! Other wrong answers get a reason of their own.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lesson_support::check::{self, Account, Printer, Report};
use lesson_support::{KeyboardInterrupt, Lock, press_stop_after};

use crate::deadline::{AGES, in_background, on_thread, until};

/// The report, which says the same each time and comes in time.
#[track_caller]
fn report(check: impl FnOnce() -> Report + Send + 'static) -> String {
    on_thread("learner", check).to_string()
}

#[track_caller]
fn passes(check: impl FnOnce() -> Report + Send + 'static) {
    let report = on_thread("learner", check);
    assert!(report.passed, "{report}");
    assert!(report.to_string().starts_with("✓ "), "{report}");
}

// (a) Predictions.

#[test]
fn guards_as_given_lacks_predictions() {
    assert_eq!(
        report(|| check::guards([None; 6])),
        "not yet: no prediction for 1, 2, 3, 4, 5, 6"
    );
}

#[test]
fn guards_solved_passes() {
    passes(|| check::guards([true, true, false, false, false, true].map(Some)));
}

#[test]
fn guards_names_the_wrong_predictions_and_not_the_answer() {
    assert_eq!(
        report(|| check::guards([false, true, false, false, true, true].map(Some))),
        "not yet: 4 of 6 are right; look at 1, 5 again"
    );
}

// (b) Two accounts, one lock.

fn transfer_as_given(from: &Account, to: &Account, coins: u32, _pair: &Lock) {
    let (left, right) = (from.load(), to.load());
    from.store(left - coins);
    to.store(right + coins);
}

fn transfer_solved(from: &Account, to: &Account, coins: u32, pair: &Lock) {
    let _held = pair.hold();
    let (left, right) = (from.load(), to.load());
    from.store(left - coins);
    to.store(right + coins);
}

#[test]
fn transfer_as_given_touches_the_accounts_without_the_lock() {
    assert_eq!(
        report(|| check::transfer(transfer_as_given)),
        "not yet: an account was read or written by a thread that did not hold the lock: it has \
         to be held from before the first read until after the last write"
    );
}

#[test]
fn transfer_solved_passes() {
    passes(|| check::transfer(transfer_solved));
}

#[test]
fn transfer_with_a_lock_by_hand_passes() {
    passes(|| {
        check::transfer(|from, to, coins, pair| {
            assert!(pair.acquire());
            from.store(from.load() - coins);
            to.store(to.load() + coins);
            pair.release();
        })
    });
}

#[test]
fn transfer_that_reads_before_it_locks_is_caught() {
    let text = report(|| {
        check::transfer(|from, to, coins, pair| {
            let (left, right) = (from.load(), to.load());
            let _held = pair.hold();
            from.store(left - coins);
            to.store(right + coins);
        })
    });
    assert!(text.contains("did not hold the lock"), "{text}");
}

#[test]
fn transfer_that_lets_go_between_read_and_write_is_caught() {
    let text = report(|| {
        check::transfer(|from, to, coins, pair| {
            let (left, right) = {
                let _held = pair.hold();
                (from.load(), to.load())
            };
            let _held = pair.hold();
            from.store(left - coins);
            to.store(right + coins);
        })
    });
    assert!(
        text.contains("two transfers were under way at once"),
        "{text}"
    );
}

#[test]
fn transfer_that_moves_nothing_is_caught() {
    let text = report(|| check::transfer(|_, _, _, _| {}));
    assert_eq!(text, "not yet: no account was read or written");
}

#[test]
fn transfer_that_only_takes_is_caught() {
    let text = report(|| {
        check::transfer(|from, _, coins, pair| {
            let _held = pair.hold();
            from.store(from.load() - coins);
        })
    });
    assert!(
        text.contains("without having written both accounts"),
        "{text}"
    );
}

#[test]
fn transfer_of_a_wrong_amount_is_caught() {
    let text = report(|| {
        check::transfer(|from, to, _, pair| {
            let _held = pair.hold();
            from.store(from.load() - 1);
            to.store(to.load() + 1);
        })
    });
    assert!(
        text.contains("the accounts should hold 9900 and 10100"),
        "{text}"
    );
}

#[test]
fn transfer_that_makes_coins_is_caught() {
    let text = report(|| {
        check::transfer(|from, to, coins, pair| {
            let _held = pair.hold();
            from.store(from.load() - coins);
            to.store(to.load() + 2 * coins);
        })
    });
    assert!(text.starts_with("not yet: "), "{text}");
}

#[test]
fn transfer_that_panics_gives_its_message() {
    let text = report(|| check::transfer(|_, _, _, _| panic!("the bank is shut")));
    assert_eq!(text, "not yet: a transfer panicked: the bank is shut");
}

#[test]
fn transfer_that_panics_while_it_holds_the_lock_gives_its_message() {
    let text = report(|| {
        check::transfer(|_, _, _, pair| {
            assert!(pair.acquire());
            panic!("the bank is shut");
        })
    });
    assert_eq!(text, "not yet: a transfer panicked: the bank is shut");
}

#[test]
fn transfer_that_never_releases_is_given_up_and_its_threads_are_ended() {
    let alive = Arc::new(());
    let seen = Arc::downgrade(&alive);
    let text = report(move || {
        check::transfer(move |from, to, coins, pair| {
            let _alive = &alive;
            assert!(pair.acquire());
            from.store(from.load() - coins);
            to.store(to.load() + coins);
        })
    });
    assert!(
        text.starts_with("not yet: after 10 s, ") && text.contains("the lock"),
        "{text}"
    );
    until("the tellers have ended", || seen.upgrade().is_none());
}

#[test]
fn a_stop_ends_a_check() {
    let learner = in_background("learner", || {
        press_stop_after(Duration::from_millis(50));
        check::transfer(|_, _, _, _| lesson_support::sleep(AGES))
    });
    let unwound = learner.outcome().expect_err("it was stopped");
    assert!(unwound.is::<KeyboardInterrupt>());
}

// (c) A shorter critical section.

fn sell_ticket_as_given(sold: &Mutex<u32>, printer: &Printer) {
    let mut sold = sold.lock().unwrap();
    *sold += 1;
    printer.print();
}

fn sell_ticket_solved(sold: &Mutex<u32>, printer: &Printer) {
    *sold.lock().unwrap() += 1;
    printer.print();
}

#[test]
fn box_office_as_given_prints_one_at_a_time() {
    assert_eq!(
        report(|| check::box_office(sell_ticket_as_given)),
        "not yet: the printers work one at a time: each waits for a guard that lives while \
         another prints"
    );
}

#[test]
fn box_office_solved_passes() {
    passes(|| check::box_office(sell_ticket_solved));
}

#[test]
fn box_office_with_a_dropped_guard_or_a_block_passes() {
    passes(|| {
        check::box_office(|sold, printer| {
            let mut guard = sold.lock().unwrap();
            *guard += 1;
            drop(guard);
            printer.print();
        })
    });
    passes(|| {
        check::box_office(|sold, printer| {
            {
                let mut sold = sold.lock().unwrap();
                *sold += 1;
            }
            printer.print();
        })
    });
}

#[test]
fn box_office_without_tickets_is_caught() {
    let text = report(|| check::box_office(|sold, _| *sold.lock().unwrap() += 1));
    assert_eq!(text, "not yet: 30 tickets to print, and 0 were printed");
}

#[test]
fn box_office_that_writes_what_it_saw_before_printing_is_caught() {
    let text = report(|| {
        check::box_office(|sold, printer| {
            let seen = *sold.lock().unwrap();
            printer.print();
            *sold.lock().unwrap() = seen + 1;
        })
    });
    assert_eq!(text, "not yet: some of the 30 tickets were not counted");
}

#[test]
fn box_office_that_panics_gives_its_message() {
    let text = report(|| check::box_office(|_, _| panic!("out of paper")));
    assert_eq!(text, "not yet: selling a ticket panicked: out of paper");
}

// (d) Which lock?

#[test]
fn which_lock_as_given_loses_visitors() {
    let lines = [
        "not yet: 48,185,280 of 63,063,000 schedules lose a visitor: two threads that change the \
         same counter do not take the same lock. For instance:",
        "   Ada                      Bea",
        "1  locks the lock of Ada",
        "2  loads north: 0",
        "3                           locks the lock of Bea",
        "4                           loads north: 0",
        "5  stores north = 1",
        "6  unlocks the lock of Ada",
        "7                           stores north = 1",
        "8                           unlocks the lock of Bea",
        "the end: north = 1",
    ];
    assert_eq!(
        report(|| check::which_lock(|thread, _| format!("the lock of {thread}"))),
        lines.join("\n")
    );
}

#[test]
fn which_lock_solved_passes() {
    passes(|| check::which_lock(|_, counter| format!("the lock of {counter}")));
}

#[test]
fn which_lock_with_one_for_everything_keeps_out_too_many() {
    let text = report(|| check::which_lock(|_, _| "the lock".to_owned()));
    assert_eq!(
        text,
        "not yet: all 24 schedules are right, but who counts in the north keeps out who counts \
         in the south, for no reason"
    );
}

#[test]
fn which_lock_with_one_side_unprotected_is_caught() {
    let text = report(|| {
        check::which_lock(|thread, counter| match counter {
            "north" => "the lock of north".to_owned(),
            _ => format!("the lock of {thread}"),
        })
    });
    assert!(text.contains("schedules lose a visitor"), "{text}");
}

#[test]
fn which_lock_that_panics_gives_its_message() {
    let text = report(|| check::which_lock(|_, _| panic!("no idea")));
    assert_eq!(text, "not yet: the function panicked: no idea");
}

// (e) A mutex after a panic.

fn checked_add_as_given(total: &Mutex<u32>, amount: u32) -> Option<u32> {
    let mut total = total.lock().unwrap();
    *total += amount;
    Some(*total)
}

fn checked_add_solved(total: &Mutex<u32>, amount: u32) -> Option<u32> {
    let mut guard = total.lock().unwrap_or_else(PoisonError::into_inner);
    total.clear_poison();
    *guard = guard.checked_add(amount)?;
    Some(*guard)
}

#[test]
fn checked_add_as_given_panics_at_the_poison() {
    let text = report(|| check::checked_add(checked_add_as_given));
    assert!(
        text.starts_with("not yet: 41 + 1 in a poisoned mutex: it panicked: "),
        "{text}"
    );
    assert!(text.contains("PoisonError"), "{text}");
}

#[test]
fn checked_add_solved_passes() {
    passes(|| check::checked_add(checked_add_solved));
}

#[test]
fn checked_add_that_leaves_the_poison_is_caught() {
    let text = report(|| {
        check::checked_add(|total, amount| {
            let mut guard = total.lock().unwrap_or_else(PoisonError::into_inner);
            *guard = guard.checked_add(amount)?;
            Some(*guard)
        })
    });
    assert_eq!(
        text,
        "not yet: 41 + 1 in a poisoned mutex: the number is right, but the poison is still there"
    );
}

#[test]
fn checked_add_that_refuses_a_poisoned_mutex_is_caught() {
    let text = report(|| {
        check::checked_add(|total, amount| {
            let mut guard = total.lock().ok()?;
            *guard = guard.checked_add(amount)?;
            Some(*guard)
        })
    });
    assert_eq!(
        text,
        "not yet: 41 + 1 in a poisoned mutex: it returned None, not Some(42)"
    );
}

#[test]
fn checked_add_that_wraps_around_is_caught() {
    let text = report(|| {
        check::checked_add(|total, amount| {
            let mut guard = total.lock().unwrap_or_else(PoisonError::into_inner);
            total.clear_poison();
            *guard = guard.wrapping_add(amount);
            Some(*guard)
        })
    });
    assert_eq!(
        text,
        "not yet: a sum beyond u32::MAX in a healthy mutex: it returned Some(0), not None"
    );
}

#[test]
fn a_report_says_the_same_in_each_run() {
    let texts: HashSet<String> = (0..5)
        .flat_map(|_| {
            [
                report(|| check::transfer(transfer_as_given)),
                report(|| check::which_lock(|thread, _| thread.to_owned())),
                report(|| check::box_office(sell_ticket_as_given)),
            ]
        })
        .collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
}

#[test]
fn a_report_survives_json() {
    let report = on_thread("learner", || check::guards([None; 6]));
    let json = serde_json::to_string(&report).expect("plain data");
    assert_eq!(
        serde_json::from_str::<Report>(&json).expect("its own form"),
        report
    );
}
