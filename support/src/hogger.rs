//! Threads that keep a lock to themselves.

use std::time::Duration;

use crate::lock::Lock;
use crate::sleep::sleep;
use crate::thread::Thread;

/// A thread, not started yet, that acquires `lock`, keeps it for `hold`, and releases it.
///
/// It prints a line before and after it gets the lock, and one before the release. `hold` is a
/// lower bound in wall-clock time: a loaded machine stretches it.
///
/// ```
/// use lesson_support::{Lock, lock_hogger};
/// use std::time::Duration;
///
/// let lock = Lock::new("studio");
/// let ada = lock_hogger("Ada", &lock, Duration::from_millis(10));
/// ada.start();
/// ada.join().unwrap();
/// assert!(!lock.locked());
/// // Ada: wants the studio lock
/// // Ada: has the studio lock and keeps it for 0.01 s
/// // Ada: releases the studio lock
/// ```
pub fn lock_hogger(name: &str, lock: &Lock, hold: Duration) -> Thread<()> {
    let (who, lock) = (name.to_owned(), lock.clone());
    Thread::new(name, move || {
        acquire_and_keep(&who, &lock, hold);
        println!("{who}: releases the {} lock", lock.name());
        lock.release();
    })
}

/// A thread, not started yet, that acquires `lock`, keeps it for `hold`, and panics before it
/// comes to the release. The lock stays held, by a thread that has ended.
///
/// ```
/// use lesson_support::{Lock, faulty_hogger};
/// use std::time::Duration;
///
/// let lock = Lock::new("studio");
/// let ada = faulty_hogger("Ada", &lock, Duration::from_millis(10));
/// ada.start();
/// assert!(ada.join().is_err());
/// assert_eq!(lock.holder().unwrap(), "Ada (thread has ended)");
/// ```
pub fn faulty_hogger(name: &str, lock: &Lock, hold: Duration) -> Thread<()> {
    let (who, lock) = (name.to_owned(), lock.clone());
    Thread::new(name, move || {
        acquire_and_keep(&who, &lock, hold);
        panic!(
            "something broke before the {} lock was released",
            lock.name()
        );
    })
}

fn acquire_and_keep(who: &str, lock: &Lock, hold: Duration) {
    let (name, seconds) = (lock.name(), hold.as_secs_f64());
    println!("{who}: wants the {name} lock");
    if lock.acquire() {
        println!("{who}: has the {name} lock and keeps it for {seconds} s");
        sleep(hold);
    }
}
