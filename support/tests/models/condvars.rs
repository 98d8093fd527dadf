//! The condition variable: a notification behind the release is not lost.

use std::sync::Arc;

use shuttle::thread;

use crate::condvar::Condvar;
use crate::mutex::Mutex;
use crate::run::{fails_with, holds};
use crate::sync::Fault;

fn a_message_comes_through() {
    let ready = Arc::new(Mutex::named("ready", 0));
    let bell = Condvar::new("bell");
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let (ready, bell) = (Arc::clone(&ready), bell.clone());
            thread::spawn(move || {
                let mut left = bell.wait_while(ready.lock(), |ready| *ready == 0);
                *left -= 1;
            })
        })
        .collect();
    for _ in 0..2 {
        *ready.lock() += 1;
        bell.notify_one();
    }
    waiting
        .into_iter()
        .for_each(|thread| thread.join().expect("no thread panics"));
    assert_eq!(*ready.lock(), 0);
}

#[test]
fn no_notification_behind_the_release_is_lost() {
    holds(a_message_comes_through);
}

#[test]
fn a_condvar_whose_sleep_is_torn_loses_a_notification() {
    fails_with(Fault::TornSleep, a_message_comes_through, &["deadlock"]);
}

#[test]
fn a_condvar_whose_notifications_get_lost_leaves_somebody_waiting() {
    fails_with(
        Fault::LostNotification,
        a_message_comes_through,
        &["deadlock"],
    );
}
