use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};
use std::time::Duration;

use lesson_support::{EventKind, Mutex, MutexGuard, RawMutex, Thread, press_stop_after};

use crate::deadline::{in_background, on_thread, until};
use crate::stop::stopped;

const BRIEFLY: Duration = Duration::from_millis(10);

/// A mutex without a name, in a place where only constants can be made.
static TOTAL: Mutex<u32> = Mutex::new(0);

#[test]
fn four_threads_lose_no_update() {
    let total = Arc::new(Mutex::new(0));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let total = Arc::clone(&total);
            in_background("counting", move || {
                for _ in 0..500 {
                    let mut total = total.lock();
                    let seen = *total;
                    std::thread::yield_now();
                    *total = seen + 1;
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.finish());
    assert_eq!(*total.lock(), 2_000);
}

#[test]
fn a_static_one_names_itself_and_stays_the_same() {
    *TOTAL.lock() += 1;
    assert!(TOTAL.name().starts_with("mutex "), "{}", TOTAL.name());
    assert_eq!(TOTAL.name(), TOTAL.name());
    assert_eq!(*TOTAL.lock(), 1);
}

#[test]
fn it_tells_who_holds_it_since_when_and_who_waits() {
    let till = Arc::new(Mutex::named("till", 0));
    assert_eq!(format!("{till:?}"), "<mutex till: free>");
    on_thread("Ada", move || {
        let guard = till.lock();
        let there = Arc::clone(&till);
        let bea = in_background("Bea", move || *there.lock() += 1);
        until("Bea waits", || till.waiters() == ["Bea"]);
        let text = format!("{till:?}");
        assert!(
            text.starts_with("<mutex till: held by Ada for 0."),
            "{text}"
        );
        assert!(text.ends_with(" s, waiting: Bea>"), "{text}");
        assert_eq!(till.holder().as_deref(), Some("Ada"));
        drop(guard);
        bea.finish();
        assert_eq!(*till.lock(), 1);
    });
}

#[test]
fn a_wait_has_a_limit_and_a_try_has_none_at_all() {
    let till = Mutex::new(0);
    let _guard = till.lock();
    assert!(till.try_lock().is_none());
    assert!(till.try_lock_for(BRIEFLY).is_none());
    assert!(till.is_locked() && till.waiters().is_empty());
}

#[test]
fn a_stopped_wait_unwinds_and_leaves_the_data_alone() {
    let till = Arc::new(Mutex::named("till", 7));
    let held = Arc::clone(&till);
    let guard = held.lock();
    let there = Arc::clone(&till);
    on_thread("Bea", move || {
        stopped(|| {
            press_stop_after(BRIEFLY);
            *there.lock() = 0;
        });
    });
    assert!(till.waiters().is_empty());
    drop(guard);
    assert_eq!(*till.lock(), 7);
}

/// Beside `std`, whose mutex is poisoned then.
#[test]
fn a_panic_frees_it_without_a_mark() {
    let till = Mutex::new(0);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        *till.lock() = 6;
        let _guard = till.lock();
        panic!("a string broke");
    }));
    assert!(outcome.is_err());
    assert_eq!(*till.lock(), 6);
    let kinds: Vec<EventKind> = till.timeline().events.into_iter().map(|e| e.kind).collect();
    assert!(kinds.contains(&EventKind::Panics), "{kinds:?}");

    let poisoned = std::sync::Mutex::new(0);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let _guard = poisoned.lock();
        panic!("a string broke");
    }));
    assert!(outcome.is_err() && poisoned.is_poisoned());
}

#[test]
fn it_goes_to_whoever_asked_first() {
    let queue = Arc::new(Mutex::named("queue", Vec::new()));
    let guard = queue.lock();
    let threads: Vec<_> = ["Ada", "Bea", "Cy"]
        .into_iter()
        .enumerate()
        .map(|(index, name)| {
            let there = Arc::clone(&queue);
            let thread = in_background(name, move || there.lock().push(name));
            until("it waits", || queue.waiters().len() == index + 1);
            thread
        })
        .collect();
    drop(guard);
    threads.into_iter().for_each(|thread| thread.finish());
    assert_eq!(*queue.lock(), ["Ada", "Bea", "Cy"]);
}

#[test]
fn its_raw_lock_fits_other_types_of_lock_api() {
    let till = lock_api::Mutex::from_raw(RawMutex::named("till"), (1, 2));
    let second = MutexGuard::map(till.lock(), |pair| &mut pair.1);
    assert_eq!(*second, 2);
    assert!(till.is_locked());
    drop(second);
    assert!(!till.is_locked());
}

#[test]
fn the_value_comes_out_and_can_be_changed_without_waiting() {
    let mut till = Mutex::from(3);
    *till.get_mut() += 1;
    assert_eq!(till.into_inner(), 4);
    assert_eq!(*Mutex::<u32>::default().lock(), 0);
}

#[test]
fn its_timeline_has_one_holder_at_a_time() {
    let till = Arc::new(Mutex::named("till", 0));
    let meet = Arc::new(Barrier::new(3));
    let threads = ["Ada", "Bea", "Cy"].map(|name| {
        let (till, meet) = (Arc::clone(&till), Arc::clone(&meet));
        let thread = Thread::new(name, move || {
            meet.wait();
            for _ in 0..20 {
                *till.lock() += 1;
            }
        });
        thread.start();
        thread
    });
    threads.iter().for_each(|thread| thread.join().unwrap());
    let mut holder = None;
    for event in till.timeline().events {
        match event.kind {
            EventKind::Gets { shared, .. } => {
                assert!(!shared);
                assert_eq!(holder.replace(event.lane), None);
            }
            EventKind::Releases { .. } => assert_eq!(holder.take(), Some(event.lane)),
            _ => {}
        }
    }
    assert_eq!(*till.lock(), 60);
}
