//! Stops where no runtime is around: aimed at the thread that asked for them.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use lesson_support::{
    KeyboardInterrupt, Lock, Thread, checkpoint, lock_hogger, press_stop_after, sleep,
};

use crate::deadline::{AGES, PLENTY, in_background, on_thread, until, until_queue};

const SOON: Duration = Duration::from_millis(20);
const AT_ONCE: Duration = Duration::ZERO;
/// Long enough for some steps to be done before, on a busy machine, too.
const LATER: Duration = Duration::from_millis(600);

/// Runs `work`, which has to be stopped.
#[track_caller]
pub(crate) fn stopped<T>(work: impl FnOnce() -> T) {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(_) => panic!("it came to its end"),
        Err(payload) => assert_is_stop(payload.as_ref()),
    }
}

#[track_caller]
fn assert_is_stop(payload: &(dyn Any + Send)) {
    assert!(payload.is::<KeyboardInterrupt>(), "another payload");
}

#[test]
fn a_stopped_acquire_unwinds_and_leaves_the_queue() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    on_thread("Bea", move || {
        stopped(|| {
            press_stop_after(SOON);
            handle.acquire()
        });
    });
    assert!(lock.waiters().is_empty());
    assert!(lock.locked(), "the holder is not disturbed");
}

#[test]
fn a_release_does_not_go_to_a_waiter_that_was_stopped() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    let bea = in_background("Bea", move || {
        press_stop_after(SOON);
        handle.acquire()
    });
    until_queue(&lock, &["Bea"]);
    let handle = lock.clone();
    let cy = in_background("Cy", move || handle.acquire());
    until_queue(&lock, &["Cy"]);
    assert_is_stop(bea.outcome().unwrap_err().as_ref());
    lock.release();
    assert!(cy.finish());
}

#[test]
fn one_blocked_thread_can_be_stopped_fifty_times_and_keeps_its_values() {
    on_thread("Ada", || {
        let lock = Lock::new("studio");
        assert!(lock.acquire());
        let mut values = vec![0];
        for round in 1..=50 {
            stopped(|| {
                values.push(round);
                press_stop_after(Duration::from_millis(1));
                lock.acquire()
            });
        }
        assert_eq!(values.len(), 51);
        assert!(lock.locked() && lock.waiters().is_empty());
        lock.release();
        assert!(lock.try_acquire());
    });
}

#[test]
fn every_blocking_call_can_be_stopped() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let ended = Arc::new(Barrier::new(2));
    let inside = Arc::clone(&ended);
    let thread = Thread::new("Cy", move || {
        inside.wait();
        7
    });
    thread.start();
    on_thread("Ada", move || {
        stopped(|| {
            press_stop_after(SOON);
            lock.acquire()
        });
        stopped(|| {
            press_stop_after(SOON);
            lock.acquire_for(AGES)
        });
        stopped(|| {
            press_stop_after(SOON);
            lock.hold()
        });
        stopped(|| {
            press_stop_after(SOON);
            sleep(AGES);
        });
        stopped(|| {
            press_stop_after(SOON);
            thread.join()
        });
        // Stopped was the wait, not the thread.
        assert!(thread.is_alive());
        ended.wait();
        assert_eq!(thread.join(), Ok(7));
    });
}

/// Broken: a loop that calls nothing of this crate never notices.
#[test]
fn a_loop_without_a_checkpoint_is_not_stopped() {
    on_thread("Ada", || {
        let (pressed_tx, pressed_rx) = mpsc::channel();
        let outcome = catch_unwind(|| {
            press_stop_after(AT_ONCE);
            let start = Instant::now();
            while start.elapsed() < SOON {
                std::hint::spin_loop();
            }
            pressed_tx.send(()).unwrap();
        });
        assert!(outcome.is_ok());
        pressed_rx.recv_timeout(PLENTY).unwrap();
        // The stop is still there, for the next call that asks.
        stopped(|| sleep(AGES));
    });
}

/// Repaired: with one, it does.
#[test]
fn a_loop_with_a_checkpoint_is_stopped() {
    on_thread("Ada", || {
        stopped(|| {
            press_stop_after(SOON);
            let start = Instant::now();
            while start.elapsed() < PLENTY {
                checkpoint();
            }
        });
    });
}

#[test]
fn a_stop_before_the_wait_is_not_lost() {
    on_thread("Ada", || {
        press_stop_after(AT_ONCE);
        thread::sleep(SOON);
        stopped(|| sleep(AGES));
    });
}

