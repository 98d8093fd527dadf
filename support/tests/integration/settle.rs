//! Waiting until a thread has come as far as it can.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Barrier, mpsc};
use std::time::{Duration, Instant};

use lesson_support::{KeyboardInterrupt, Lock, Thread, press_stop_after, sleep};

use crate::deadline::{AGES, PLENTY, in_background, on_thread};

const SOON: Duration = Duration::from_millis(20);
/// Enough for a look that comes too early to be caught now and then.
const ROUNDS: u32 = 200;

/// Broken: who starts a thread and looks at once may look too early.
#[test]
fn a_thread_that_was_just_started_need_not_be_in_the_queue() {
    let lock = Lock::new("studio");
    let held = lock.hold();
    let looked = Arc::new(Barrier::new(2));
    let (handle, inside) = (lock.clone(), Arc::clone(&looked));
    let ada = Thread::new("Ada", move || {
        inside.wait(); // forces the early look
        drop(handle.hold());
    });
    ada.start();
    assert!(lock.waiters().is_empty());
    looked.wait();
    drop(held);
    ada.join().unwrap();
}

/// Repaired: let it settle first.
#[test]
fn a_thread_that_has_settled_is_in_the_queue() {
    for _ in 0..ROUNDS {
        let lock = Lock::new("studio");
        let held = lock.hold();
        let handle = lock.clone();
        let ada = Thread::new("Ada", move || drop(handle.hold()));
        ada.start();
        assert!(ada.settle());
        assert_eq!(lock.waiters(), ["Ada"]);
        drop(held);
        ada.join().unwrap();
    }
}

#[test]
fn a_thread_settles_in_each_blocking_call() {
    let lock = Lock::new("studio");
    let handles = [lock.clone(), lock.clone(), lock.clone()];
    let leave = Arc::new(Barrier::new(2));
    let inside = Arc::clone(&leave);
    let busy = Thread::new("Bea", move || {
        inside.wait();
    });
    busy.start();
    let busy = Arc::new(busy);
    let (joined, settled) = (Arc::clone(&busy), Arc::clone(&busy));

    let held = lock.hold();
    let [acquires, acquires_for, holds] = handles;
    let threads = [
        Thread::new("acquire", move || {
            assert!(acquires.acquire());
            acquires.release();
        }),
        Thread::new("acquire_for", move || {
            assert!(acquires_for.acquire_for(AGES));
            acquires_for.release();
        }),
        Thread::new("hold", move || drop(holds.hold())),
        Thread::new("join", move || joined.join().unwrap()),
        Thread::new("settle", move || assert!(settled.settle())),
    ];
    for thread in &threads {
        thread.start();
        assert!(thread.settle(), "{thread:?}");
        assert!(thread.is_alive(), "{thread:?}");
    }
    leave.wait();
    drop(held);
    for thread in threads {
        in_background("joining", move || thread.join())
            .finish()
            .unwrap();
    }
}

#[test]
fn a_thread_settles_in_a_sleep() {
    let ada = Thread::new("Ada", || sleep(AGES));
    ada.start();
    assert!(ada.settle());
    assert!(ada.is_alive());
}

#[test]
fn what_a_thread_did_before_it_settled_is_done() {
    for _ in 0..ROUNDS {
        let lock = Lock::new("studio");
        let held = lock.hold();
        let steps = Arc::new(AtomicU32::new(0));
        let (handle, counted) = (lock.clone(), Arc::clone(&steps));
        let ada = Thread::new("Ada", move || {
            for _ in 0..100 {
                counted.fetch_add(1, Relaxed);
            }
            drop(handle.hold());
        });
        ada.start();
        assert!(ada.settle());
        assert_eq!(steps.load(Relaxed), 100);
        drop(held);
        ada.join().unwrap();
    }
}

#[test]
fn a_thread_that_has_ended_has_settled() {
    let ada = Thread::new("Ada", || ());
    ada.start();
    assert!(ada.settle());
    assert!(!ada.is_alive());
    assert!(ada.settle());

    let bea = Thread::new("Bea", || -> () { panic!("a string broke") });
    bea.start();
    assert!(bea.settle());
    assert!(!bea.is_alive());
}

