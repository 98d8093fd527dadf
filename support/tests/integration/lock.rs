use std::panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use lesson_support::{Held, Lock, RacyCounter, Thread, Timeline};

use crate::deadline::{AGES, Background, in_background, on_thread, until_queue};

/// Broken: both threads read before either writes.
#[test]
fn two_increments_that_overlap_lose_one() {
    let count = Arc::new(AtomicU32::new(0));
    let both_read = Arc::new(Barrier::new(2));
    let threads = ["Ada", "Bea"].map(|name| {
        let (count, both_read) = (Arc::clone(&count), Arc::clone(&both_read));
        in_background(name, move || {
            let seen = count.load(Relaxed);
            both_read.wait();
            count.store(seen + 1, Relaxed);
        })
    });
    threads.into_iter().for_each(Background::finish);
    assert_eq!(count.load(Relaxed), 1);
}

/// Repaired: the second one comes between read and write, and has to wait there.
#[test]
fn two_increments_under_a_lock_lose_none() {
    let count = Arc::new(AtomicU32::new(0));
    let lock = Lock::new("studio");

    assert!(lock.acquire());
    let seen = count.load(Relaxed);
    let bea = {
        let (count, lock) = (Arc::clone(&count), lock.clone());
        in_background("Bea", move || {
            assert!(lock.acquire());
            count.store(count.load(Relaxed) + 1, Relaxed);
            lock.release();
        })
    };
    until_queue(&lock, &["Bea"]);
    count.store(seen + 1, Relaxed);
    lock.release();

    bea.finish();
    assert_eq!(count.load(Relaxed), 2);
}

