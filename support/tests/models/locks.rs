//! The lock: its fast path, its queue, and the change between the two.

use std::sync::Arc;
use std::time::Duration;

use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use crate::guards::lock_for_guards;
use crate::lock::Lock;
use crate::mutex::Mutex;
use crate::observed;
use crate::run::{fails_with, holds};
use crate::sync::Fault;
use crate::timeline::EventKind;

fn together(threads: u32, work: impl Fn(u32) + Send + Sync + 'static) {
    let work = Arc::new(work);
    let threads: Vec<_> = (0..threads)
        .map(|number| {
            let work = Arc::clone(&work);
            thread::spawn(move || work(number))
        })
        .collect();
    for thread in threads {
        if let Err(payload) = thread.join() {
            std::panic::resume_unwind(payload);
        }
    }
}

/// Fails if two are inside.
#[derive(Default)]
struct Section(AtomicU32);

impl Section {
    fn visit(&self) {
        assert_eq!(self.0.fetch_add(1, Ordering::SeqCst), 0, "two are inside");
        thread::yield_now();
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn one_at_a_time() {
    let (lock, section) = (Lock::new("studio"), Section::default());
    together(3, move |_| {
        for _ in 0..2 {
            assert!(lock.acquire());
            section.visit();
            lock.release();
        }
    });
}

#[test]
fn a_lock_excludes_and_wakes_everybody() {
    holds(one_at_a_time);
}

/// Other ways are open then: who is called may leave the queue and take the lock at once.
fn unrecorded() {
    observed::switch(false);
    one_at_a_time();
    all_sorts();
}

#[test]
fn a_lock_of_which_nothing_is_recorded_excludes_and_wakes_everybody() {
    holds(unrecorded);
}

/// What a fault below has to break, with holds that are recorded and with such that are not.
const BOTH: [fn(); 2] = [one_at_a_time, unrecorded];

#[test]
fn a_lock_whose_exchange_is_torn_does_not_exclude() {
    let reasons = ["two are inside", "is free", "deadlock", "is left"];
    for model in BOTH {
        fails_with(Fault::TornExchange, model, &reasons);
    }
}

#[test]
fn a_lock_whose_sleep_is_torn_loses_a_wake_up() {
    for model in BOTH {
        fails_with(Fault::TornSleep, model, &["deadlock"]);
    }
}

#[test]
fn a_lock_whose_notifications_get_lost_leaves_somebody_waiting() {
    for model in BOTH {
        fails_with(Fault::LostNotification, model, &["deadlock"]);
    }
}

fn guards_of_a_mutex() {
    let total = Arc::new(Mutex::named("till", 0));
    let seen = Arc::clone(&total);
    together(3, move |_| {
        let mut guard = seen.lock();
        let before = *guard;
        thread::yield_now();
        *guard = before + 1;
    });
    assert_eq!(*total.lock(), 3, "an update is lost");
    assert!(total.try_lock().is_some());
}

#[test]
fn a_mutex_loses_no_update() {
    holds(guards_of_a_mutex);
}

#[test]
fn a_mutex_whose_exchange_is_torn_loses_updates() {
    fails_with(
        Fault::TornExchange,
        guards_of_a_mutex,
        &["an update is lost", "deadlock"],
    );
}

/// Some wait with a limit, some look, somebody releases for somebody else.
fn all_sorts() {
    let (lock, section) = (lock_for_guards(), Arc::new(Section::default()));
    let handle = lock.clone();
    together(4, move |number| match number {
        0 => {
            if handle.acquire_for(Duration::from_millis(1)) {
                section.visit();
                handle.release();
            }
        }
        1 => {
            if handle.try_acquire() {
                section.visit();
                handle.release();
            }
        }
        2 => {
            let _ = (handle.holder(), handle.waiters(), handle.locked());
            let _guard = handle.hold();
            section.visit();
        }
        _ => {
            assert!(handle.acquire());
            section.visit();
            let handle = handle.clone();
            thread::spawn(move || handle.release())
                .join()
                .expect("it is held");
        }
    });
    assert!(!lock.locked(), "nobody is left who would release it");
    assert!(lock.waiters().is_empty());
    assert!(lock.try_acquire());
}

#[test]
fn whoever_gives_up_looks_or_releases_for_others_leaves_the_lock_in_order() {
    holds(all_sorts);
}

#[test]
fn on_torn_exchanges_the_lock_is_not_left_in_order() {
    fails_with(
        Fault::TornExchange,
        all_sorts,
        &[
            "two are inside",
            "is free",
            "deadlock",
            "is left",
            "overflow",
        ],
    );
}

/// Whoever waits is served in the order of asking, whether handed over or called.
fn in_order_of_asking() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let handle = handle.clone();
            thread::spawn(move || {
                assert!(handle.acquire());
                handle.release();
            })
        })
        .collect();
    thread::yield_now();
    lock.release();
    threads
        .into_iter()
        .for_each(|thread| thread.join().expect("no thread panics"));
    assert_in_order(
        &lock
            .timeline()
            .events
            .iter()
            .map(|event| (event.lane, &event.kind))
            .collect::<Vec<_>>(),
    );
}

/// Of those that had to wait, nobody gets it before somebody who asked earlier.
fn assert_in_order(events: &[(usize, &EventKind)]) {
    let mut waiting = Vec::new();
    for (lane, kind) in events {
        match kind {
            EventKind::Asks {
                held_by: Some(_), ..
            } => waiting.push(*lane),
            EventKind::Gets {
                waited_seconds: Some(_),
                ..
            } => {
                assert_eq!(
                    waiting.first(),
                    Some(lane),
                    "somebody was overtaken in the queue"
                );
                waiting.remove(0);
            }
            _ => {}
        }
    }
}

#[test]
fn whoever_waits_is_served_in_order() {
    holds(in_order_of_asking);
}

#[test]
#[should_panic(expected = "somebody was overtaken in the queue")]
fn an_overtaking_would_be_noticed() {
    let asks = EventKind::Asks {
        held_by: Some(0),
        holder_has_ended: false,
    };
    let gets = EventKind::Gets {
        waited_seconds: Some(0.0),
        shared: false,
    };
    assert_in_order(&[(1, &asks), (2, &asks), (2, &gets), (1, &gets)]);
}
