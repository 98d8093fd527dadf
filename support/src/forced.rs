//! Races that have to happen: tests step in at the one moment when things can go wrong.

/// A moment inside a blocking call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// The call has looked for a pending stop, found none, and is about to sleep.
    Looked,
    /// The wait for a lock is over without the lock, but the queue does not know yet.
    WaitEnded,
}

/// Marks the moment in the code. Nothing happens outside of tests.
#[cfg(not(test))]
#[inline(always)]
pub(crate) fn reached(_: Moment) {}

#[cfg(test)]
pub(crate) use tests::reached;

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::{Arc, mpsc};
    use std::thread;
    use std::time::Duration;

    use super::Moment;
    use crate::thread_mark::ThreadMark;
    use crate::waiter::{Outcome, Waiter, WhileUnwinding};
    use crate::{Barrier, Condvar, KeyboardInterrupt, Lock, Mutex, bounded, interrupt, unbounded};

    /// More than a correct program needs, so that a lost wake-up is a failure and no endless wait.
    const PLENTY: Duration = Duration::from_secs(30);
    const BRIEFLY: Duration = Duration::from_millis(5);

    type Step = Box<dyn FnOnce()>;

    thread_local! {
        static NEXT: RefCell<Option<(Moment, Step)>> = const { RefCell::new(None) };
    }

    pub(crate) fn reached(moment: Moment) {
        let step = NEXT.with_borrow_mut(|next| match next.take() {
            Some((at, step)) if at == moment => Some(step),
            other => {
                *next = other;
                None
            }
        });
        if let Some(step) = step {
            step();
        }
    }

    /// Runs `step` once, when the calling thread comes to `moment`.
    fn at(moment: Moment, step: impl FnOnce() + 'static) {
        NEXT.set(Some((moment, Box::new(step))));
    }

    #[track_caller]
    fn assert_all_steps_ran() {
        assert!(NEXT.with_borrow(Option::is_none), "the moment never came");
    }

    /// Runs the test on a thread of its own, so that its stops and steps are its own.
    fn on_thread(test: impl FnOnce() + Send + 'static) {
        let handle = thread::Builder::new().name("Ada".to_owned()).spawn(test);
        if let Err(payload) = handle.expect("room for a thread").join() {
            std::panic::resume_unwind(payload);
        }
    }

    fn press_stop() {
        interrupt::press_stop(&ThreadMark::current());
    }

    /// Stops the calling thread from another one, once it waits for `lock`.
    fn press_stop_in_queue_of(lock: &Lock) {
        let (me, lock) = (ThreadMark::current(), lock.clone());
        thread::spawn(move || {
            while lock.waiters().is_empty() {
                thread::yield_now();
            }
            interrupt::press_stop(&me);
        });
    }

    fn is_stopped<T>(work: impl FnOnce() -> T) -> bool {
        catch_unwind(AssertUnwindSafe(work)).is_err_and(|payload| payload.is::<KeyboardInterrupt>())
    }

    #[test]
    fn a_stop_between_the_look_and_the_sleep_is_not_lost() {
        on_thread(|| {
            let me = ThreadMark::current();
            at(Moment::Looked, press_stop);
            let deadline = std::time::Instant::now() + PLENTY;
            let outcome = Waiter::new(me).wait(Some(deadline), WhileUnwinding::GiveUp);
            assert_eq!(outcome, Outcome::Stopped);
            assert_all_steps_ran();
        });
    }

    #[test]
    fn a_ring_between_the_look_and_the_sleep_is_not_lost() {
        on_thread(|| {
            let waiter = Waiter::new(ThreadMark::current());
            let same = waiter.clone();
            at(Moment::Looked, move || same.ring());
            let deadline = std::time::Instant::now() + PLENTY;
            assert_eq!(
                waiter.wait(Some(deadline), WhileUnwinding::GiveUp),
                Outcome::Rung
            );
            assert_all_steps_ran();
        });
    }

    #[test]
    fn a_lock_that_arrives_right_after_the_time_is_over_is_acquired() {
        on_thread(|| {
            let lock = Lock::new("studio");
            assert!(lock.acquire());
            let handle = lock.clone();
            at(Moment::WaitEnded, move || handle.release());
            assert!(
                lock.acquire_for(BRIEFLY),
                "handed over, so it has to be told"
            );
            assert!(lock.locked());
            assert_all_steps_ran();
        });
    }

    #[test]
    fn a_lock_that_arrives_right_after_a_stop_is_passed_on() {
        on_thread(|| {
            let lock = Lock::new("studio");
            assert!(lock.acquire());
            let handle = lock.clone();
            at(Moment::WaitEnded, move || handle.release());
            assert!(is_stopped(|| {
                press_stop_in_queue_of(&lock);
                lock.acquire()
            }));
            assert!(!lock.locked(), "nobody is there who would release it");
            assert_all_steps_ran();
        });
    }

    #[test]
    fn a_lock_that_arrives_right_after_a_stop_goes_to_the_next_in_the_queue() {
        on_thread(|| {
            let lock = Lock::new("studio");
            assert!(lock.acquire());
            let (asking_tx, asking_rx) = mpsc::channel();
            let handle = lock.clone();
            let (bea_tx, bea_rx) = mpsc::channel();
            at(Moment::WaitEnded, move || {
                let next = handle.clone();
                bea_tx
                    .send(thread::spawn(move || {
                        asking_tx.send(()).expect("the test goes on");
                        next.acquire_for(PLENTY)
                    }))
                    .expect("the test goes on");
                asking_rx.recv_timeout(PLENTY).expect("Bea runs");
                while handle.waiters().len() < 2 {
                    thread::yield_now();
                }
                handle.release();
            });
            assert!(is_stopped(|| {
                press_stop_in_queue_of(&lock);
                lock.acquire()
            }));
            let bea = bea_rx.recv_timeout(PLENTY).expect("Bea was started");
            assert!(bea.join().expect("Bea does not panic"));
        });
    }

    #[test]
    fn a_lock_that_arrives_right_after_a_stop_while_unwinding_is_acquired() {
        struct WaitsInDrop(Lock, mpsc::Sender<bool>);
        impl Drop for WaitsInDrop {
            fn drop(&mut self) {
                press_stop_in_queue_of(&self.0);
                self.1.send(self.0.acquire()).expect("the test goes on");
            }
        }
        on_thread(|| {
            let lock = Lock::new("studio");
            assert!(lock.acquire());
            let handle = lock.clone();
            at(Moment::WaitEnded, move || handle.release());
            let (acquired_tx, acquired_rx) = mpsc::channel();
            let waits = WaitsInDrop(lock.clone(), acquired_tx);
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                let _waits = waits;
                panic!("the first one");
            }));
            assert!(outcome.is_err());
            assert_eq!(acquired_rx.try_recv(), Ok(true));
            assert!(lock.locked());
            assert_all_steps_ran();
        });
    }

    /// Stops the calling thread from another one, once somebody is in the line.
    fn press_stop_once(is_waiting: impl Fn() -> bool + Send + 'static) {
        let me = ThreadMark::current();
        thread::spawn(move || {
            while !is_waiting() {
                thread::yield_now();
            }
            interrupt::press_stop(&me);
        });
    }

    #[test]
    fn a_value_that_arrives_right_after_the_time_is_over_is_received() {
        on_thread(|| {
            let (belt_tx, belt_rx) = unbounded("belt");
            at(Moment::WaitEnded, move || {
                belt_tx.send(1).expect("we listen")
            });
            assert_eq!(belt_rx.recv_timeout(BRIEFLY), Ok(1));
            assert_all_steps_ran();
        });
    }

    #[test]
    fn a_value_that_arrives_right_after_a_stop_is_there_for_the_next_one() {
        on_thread(|| {
            let (belt_tx, belt_rx) = unbounded("belt");
            let sender = belt_tx.clone();
            at(Moment::WaitEnded, move || {
                sender.send(1).expect("we listen")
            });
            let watched = belt_rx.clone();
            assert!(is_stopped(|| {
                press_stop_once(move || format!("{watched:?}").contains("receiving"));
                belt_rx.recv()
            }));
            assert_eq!(belt_rx.try_recv(), Ok(1));
            assert_all_steps_ran();
        });
    }

    #[test]
    fn a_value_that_is_taken_right_after_the_time_is_over_is_sent() {
        on_thread(|| {
            let (belt_tx, belt_rx) = bounded("belt", 1);
            belt_tx.send(1).expect("we listen");
            let receiver = belt_rx.clone();
            at(Moment::WaitEnded, move || {
                assert_eq!(receiver.recv(), Ok(1));
            });
            assert!(belt_tx.send_timeout(2, BRIEFLY).is_ok());
            assert_eq!(belt_rx.try_recv(), Ok(2));
            assert_all_steps_ran();
        });
    }

    #[test]
    fn a_notification_right_after_the_time_is_over_counts() {
        on_thread(|| {
            let (board, bell) = (Mutex::new(()), Condvar::new("bell"));
            let rings = bell.clone();
            at(Moment::WaitEnded, move || rings.notify_one());
            let (_guard, result) = bell.wait_timeout(board.lock(), BRIEFLY);
            assert!(!result.timed_out());
            assert_all_steps_ran();
        });
    }

    /// Else it would be lost: whoever got it is not there any more.
    #[test]
    fn a_notification_right_after_a_stop_goes_to_the_next_one() {
        on_thread(|| {
            let (board, bell) = (Arc::new(Mutex::new(())), Condvar::new("bell"));
            let (there, rings) = (Arc::clone(&board), bell.clone());
            let (bea_tx, bea_rx) = mpsc::channel();
            at(Moment::WaitEnded, move || {
                let waits = rings.clone();
                let bea = thread::spawn(move || {
                    let (_guard, result) = waits.wait_timeout(there.lock(), PLENTY);
                    !result.timed_out()
                });
                while rings.waiters().len() < 2 {
                    thread::yield_now();
                }
                bea_tx.send(bea).expect("the test goes on");
                rings.notify_one();
            });
            let watched = bell.clone();
            assert!(is_stopped(|| {
                press_stop_once(move || !watched.waiters().is_empty());
                drop(bell.wait(board.lock()));
            }));
            let bea = bea_rx.recv_timeout(PLENTY).expect("Bea was started");
            assert!(bea.join().expect("Bea does not panic"));
            assert_all_steps_ran();
        });
    }

    #[test]
    fn a_group_that_is_complete_right_after_the_time_is_over_is_complete() {
        on_thread(|| {
            let start = Barrier::new("start", 2);
            let line = start.clone();
            at(Moment::WaitEnded, move || assert!(line.wait().is_leader()));
            assert!(start.wait_timeout(BRIEFLY).is_some());
            assert_all_steps_ran();
        });
    }
}
