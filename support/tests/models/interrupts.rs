//! Stops: at whatever moment one comes, the thread unwinds, and the others go on.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::atomic::{AtomicBool, Ordering};
use shuttle::sync::mpsc;
use shuttle::thread;

use crate::KeyboardInterrupt;
use crate::channel::{rendezvous, unbounded};
use crate::condvar::Condvar;
use crate::interrupt;
use crate::lock::Lock;
use crate::mutex::Mutex;
use crate::run::{fails_with, holds};
use crate::sync::Fault;
use crate::thread_mark::ThreadMark;

/// Runs `work` on a thread that is stopped at some moment, and tells whether it unwound.
pub(crate) fn stopped<T>(work: impl FnOnce() -> T + Send + 'static) -> bool {
    let (mark_tx, mark_rx) = mpsc::channel();
    let ada = thread::spawn(move || {
        mark_tx
            .send(ThreadMark::current())
            .expect("the model goes on");
        let outcome = catch_unwind(AssertUnwindSafe(work));
        outcome.is_err_and(|payload| payload.is::<KeyboardInterrupt>())
    });
    let mark = mark_rx.recv().expect("Ada begins");
    // Left to chance alone, it would mostly come before she sleeps.
    for _ in 0..thread_rng().gen_range(0..40) {
        thread::yield_now();
    }
    interrupt::press_stop(&mark);
    ada.join().expect("no thread panics")
}

fn in_the_queue_of_a_lock() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    let bea = thread::spawn(move || {
        assert!(handle.acquire());
        handle.release();
    });
    let handle = lock.clone();
    let other = lock.clone();
    let opener = thread::spawn(move || other.release());
    stopped(move || {
        // Whether it comes before, in the queue, or behind: nothing is left held.
        let _guard = handle.hold();
        interrupt::checkpoint();
    });
    opener.join().expect("no thread panics");
    bea.join().expect("no thread panics");
    assert!(!lock.locked(), "somebody who is gone holds it");
    assert!(lock.waiters().is_empty(), "a ghost waits");
}

#[test]
fn a_stop_in_the_queue_of_a_lock_is_in_order_at_any_moment() {
    holds(in_the_queue_of_a_lock);
}

/// Nobody releases: only the stop can end the wait.
fn of_a_wait_without_end() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    assert!(stopped(move || handle.acquire()), "the stop is lost");
    assert!(lock.waiters().is_empty(), "a ghost waits");
}

#[test]
fn a_stop_is_never_lost() {
    holds(of_a_wait_without_end);
}

#[test]
fn on_torn_sleep_a_stop_gets_lost() {
    fails_with(Fault::TornSleep, of_a_wait_without_end, &["deadlock"]);
}

fn of_a_receiver() {
    let (belt_tx, belt_rx) = unbounded("belt");
    let receiver = belt_rx.clone();
    let sender = thread::spawn(move || belt_tx.send(1).expect("somebody receives"));
    let got = Arc::new(AtomicBool::new(false));
    let there = Arc::clone(&got);
    stopped(move || there.store(receiver.recv().is_ok(), Ordering::SeqCst));
    sender.join().expect("no thread panics");
    // Either the thread has it, or it is still to be had.
    let is_left = belt_rx.try_recv().is_ok();
    assert_ne!(
        got.load(Ordering::SeqCst),
        is_left,
        "the value is lost or doubled"
    );
}

#[test]
fn a_stop_of_a_receiver_loses_no_value() {
    holds(of_a_receiver);
}

#[test]
fn on_torn_sleep_a_stopped_receiver_and_its_sender_miss_each_other() {
    fails_with(Fault::TornSleep, of_a_receiver, &["deadlock"]);
}

/// Nobody sends, nobody receives: only the stop can end the wait.
fn of_channels_without_end() {
    let (belt_tx, belt_rx) = unbounded::<u32>("belt");
    assert!(stopped(move || belt_rx.recv()), "the stop is lost");
    assert!(belt_tx.send(1).is_err(), "a ghost receives");
    let (hand_tx, hand_rx) = rendezvous("hand");
    assert!(stopped(move || hand_tx.send(1)), "the stop is lost");
    assert!(hand_rx.try_recv().is_err(), "a ghost sends");
}

#[test]
fn a_stop_at_a_channel_is_never_lost() {
    holds(of_channels_without_end);
}

#[test]
fn on_torn_sleep_a_stop_at_a_channel_gets_lost() {
    fails_with(Fault::TornSleep, of_channels_without_end, &["deadlock"]);
}

#[test]
fn with_lost_notifications_a_stop_at_a_channel_gets_lost() {
    fails_with(
        Fault::LostNotification,
        of_channels_without_end,
        &["deadlock"],
    );
}

fn of_one_of_two_at_a_condvar() {
    let ready = Arc::new(Mutex::named("ready", false));
    let bell = Condvar::new("bell");
    let waits = |bell: &Condvar| {
        let (ready, bell) = (Arc::clone(&ready), bell.clone());
        move || drop(bell.wait_while(ready.lock(), |ready| !*ready))
    };
    let bea = thread::spawn(waits(&bell));
    let ada = waits(&bell);
    let (there, rings) = (Arc::clone(&ready), bell.clone());
    let opener = thread::spawn(move || {
        *there.lock() = true;
        rings.notify_one();
        rings.notify_one();
    });
    stopped(ada);
    opener.join().expect("no thread panics");
    bea.join().expect("no thread panics");
}

#[test]
fn a_stop_at_a_condvar_leaves_its_notification_to_others() {
    holds(of_one_of_two_at_a_condvar);
}

#[test]
fn on_torn_sleep_a_stop_at_a_condvar_takes_a_notification_along() {
    fails_with(Fault::TornSleep, of_one_of_two_at_a_condvar, &["deadlock"]);
}

/// Nobody notifies. Whoever is stopped has the mutex back before it unwinds, and then releases it.
fn at_a_condvar_without_end() {
    let (ready, bell) = (Arc::new(Mutex::named("ready", 0)), Condvar::new("bell"));
    let (there, rings) = (Arc::clone(&ready), bell.clone());
    assert!(
        stopped(move || drop(rings.wait(there.lock()))),
        "the stop is lost"
    );
    assert!(ready.try_lock().is_some(), "somebody who is gone holds it");
    assert!(bell.waiters().is_empty(), "a ghost waits");
}

#[test]
fn a_stop_at_a_condvar_is_never_lost() {
    holds(at_a_condvar_without_end);
}

#[test]
fn on_torn_sleep_a_stop_at_a_condvar_gets_lost() {
    fails_with(Fault::TornSleep, at_a_condvar_without_end, &["deadlock"]);
}

#[test]
fn with_lost_notifications_a_stop_at_a_condvar_gets_lost() {
    fails_with(
        Fault::LostNotification,
        at_a_condvar_without_end,
        &["deadlock"],
    );
}