#[test]
fn ten_threads_under_one_lock_count_to_ten_thousand() {
    let counter = Arc::new(RacyCounter::new());
    let lock = Lock::new("studio");
    let threads: Vec<_> = (0..10)
        .map(|_| {
            let (counter, lock) = (Arc::clone(&counter), lock.clone());
            in_background("counting", move || {
                for _ in 0..1_000 {
                    assert!(lock.acquire());
                    counter.increment();
                    lock.release();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(Background::finish);
    assert_eq!(counter.value(), 10_000);
}

/// Broken: nothing releases the lock on the way out of a panic.
#[test]
fn a_panic_between_acquire_and_release_leaves_the_lock_held() {
    let lock = Lock::new("studio");
    let handle = lock.clone();
    let ada = in_background("Ada", move || {
        assert!(handle.acquire());
        panic!("a string broke");
    });
    assert!(ada.outcome().is_err());
    assert!(!lock.acquire_for(Duration::from_millis(10)));
    assert_eq!(
        format!("{lock:?}"),
        "<lock studio: held by Ada (thread has ended)>"
    );
}

/// Repaired: the guard does.
#[test]
fn a_panic_under_a_guard_releases_the_lock() {
    let lock = Lock::new("studio");
    let handle = lock.clone();
    let ada = in_background("Ada", move || {
        let _held = handle.hold();
        panic!("a string broke");
    });
    assert!(ada.outcome().is_err());
    assert!(lock.try_acquire());
}

/// Broken: two locks for one number keep nobody out.
#[test]
fn two_locks_for_one_number_let_both_threads_in() {
    let (mine, yours) = (Lock::new("mine"), Lock::new("yours"));
    let both_inside = Arc::new(Barrier::new(2));
    let threads = [mine, yours].map(|lock| {
        let both_inside = Arc::clone(&both_inside);
        in_background("inside", move || {
            let _held = lock.hold();
            both_inside.wait();
        })
    });
    threads.into_iter().for_each(Background::finish);
}

#[test]
#[should_panic(expected = "lock studio is free: release() must follow a successful acquire")]
fn release_of_a_free_lock_is_refused() {
    Lock::new("studio").release();
}

#[test]
fn release_of_a_free_lock_while_unwinding_does_not_end_the_process() {
    struct ReleasesTooMuch(Lock);
    impl Drop for ReleasesTooMuch {
        fn drop(&mut self) {
            self.0.release();
        }
    }
    let outcome = catch_unwind(|| {
        let _releases = ReleasesTooMuch(Lock::new("studio"));
        panic!("the first one");
    });
    assert_eq!(
        *outcome.unwrap_err().downcast::<&str>().unwrap(),
        "the first one"
    );
}

#[test]
fn any_thread_may_release() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    on_thread("Bea", move || handle.release());
    assert!(!lock.locked());
}

#[test]
fn the_queue_is_served_in_order_of_arrival() {
    let lock = Lock::new("studio");
    let served = Arc::new(Mutex::new(Vec::new()));
    assert!(lock.acquire());
    let names = ["Ada", "Bea", "Cy", "Dot", "Eve"];
    let mut threads = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        let (handle, served) = (lock.clone(), Arc::clone(&served));
        threads.push(in_background(name, move || {
            assert!(handle.acquire());
            served.lock().unwrap().push(name);
            handle.release();
        }));
        until_queue(&lock, &names[..=index]);
    }
    lock.release();
    threads.into_iter().for_each(Background::finish);
    assert_eq!(*served.lock().unwrap(), names);
}

#[test]
fn a_release_hands_over_so_that_nobody_slips_in() {
    let lock = Lock::new("studio");
    for _ in 0..100 {
        assert!(lock.acquire());
        let handle = lock.clone();
        let bea = in_background("Bea", move || {
            assert!(handle.acquire());
            handle
        });
        until_queue(&lock, &["Bea"]);
        lock.release();
        // Bea may not even be awake yet.
        assert!(!lock.try_acquire());
        assert!(lock.holder().unwrap().starts_with("Bea"));
        bea.finish().release();
    }
}

#[test]
fn a_waiter_whose_time_is_over_leaves_the_queue() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    assert!(!on_thread("Bea", move || handle.acquire_for(Duration::from_millis(20))));
    assert!(lock.waiters().is_empty());

    // Nothing is handed over to Bea's ghost, in front of Cy.
    let handle = lock.clone();
    let cy = in_background("Cy", move || handle.acquire());
    until_queue(&lock, &["Cy"]);
    lock.release();
    assert!(cy.finish());
}

#[test]
fn a_waiter_that_gives_up_leaves_the_others_in_order() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let ask = |name: &'static str, limit: Duration| {
        let handle = lock.clone();
        in_background(name, move || {
            handle.acquire_for(limit).then(|| handle.release())
        })
    };
    let ada = ask("Ada", AGES);
    until_queue(&lock, &["Ada"]);
    let bea = ask("Bea", Duration::from_millis(50));
    assert!(bea.finish().is_none());
    let cy = ask("Cy", AGES);
    until_queue(&lock, &["Ada", "Cy"]);
    lock.release();
    assert!(ada.finish().is_some());
    assert!(cy.finish().is_some());
}

#[test]
fn a_timed_acquire_waits_its_time_and_not_less() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let limit = Duration::from_millis(60);
    let start = Instant::now();
    assert!(!lock.acquire_for(limit));
    assert!(start.elapsed() >= limit);
}

#[test]
fn a_timed_acquire_gets_a_lock_that_is_released_in_time() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    let bea = in_background("Bea", move || handle.acquire_for(AGES));
    until_queue(&lock, &["Bea"]);
    lock.release();
    assert!(bea.finish());
}

#[test]
fn a_limit_beyond_the_clock_means_for_ever() {
    let lock = Lock::new("studio");
    assert!(lock.acquire_for(Duration::MAX));
    let handle = lock.clone();
    let bea = in_background("Bea", move || handle.acquire_for(Duration::MAX));
    until_queue(&lock, &["Bea"]);
    lock.release();
    assert!(bea.finish());
}

/// Hand-over and deadline race here; whichever wins, both sides have to agree on it.
#[test]
fn a_release_at_the_last_moment_is_neither_lost_nor_doubled() {
    for round in 0..300 {
        let lock = Lock::new("studio");
        assert!(lock.acquire());
        let handle = lock.clone();
        let limit = Duration::from_micros(50 + round);
        let bea = in_background("Bea", move || handle.acquire_for(limit));
        thread::sleep(limit);
        lock.release();
        let has_it = bea.finish();
        assert_eq!(
            lock.locked(),
            has_it,
            "round {round}: {:?}",
            lock.timeline()
        );
    }
}

