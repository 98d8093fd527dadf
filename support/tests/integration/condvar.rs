use std::sync::Arc;
use std::time::Duration;

use lesson_support::{Condvar, EventKind, Mutex, Thread, press_stop_after, record};

use crate::deadline::{PLENTY, in_background, on_thread, until};
use crate::stop::stopped;

const BRIEFLY: Duration = Duration::from_millis(10);

fn room() -> (Arc<Mutex<u32>>, Condvar) {
    (Arc::new(Mutex::named("board", 0)), Condvar::new("bell"))
}

/// The twin of the next one: a notification that comes before the wait is lost.
#[test]
fn a_notification_before_the_wait_is_lost() {
    let (board, bell) = room();
    bell.notify_one();
    let (_guard, result) = bell.wait_timeout(board.lock(), BRIEFLY);
    assert!(result.timed_out());
}

#[test]
fn a_condition_that_holds_already_needs_no_notification() {
    let (board, bell) = room();
    *board.lock() = 1;
    bell.notify_one();
    let guard = bell.wait_while(board.lock(), |board| *board == 0);
    assert_eq!(*guard, 1);
}

#[test]
fn the_mutex_is_free_during_the_wait_and_held_behind_it() {
    let (board, bell) = room();
    let (there, rings) = (Arc::clone(&board), bell.clone());
    let ada = in_background("Ada", move || {
        let guard = rings.wait_while(there.lock(), |board| *board == 0);
        (*guard, there.holder())
    });
    until("Ada waits", || bell.waiters() == ["Ada"]);
    *board.try_lock().expect("free, as Ada waits") = 5;
    assert_eq!(format!("{bell:?}"), "<condvar bell: waiting: Ada>");
    bell.notify_one();
    assert_eq!(ada.finish(), (5, Some("Ada".to_owned())));
    assert_eq!(format!("{bell:?}"), "<condvar bell: nobody waits>");
}

#[test]
fn one_notification_wakes_the_first_and_all_wakes_all() {
    let (board, bell) = room();
    let threads: Vec<_> = ["Ada", "Bea", "Cy"]
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let (there, rings) = (Arc::clone(&board), bell.clone());
            let thread = in_background(name, move || drop(rings.wait(there.lock())));
            until("it waits", || bell.waiters().len() == index + 1);
            thread
        })
        .collect();
    bell.notify_one();
    assert_eq!(bell.waiters(), ["Bea", "Cy"]);
    bell.notify_all();
    assert!(bell.waiters().is_empty());
    threads.into_iter().for_each(|thread| thread.finish());
}

#[test]
fn a_stopped_wait_unwinds_with_the_mutex_free() {
    let (board, bell) = room();
    let (there, rings) = (Arc::clone(&board), bell.clone());
    on_thread("Ada", move || {
        stopped(|| {
            press_stop_after(BRIEFLY);
            drop(rings.wait(there.lock()));
        });
    });
    assert!(!board.is_locked() && bell.waiters().is_empty());
}

#[test]
fn a_limit_counts_only_while_the_condition_holds() {
    let (board, bell) = room();
    let (guard, result) = bell.wait_timeout_while(board.lock(), BRIEFLY, |board| *board == 0);
    assert!(result.timed_out());
    drop(guard);
    *board.lock() = 1;
    let (_guard, result) = bell.wait_timeout_while(board.lock(), BRIEFLY, |board| *board == 0);
    assert!(!result.timed_out());
}

#[test]
fn wait_and_notification_are_in_the_timeline() {
    let timeline = record(|| {
        let (board, bell) = room();
        let (there, rings) = (Arc::clone(&board), bell.clone());
        let ada = Thread::new("Ada at the bell", move || {
            drop(rings.wait_while(there.lock(), |board| *board == 0));
        });
        ada.start();
        until("Ada waits", || !bell.waiters().is_empty());
        *board.lock() = 1;
        bell.notify_one();
        ada.join().expect("Ada does not panic");
    });
    let ada = timeline
        .lanes
        .iter()
        .position(|lane| lane == "Ada at the bell");
    let own = timeline
        .events
        .iter()
        .filter(|event| Some(event.lane) == ada);
    let kinds: Vec<&EventKind> = own.map(|event| &event.kind).collect();
    assert!(
        matches!(
            kinds[..],
            [
                EventKind::Starts,
                EventKind::Asks { .. },
                EventKind::Gets { .. },
                EventKind::Waits,
                EventKind::Releases { .. },
                EventKind::GoesOn { .. },
                EventKind::Asks { .. },
                EventKind::Gets { .. },
                EventKind::Releases { .. },
                EventKind::Ends,
            ]
        ),
        "{kinds:?}"
    );
    assert!(timeline.to_string().contains(" notifies one at bell"));
}

#[test]
fn a_thousand_turns_lose_no_notification() {
    let (board, bell) = room();
    let (there, rings) = (Arc::clone(&board), bell.clone());
    let ada = in_background("Ada", move || {
        for turn in 0..500 {
            let mut guard = rings.wait_while(there.lock(), |board| *board != 2 * turn + 1);
            *guard += 1;
            rings.notify_one();
        }
    });
    for turn in 0..500 {
        let (mut guard, result) =
            bell.wait_timeout_while(board.lock(), PLENTY, |board| *board != 2 * turn);
        assert!(!result.timed_out(), "turn {turn}");
        *guard += 1;
        drop(guard);
        bell.notify_one();
    }
    ada.finish();
    assert_eq!(*board.lock(), 1_000);
}