#[test]
fn a_loop_that_tries_again_and_again_is_stopped() {
    on_thread("Ada", || {
        let lock = Lock::new("studio");
        assert!(lock.acquire());
        stopped(|| {
            press_stop_after(SOON);
            until("the lock is free", || lock.try_acquire());
        });
    });
}

/// The press meets the wait at every possible point: before it, at its very beginning, in it.
#[test]
fn a_stop_is_lost_at_no_point_of_a_wait() {
    on_thread("Ada", || {
        let lock = Lock::new("studio");
        assert!(lock.acquire());
        for round in 0..600 {
            stopped(|| {
                press_stop_after(Duration::from_micros(round % 150));
                // A deadline, so that a lost stop is a failure and no test that hangs.
                assert!(!lock.acquire_for(PLENTY), "round {round}");
            });
        }
    });
}

/// The stop meets the hand-over. Whichever wins, the lock must not stay with a thread that
/// never got to know of it.
#[test]
fn a_stop_at_the_moment_of_the_hand_over_does_not_lose_the_lock() {
    let (mut got, mut was_stopped) = (0, 0);
    for round in 0..400 {
        let lock = Lock::new("studio");
        assert!(lock.acquire());
        let at_once = Arc::new(Barrier::new(2));
        let (handle, start) = (lock.clone(), Arc::clone(&at_once));
        let bea = in_background("Bea", move || {
            let press = press_stop_after(Duration::from_micros(100 + round % 100));
            start.wait();
            let acquired = handle.acquire();
            press.cancel();
            acquired
        });
        at_once.wait();
        thread::sleep(Duration::from_micros(60 + round % 70));
        lock.release();
        match bea.outcome() {
            Ok(acquired) => {
                got += 1;
                assert!(acquired && lock.locked());
            }
            Err(payload) => {
                was_stopped += 1;
                assert_is_stop(payload.as_ref());
                assert!(!lock.locked(), "round {round}: {:?}", lock.timeline());
            }
        }
    }
    assert_eq!(got + was_stopped, 400);
}

#[test]
fn a_stop_is_used_up_by_the_unwinding() {
    on_thread("Ada", || {
        let lock = Lock::new("studio");
        assert!(lock.acquire());
        stopped(|| {
            press_stop_after(AT_ONCE);
            lock.acquire()
        });
        assert!(!lock.acquire_for(SOON), "only timed out");
        sleep(SOON);
    });
}

#[test]
fn a_stop_reaches_only_the_thread_it_is_meant_for() {
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    let cy = in_background("Cy", move || handle.acquire());
    until_queue(&lock, &["Cy"]);
    on_thread("Ada", || {
        stopped(|| {
            press_stop_after(AT_ONCE);
            sleep(AGES);
        });
    });
    assert_eq!(lock.waiters(), ["Cy"]);
    lock.release();
    assert!(cy.finish());
}

#[test]
fn a_press_taken_back_does_not_happen() {
    on_thread("Ada", || {
        press_stop_after(LATER).cancel();
        sleep(LATER + SOON);
        checkpoint();
    });
}

#[test]
fn a_press_does_not_outlive_another_stop() {
    on_thread("Ada", || {
        press_stop_after(LATER);
        stopped(|| {
            press_stop_after(AT_ONCE);
            sleep(AGES);
        });
        sleep(LATER + SOON);
        checkpoint();
    });
}

#[test]
fn a_press_beyond_the_clock_never_happens() {
    on_thread("Ada", || {
        press_stop_after(Duration::MAX);
        sleep(SOON);
    });
}

#[test]
fn a_guard_is_dropped_by_a_stop() {
    let lock = Lock::new("studio");
    let handle = lock.clone();
    let ada = in_background("Ada", move || {
        let _held = handle.hold();
        press_stop_after(SOON);
        sleep(AGES);
    });
    assert_is_stop(ada.outcome().unwrap_err().as_ref());
    assert!(!lock.locked());
    let story = lock.timeline().to_string();
    assert!(!story.contains("panics"), "a stop is no panic: {story}");
}