#[test]
fn a_thread_that_was_handed_the_lock_has_not_settled() {
    for _ in 0..ROUNDS {
        let (first, second) = (Lock::new("first"), Lock::new("second"));
        let (held_first, held_second) = (first.hold(), second.hold());
        let handles = [first.clone(), second.clone()];
        let ada = Thread::new("Ada", move || {
            handles.iter().for_each(|lock| drop(lock.hold()));
        });
        ada.start();
        assert!(ada.settle());
        assert_eq!(first.waiters(), ["Ada"]);
        drop(held_first);
        assert!(ada.settle());
        assert_eq!(second.waiters(), ["Ada"]);
        drop(held_second);
        assert!(ada.settle());
        assert!(!ada.is_alive());
    }
}

#[test]
fn a_thread_whose_join_is_over_has_not_settled() {
    for _ in 0..ROUNDS {
        let lock = Lock::new("studio");
        let held = lock.hold();
        let handle = lock.clone();
        let ada = Arc::new(Thread::new("Ada", move || drop(handle.hold())));
        let joined = Arc::clone(&ada);
        let bea = Thread::new("Bea", move || joined.join().unwrap());
        ada.start();
        bea.start();
        assert!(ada.settle() && bea.settle());
        drop(held);
        // No pause between the looks: the question to Bea has to come right behind Ada's end.
        let deadline = Instant::now() + PLENTY;
        while ada.is_alive() {
            assert!(Instant::now() < deadline, "Ada does not end");
        }
        assert!(bea.settle());
        assert!(!bea.is_alive());
    }
}

/// The state of one is looked at while the other one changes, both ways round.
#[test]
fn two_threads_that_wait_for_each_other_to_settle_both_come_back() {
    for _ in 0..ROUNDS {
        let pair = ["Ada", "Bea"].map(|name| {
            let (other_tx, other_rx) = mpsc::channel::<Arc<Thread<bool>>>();
            let thread = Thread::new(name, move || {
                other_rx.recv_timeout(PLENTY).unwrap().settle()
            });
            (Arc::new(thread), other_tx)
        });
        let [(ada, to_ada), (bea, to_bea)] = pair;
        ada.start();
        bea.start();
        to_ada.send(Arc::clone(&bea)).unwrap();
        to_bea.send(Arc::clone(&ada)).unwrap();
        for thread in [ada, bea] {
            let came_back = in_background("joining", move || thread.join()).finish();
            assert_eq!(came_back, Ok(true));
        }
    }
}

#[test]
fn a_stopped_settle_unwinds_and_can_be_repeated() {
    on_thread("Ada", || {
        let leave = Arc::new(Barrier::new(2));
        let inside = Arc::clone(&leave);
        let bea = Thread::new("Bea", move || {
            inside.wait();
        });
        bea.start();
        let stopped = catch_unwind(AssertUnwindSafe(|| {
            press_stop_after(SOON);
            bea.settle()
        }));
        assert!(stopped.unwrap_err().is::<KeyboardInterrupt>());
        leave.wait();
        assert!(bea.settle());
        assert!(!bea.is_alive());
    });
}

#[test]
#[should_panic(expected = "thread 'Ada' was not started: it cannot settle")]
fn a_thread_that_was_not_started_cannot_settle() {
    Thread::new("Ada", || ()).settle();
}

#[test]
fn a_thread_that_waits_for_itself_to_settle_is_told_so() {
    let (me_tx, me_rx) = mpsc::channel::<Arc<Thread<()>>>();
    let ada = Arc::new(Thread::new("Ada", move || {
        let me = me_rx.recv_timeout(PLENTY).unwrap();
        me.settle();
    }));
    ada.start();
    me_tx.send(Arc::clone(&ada)).unwrap();
    let failure = ada.join().unwrap_err();
    assert_eq!(failure.message(), "thread 'Ada' waits for itself to settle");
}
