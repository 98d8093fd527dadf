//! Random schedules of closures, as a learner uses them.

use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::sync::{Arc, Mutex};
use shuttle::thread;

use crate::explore_random::explore_random;

#[test]
fn a_lost_update_is_found_and_found_again() {
    let increment = || {
        let count = Arc::new(AtomicU32::new(0));
        let other = Arc::clone(&count);
        let add = |count: &AtomicU32| {
            let seen = count.load(Ordering::SeqCst);
            count.store(seen + 1, Ordering::SeqCst);
        };
        let ada = thread::spawn(move || add(&other));
        add(&count);
        ada.join().expect("Ada does not panic");
        assert_eq!(count.load(Ordering::SeqCst), 2, "an update is lost");
    };
    let found = explore_random(1_000, increment).unwrap_err();
    assert!(found.to_string().contains("an update is lost"), "{found}");
    assert_eq!(explore_random(1_000, increment), Err(found));
}

#[test]
fn two_increments_under_a_lock_are_right_in_all_that_were_tried() {
    let found = explore_random(200, || {
        let count = Arc::new(Mutex::new(0));
        let other = Arc::clone(&count);
        let ada = thread::spawn(move || *other.lock().expect("no poison") += 1);
        *count.lock().expect("no poison") += 1;
        ada.join().expect("Ada does not panic");
        assert_eq!(*count.lock().expect("no poison"), 2);
    });
    assert_eq!(found, Ok(()));
}

#[test]
fn locks_in_opposite_order_are_found_to_get_stuck() {
    let found = explore_random(1_000, || {
        let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let (first, second) = (Arc::clone(&b), Arc::clone(&a));
        let ada = thread::spawn(move || {
            let _first = first.lock();
            let _second = second.lock();
        });
        {
            let _a = a.lock();
            let _b = b.lock();
        }
        let _ = ada.join();
    });
    assert!(found.unwrap_err().message.contains("deadlock"));
}
