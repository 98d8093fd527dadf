//! Guards of a lock: they own no handle, and yet the lock is there as long as one of them is.

use std::mem::ManuallyDrop;
use std::sync::Arc;

use shuttle::sync::mpsc;
use shuttle::thread;

use crate::held::Held;
use crate::lock::Lock;
use crate::run::{fails_with, holds};
use crate::sync::{Fault, is_faulty};
use crate::watched;

/// On broken ground, guards may end holds that are not theirs, and then there are too few handles.
/// Some more keep memory in order, so that the model fails by what it asserts.
pub(crate) fn lock_for_guards() -> Lock {
    let lock = Lock::new("studio");
    if is_faulty() {
        (0..32).for_each(|_| std::mem::forget(lock.clone()));
    }
    lock
}

/// Drops the guard, if that can be done.
fn end(guard: Held) {
    let guard = ManuallyDrop::new(guard);
    let there = watched::all();
    assert!(!there.is_empty(), "the lock is gone under its guard");
    // On broken ground it may go in this very moment.
    let _kept = is_faulty().then_some(there);
    drop(ManuallyDrop::into_inner(guard));
}

fn assert_gone() {
    assert!(watched::all().is_empty(), "somebody who is gone keeps it");
}

fn handles_go_while_a_guard_is_there() {
    let lock = Lock::new("studio");
    let guard = lock.hold();
    let handle = lock.clone();
    let bea = thread::spawn(move || drop(handle));
    drop(lock);
    end(guard);
    bea.join().expect("no thread panics");
    assert_gone();
}

#[test]
fn a_guard_keeps_its_lock_when_all_handles_go() {
    holds(handles_go_while_a_guard_is_there);
}

#[test]
fn with_stale_looks_a_lock_goes_under_its_guard() {
    fails_with(
        Fault::StaleLook,
        handles_go_while_a_guard_is_there,
        &["the lock is gone under its guard"],
    );
}

fn somebody_else_ends_the_hold() {
    let lock = Lock::new("studio");
    let guard = lock.hold();
    let (released_tx, released_rx) = mpsc::channel();
    let other = lock.clone();
    let bea = thread::spawn(move || {
        other.release();
        released_tx.send(()).expect("the model goes on");
        let own = other.hold();
        drop(other);
        end(own);
    });
    // Counts the hold, or finds that there is none.
    let _ = lock.holder();
    drop(lock);
    released_rx.recv().expect("Bea releases");
    // Ends nothing, or Bea's hold would be over too.
    end(guard);
    bea.join().expect("no thread panics");
    assert_gone();
}

#[test]
fn a_guard_whose_hold_somebody_else_has_ended_keeps_its_lock() {
    holds(somebody_else_ends_the_hold);
}

fn through_a_guard() {
    let lock = Lock::new("studio");
    let first = Arc::new(lock.hold());
    lock.release();
    drop(lock);
    let through = Arc::clone(&first);
    let bea = thread::spawn(move || {
        let second = through.lock().hold();
        drop(through);
        end(second);
    });
    let third = first.lock().hold();
    drop(first);
    end(third);
    bea.join().expect("no thread panics");
    assert_gone();
}

#[test]
fn a_guard_that_was_taken_through_another_one_keeps_its_lock() {
    holds(through_a_guard);
}

/// A stop that comes when the lock has been handed over already: there never is a guard.
fn a_stop_in_the_last_moment() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let (handle, opener) = (lock.clone(), lock.clone());
    let opener = thread::spawn(move || {
        opener.release();
        // Perhaps what has just been handed over.
        if opener.locked() && opener.waiters().is_empty() {
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| opener.release()));
        }
    });
    crate::interrupts::stopped(move || drop(handle.hold()));
    opener.join().expect("no thread panics");
    assert!(!lock.locked(), "somebody who is gone holds it");
    drop(lock);
    assert_gone();
}

#[test]
fn a_stop_leaves_nothing_that_keeps_the_lock() {
    holds(a_stop_in_the_last_moment);
}