#[test]
fn a_thread_that_acquires_twice_waits_for_itself() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    assert!(!lock.acquire_for(Duration::from_millis(10)));
    assert!(!lock.try_acquire());
}

#[test]
fn the_text_form_names_holder_and_queue() {
    let lock = Lock::new("studio");
    assert_eq!(format!("{lock:?}"), "<lock studio: free>");
    let handle = lock.clone();
    let (inside, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (here, there) = (Arc::clone(&inside), Arc::clone(&leave));
    let ada = in_background("Ada", move || {
        let held = handle.hold();
        let guard_text = format!("{held:?}");
        here.wait();
        there.wait();
        guard_text
    });
    inside.wait();
    assert_eq!(format!("{lock:?}"), "<lock studio: held by Ada>");
    let waiting = ["Bea", "Cy"].map(|name| {
        let queued = lock.waiters().len();
        let handle = lock.clone();
        let waiting = in_background(name, move || drop(handle.hold()));
        until_queue(&lock, &["Bea", "Cy"][..=queued]);
        waiting
    });
    assert_eq!(
        format!("{lock:?}"),
        "<lock studio: held by Ada, waiting: Bea, Cy>"
    );
    leave.wait();
    assert_eq!(ada.finish(), "<guard of <lock studio: held by Ada>>");
    waiting.into_iter().for_each(Background::finish);
    assert_eq!(format!("{lock:?}"), "<lock studio: free>");
}

#[test]
fn the_end_of_the_holder_is_known_as_soon_as_it_is_joined() {
    for _ in 0..200 {
        let lock = Lock::new("studio");
        let handle = lock.clone();
        let ada = Thread::new("Ada", move || assert!(handle.acquire()));
        ada.start();
        ada.join().unwrap();
        assert_eq!(lock.holder().unwrap(), "Ada (thread has ended)");
    }
}

#[test]
fn a_thread_of_std_is_followed_to_its_end_as_well() {
    let lock = Lock::new("studio");
    let handle = lock.clone();
    let unnamed = thread::spawn(move || assert!(handle.acquire()));
    unnamed.join().unwrap();
    let holder = lock.holder().unwrap();
    assert!(holder.starts_with("unnamed "), "{holder}");
    assert!(holder.ends_with(" (thread has ended)"), "{holder}");
}

#[test]
fn a_lock_used_while_a_thread_is_torn_down_works() {
    struct UsesLock(Lock);
    impl Drop for UsesLock {
        fn drop(&mut self) {
            assert!(self.0.acquire());
            self.0.release();
        }
    }
    thread_local! {
        static LAST_ACT: std::cell::OnceCell<UsesLock> = const { std::cell::OnceCell::new() };
    }
    let lock = Lock::new("studio");
    for early in [true, false] {
        let handle = lock.clone();
        on_thread("Ada", move || {
            // Thread-locals go in the order opposite to their first use, so once before and once
            // after the one in which the crate keeps the thread's name.
            if early {
                LAST_ACT.with(|last| last.set(UsesLock(handle.clone())).ok().unwrap());
            }
            drop(handle.hold());
            LAST_ACT.with(|last| {
                last.get_or_init(|| UsesLock(handle));
            });
        });
    }
    assert!(lock.try_acquire());
}

#[test]
fn handles_may_go_anywhere() {
    fn anywhere<T: Send + Sync + UnwindSafe + RefUnwindSafe + 'static>() {}
    anywhere::<Lock>();
    anywhere::<Held>();
    anywhere::<Timeline>();
    anywhere::<Thread<()>>();

    let lock = Lock::new("studio");
    assert!(catch_unwind(|| lock.acquire()).unwrap());
    assert!(catch_unwind(AssertUnwindSafe(|| lock.release())).is_ok());
}
