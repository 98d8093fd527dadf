use std::time::Duration;

use lesson_support::{Lock, faulty_hogger, lock_hogger};

use crate::deadline::{AGES, in_background, until, until_queue};

#[test]
fn a_hogger_is_made_and_not_started() {
    let lock = Lock::new("studio");
    let ada = lock_hogger("Ada", &lock, AGES);
    assert!(!ada.is_alive());
    assert!(!lock.locked());
}

/// Broken twin.
#[test]
fn a_faulty_hogger_leaves_the_lock_held() {
    let lock = Lock::new("studio");
    let ada = faulty_hogger("Ada", &lock, Duration::from_millis(5));
    ada.start();
    let failure = ada.join().unwrap_err();
    assert_eq!(
        failure.message(),
        "something broke before the studio lock was released"
    );
    assert!(!lock.acquire_for(Duration::from_millis(10)));
    assert_eq!(lock.holder().unwrap(), "Ada (thread has ended)");
    lock.release();
    assert!(lock.try_acquire());
}

/// Repaired twin.
#[test]
fn a_hogger_releases_after_its_time() {
    let lock = Lock::new("studio");
    let hold = Duration::from_millis(30);
    let ada = lock_hogger("Ada", &lock, hold);
    ada.start();
    ada.join().unwrap();
    assert!(lock.try_acquire());
    let story = lock.timeline();
    let seconds: Vec<f64> = story.events.iter().map(|event| event.seconds).collect();
    assert!(seconds[2] - seconds[1] >= hold.as_secs_f64(), "{story}");
}

#[test]
fn a_hogger_waits_for_a_lock_that_is_held() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let bea = lock_hogger("Bea", &lock, Duration::ZERO);
    bea.start();
    until_queue(&lock, &["Bea"]);
    lock.release();
    in_background("joining", move || bea.join())
        .finish()
        .unwrap();
    until("the lock is free", || !lock.locked());
}
