use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use lesson_support::{Mutex, ReentrantMutex, press_stop_after};

use crate::deadline::{in_background, on_thread, until};
use crate::stop::stopped;

const BRIEFLY: Duration = Duration::from_millis(10);

#[test]
fn its_holder_may_lock_it_again_and_releases_it_as_often() {
    let till = Arc::new(ReentrantMutex::named("till", Cell::new(0)));
    let outer = till.lock();
    let inner = till.try_lock().expect("this thread has it");
    inner.set(outer.get() + 1);
    drop(outer);
    let there = Arc::clone(&till);
    let bea = in_background("Bea", move || there.lock().get());
    until("Bea waits", || {
        format!("{till:?}").ends_with(", waiting: Bea>")
    });
    assert_eq!(till.name(), "till");
    assert_eq!(
        till.holder(),
        std::thread::current().name().map(str::to_owned)
    );
    assert_eq!(till.waiters(), ["Bea"]);
    drop(inner);
    assert_eq!(bea.finish(), 1);
    // Once by this thread, whatever it did inside, and once by Bea.
    let timeline = till.timeline().to_string();
    assert_eq!(timeline.matches(" gets till").count(), 2, "{timeline}");
    assert!(!till.is_locked());
    assert_eq!(format!("{till:?}"), "<mutex till: free>");
}

/// The twin: with a plain mutex, the thread would wait for itself.
#[test]
fn a_plain_mutex_is_not_reentrant() {
    let till = Mutex::new(0);
    let _outer = till.lock();
    assert!(till.try_lock_for(BRIEFLY).is_none());
}

#[test]
fn another_thread_waits_can_give_up_and_can_be_stopped() {
    let till = Arc::new(ReentrantMutex::new(7));
    let held = Arc::clone(&till);
    let _guard = held.lock();
    on_thread("Bea", move || {
        assert!(till.try_lock().is_none() && till.try_lock_for(BRIEFLY).is_none());
        stopped(|| {
            press_stop_after(BRIEFLY);
            *till.lock()
        });
    });
    assert_eq!(*held.lock(), 7);
}
