use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

use lesson_support::{Semaphore, press_stop_after};

use crate::deadline::{in_background, on_thread, until};
use crate::stop::stopped;

const BRIEFLY: Duration = Duration::from_millis(10);

#[test]
fn no_more_threads_are_inside_than_there_are_permits() {
    let seats = Semaphore::new("seats", 3);
    let (inside, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (seats, inside, most) = (seats.clone(), Arc::clone(&inside), Arc::clone(&most));
            in_background("guest", move || {
                for _ in 0..10 {
                    let _seat = seats.hold();
                    most.fetch_max(inside.fetch_add(1, SeqCst) + 1, SeqCst);
                    std::thread::yield_now();
                    inside.fetch_sub(1, SeqCst);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.finish());
    assert!((1..=3).contains(&most.load(SeqCst)));
    assert_eq!(seats.available(), 3);
    assert_eq!(format!("{seats:?}"), "<semaphore seats: 3 free>");
}

#[test]
fn a_permit_can_come_from_a_thread_that_had_none() {
    let ready = Semaphore::new("ready", 0);
    assert!(!ready.try_acquire() && !ready.acquire_for(BRIEFLY));
    let there = ready.clone();
    let ada = in_background("Ada", move || there.acquire());
    until("Ada waits", || ready.waiters() == ["Ada"]);
    ready.release();
    assert!(ada.finish());
    assert_eq!(ready.available(), 0);
    assert_eq!(ready.holders(), ["Ada (thread has ended)"]);
}

#[test]
fn each_release_is_one_permit_whoever_holds_them() {
    let seats = Semaphore::new("seats", 1);
    assert!(seats.acquire());
    let there = seats.clone();
    on_thread("Ada", move || there.release());
    assert_eq!(seats.available(), 1);
    seats.release();
    assert_eq!(seats.available(), 2);
}

#[test]
fn a_stopped_wait_leaves_the_queue() {
    let seats = Semaphore::new("seats", 0);
    let there = seats.clone();
    on_thread("Ada", move || {
        stopped(|| {
            press_stop_after(BRIEFLY);
            there.acquire()
        });
    });
    assert!(seats.waiters().is_empty());
    seats.release();
    assert_eq!(seats.available(), 1);
}

#[test]
fn a_guard_whose_permit_somebody_gave_back_does_not_give_it_back_twice() {
    let seats = Semaphore::new("seats", 1);
    let seat = seats.hold();
    seats.release();
    drop(seat);
    assert_eq!(seats.available(), 1);
}

#[test]
fn one_permit_too_many_is_refused_and_costs_none() {
    let seats = Semaphore::new("seats", usize::MAX);
    let adds = std::panic::AssertUnwindSafe(|| seats.release());
    let payload = std::panic::catch_unwind(adds).expect_err("there is no room");
    let message = payload.downcast_ref::<String>().expect("a message");
    assert!(message.starts_with("semaphore seats has "), "{message}");
    assert!(
        message.ends_with(" free permits, and no room for more"),
        "{message}"
    );
    assert_eq!(seats.available(), usize::MAX);
}