/// What a thread that unwinds already does when it is stopped: it must not unwind a second time,
/// and must not wait for ever either.
#[test]
fn a_stop_while_unwinding_ends_the_wait_without_unwinding_again() {
    struct WaitsInDrop(Lock, mpsc::Sender<bool>);
    impl Drop for WaitsInDrop {
        fn drop(&mut self) {
            press_stop_after(SOON);
            self.1.send(self.0.acquire()).unwrap();
            press_stop_after(SOON);
            sleep(AGES);
        }
    }
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let (acquired_tx, acquired_rx) = mpsc::channel();
    let handle = lock.clone();
    let ada = in_background("Ada", move || {
        let _waits = WaitsInDrop(handle, acquired_tx);
        panic!("the first one");
    });
    let payload = ada.outcome().unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"the first one"));
    assert_eq!(acquired_rx.try_recv(), Ok(false));
    assert!(lock.waiters().is_empty());
}

#[test]
fn a_stop_before_a_wait_while_unwinding_is_not_lost() {
    struct WaitsInDrop;
    impl Drop for WaitsInDrop {
        fn drop(&mut self) {
            press_stop_after(AT_ONCE);
            thread::sleep(SOON);
            sleep(AGES);
            sleep(AGES);
        }
    }
    let ada = in_background("Ada", || {
        let _waits = WaitsInDrop;
        panic!("the first one");
    });
    let payload = ada.outcome().unwrap_err();
    assert_eq!(payload.downcast_ref(), Some(&"the first one"));
}

#[test]
fn a_guard_asked_for_while_unwinding_is_waited_for_in_spite_of_a_stop() {
    struct HoldsInDrop(Lock);
    impl Drop for HoldsInDrop {
        fn drop(&mut self) {
            press_stop_after(AT_ONCE);
            let held = self.0.hold();
            assert!(held.lock().locked());
        }
    }
    let lock = Lock::new("studio");
    assert!(lock.acquire());
    let handle = lock.clone();
    let ada = in_background("Ada", move || {
        let _holds = HoldsInDrop(handle);
        panic!("the first one");
    });
    until_queue(&lock, &["Ada"]);
    thread::sleep(SOON);
    assert_eq!(lock.waiters(), ["Ada"]);
    lock.release();
    assert!(ada.outcome().is_err());
    assert!(!lock.locked());
}

#[test]
fn a_join_while_unwinding_waits_for_the_end_in_spite_of_a_stop() {
    struct JoinsInDrop(Thread<u32>, Arc<Barrier>, mpsc::Sender<u32>);
    impl Drop for JoinsInDrop {
        fn drop(&mut self) {
            press_stop_after(AT_ONCE);
            self.1.wait();
            self.2.send(self.0.join().unwrap()).unwrap();
        }
    }
    let (value_tx, value_rx) = mpsc::channel();
    let ada = in_background("Ada", move || {
        let begins = Arc::new(Barrier::new(2));
        let joins = Arc::clone(&begins);
        let worker = Thread::new("Cy", move || {
            joins.wait();
            thread::sleep(SOON);
            7
        });
        worker.start();
        let _joins = JoinsInDrop(worker, begins, value_tx);
        panic!("the first one");
    });
    assert!(ada.outcome().is_err());
    assert_eq!(value_rx.try_recv(), Ok(7));
}

#[test]
fn a_thread_that_is_stopped_says_so_when_it_is_joined() {
    let ada = Thread::new("Ada", || {
        press_stop_after(AT_ONCE);
        sleep(AGES);
    });
    ada.start();
    let failure = ada.join().unwrap_err();
    assert!(failure.is_interrupt());
    assert_eq!(failure.message(), "interrupted");
    assert_eq!(failure.to_string(), "thread 'Ada' was interrupted");
}

/// The wait is woken, not polled. Ten attempts, for the machine may be busy with other things.
#[test]
fn a_blocked_acquire_is_free_again_well_within_a_tenth_of_a_second() {
    let quickest = (0..10)
        .map(|_| {
            on_thread("Ada", || {
                let lock = Lock::new("studio");
                assert!(lock.acquire());
                let start = Instant::now();
                stopped(|| {
                    press_stop_after(SOON);
                    lock.acquire()
                });
                start.elapsed() - SOON
            })
        })
        .min();
    assert!(quickest < Some(Duration::from_millis(20)), "{quickest:?}");
}

#[test]
fn a_stopped_wait_for_a_hogger_leaves_the_hogger_alone() {
    let lock = Lock::new("studio");
    let ada = lock_hogger("Ada", &lock, Duration::from_millis(100));
    ada.start();
    until("Ada has the lock", || lock.locked());
    let handle = lock.clone();
    on_thread("Bea", move || {
        stopped(|| {
            press_stop_after(AT_ONCE);
            handle.acquire()
        });
    });
    in_background("joining", move || ada.join())
        .finish()
        .unwrap();
    assert!(!lock.locked());
}
