//! Guards of a lock: whatever goes first, and whoever ends the hold.

use std::mem;
use std::sync::{Arc, Barrier};
use std::thread;

use lesson_support::Lock;

use crate::deadline::{in_background, on_thread, until_queue};

#[test]
fn a_guard_does_not_release_what_others_acquired_since() {
    let lock = Lock::new("studio");
    let held = lock.hold();
    lock.release();
    let handle = lock.clone();
    assert!(on_thread("Bea", move || handle.acquire()));
    drop(held);
    assert_eq!(lock.holder().as_deref(), Some("Bea (thread has ended)"));
}

/// Broken: an unnamed guard is gone before the next statement.
#[test]
fn a_guard_bound_to_nothing_releases_at_once() {
    let lock = Lock::new("studio");
    let _ = lock.hold();
    assert!(!lock.locked());
}

/// Repaired: a name keeps it.
#[test]
fn a_guard_bound_to_a_name_holds_to_the_end_of_the_block() {
    let lock = Lock::new("studio");
    let _held = lock.hold();
    assert!(lock.locked());
}

#[test]
fn a_forgotten_guard_leaves_the_lock_held() {
    let lock = Lock::new("studio");
    mem::forget(lock.hold());
    assert!(lock.locked());
    lock.release();
}

#[test]
fn a_guard_keeps_its_lock_when_all_handles_are_gone() {
    let lock = Lock::new("kept");
    let held = lock.hold();
    let handle = lock.clone();
    drop(lock);
    on_thread("Bea", move || drop(handle));
    assert_eq!(held.lock().name(), "kept");
    assert!(held.lock().locked());
    let again = held.lock().clone();
    drop(held);
    assert!(again.try_acquire());
}

#[test]
fn a_guard_goes_to_another_thread_and_outlives_its_own() {
    let held = on_thread("Ada", || Lock::new("studio").hold());
    assert_eq!(
        format!("{held:?}"),
        "<guard of <lock studio: held by Ada (thread has ended)>>"
    );
    let lock = held.lock().clone();
    on_thread("Bea", move || drop(held));
    assert!(!lock.locked());
}

/// Somebody else ends the hold, everybody else goes, and the guard is the last way to the lock.
#[test]
fn a_guard_that_ends_nothing_is_still_a_way_to_its_lock() {
    let lock = Lock::new("studio");
    let first = lock.hold();
    lock.release();
    drop(lock);
    assert!(!first.lock().locked());
    let second = first.lock().hold();
    drop(first);
    assert!(second.lock().locked(), "the first guard ends nothing");
    let lock = second.lock().clone();
    drop(second);
    assert!(!lock.locked());
}

#[test]
fn a_guard_that_was_waited_for_keeps_its_lock_too() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    let bea = in_background("Bea", move || handle.hold());
    until_queue(&lock, &["Bea"]);
    lock.release();
    drop(lock);
    let held = bea.finish();
    assert!(held.lock().locked());
}

/// Handles, guards and foreign releases in a crowd; a tool that watches memory finds what goes wrong.
#[test]
fn a_crowd_of_guards_and_handles_comes_to_its_end() {
    for _ in 0..300 {
        let lock = Lock::new("studio");
        let start = Arc::new(Barrier::new(3));
        let crowd: Vec<_> = (0..3)
            .map(|number| {
                let (lock, start) = (lock.clone(), Arc::clone(&start));
                in_background("crowd", move || {
                    start.wait();
                    let held = lock.hold();
                    match number {
                        0 => lock.release(),
                        1 => drop(lock),
                        _ => assert!(lock.holder().is_some()),
                    }
                    thread::yield_now();
                    drop(held);
                })
            })
            .collect();
        drop(lock);
        crowd.into_iter().for_each(|thread| thread.finish());
    }
}
