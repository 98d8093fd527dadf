//! Work with a limit: twins of work that is done in time and work that is not.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

use lesson_support::{KeyboardInterrupt, Lock, Thread, press_stop_after, sleep, who, within};

use crate::deadline::{AGES, PLENTY, in_background, on_thread, until, until_queue};
use crate::own_process::in_own_process;

/// Enough for a thread to start and block on a machine that is busy.
const SHORT: Duration = Duration::from_millis(500);

#[test]
fn work_done_in_time_gives_its_value() {
    on_thread("learner", || {
        assert_eq!(within(PLENTY, || 6 * 7), Ok(42));
        assert_eq!(within(PLENTY, who), Ok("work".to_owned()));
        // A limit that the clock cannot count is none.
        assert_eq!(within(Duration::MAX, || 42), Ok(42));
    });
}

#[test]
fn work_not_done_in_time_is_given_up() {
    // Nobody else waits there.
    in_own_process(
        "within::work_not_done_in_time_is_given_up",
        Vec::new,
        || {
            let begin = Instant::now();
            let late = within(SHORT, || sleep(AGES)).expect_err("nobody sleeps that long");
            assert!(begin.elapsed() >= SHORT);
            assert_eq!(late.limit, SHORT);
            let text = late.to_string();
            assert_eq!(text, "not done within 0.5 s");
        },
    );
}

/// Ada holds `first` and wants `second`, Bea the other way round, or the same way.
fn two_threads(orders: [[&Lock; 2]; 2], meet: bool) -> impl FnOnce() + Send + 'static {
    let both_have_one = Arc::new(Barrier::new(2));
    let threads = ["Ada", "Bea"].into_iter().zip(orders).map(|(name, order)| {
        let [first, second] = order.map(Lock::clone);
        let both_have_one = Arc::clone(&both_have_one);
        Thread::new(name, move || {
            let _first = first.hold();
            if meet {
                both_have_one.wait();
            }
            let _second = second.hold();
        })
    });
    let threads: Vec<Thread<()>> = threads.collect();
    move || {
        threads.iter().for_each(Thread::start);
        threads
            .iter()
            .for_each(|thread| thread.join().expect("no panic"));
    }
}

#[test]
fn locks_in_opposite_order_time_out_and_the_ring_is_told() {
    on_thread("learner", || {
        let (east, west) = (Lock::new("east"), Lock::new("west"));
        let stuck = two_threads([[&east, &west], [&west, &east]], true);
        let late = within(Duration::from_millis(300), stuck).expect_err("a deadlock");
        // Other tests wait for locks of their own meanwhile, and `work` for the end of Ada.
        let text = late.to_string();
        let ring = "Ada waits for west, held by Bea; Bea waits for east, held by Ada";
        let from_bea = "Bea waits for east, held by Ada; Ada waits for west, held by Bea";
        assert!(
            text.contains(&format!("deadlock: {ring}"))
                || text.contains(&format!("deadlock: {from_bea}")),
            "{text}"
        );
        assert!(text.contains("work waits for the end of Ada"), "{text}");

        // It gave up waiting, no more: the threads can be helped.
        west.release();
        until("both have ended", || !east.locked() && !west.locked());
    });
}

#[test]
fn locks_in_the_same_order_are_done_in_time() {
    on_thread("learner", || {
        let (east, west) = (Lock::new("east"), Lock::new("west"));
        let fine = two_threads([[&east, &west], [&east, &west]], false);
        assert_eq!(within(PLENTY, fine), Ok(()));
    });
}

#[test]
fn a_holder_that_is_gone_is_told_to_be_gone() {
    on_thread("learner", || {
        let lock = Lock::new("a lock that is never released");
        let handle = lock.clone();
        assert_eq!(within(PLENTY, move || handle.acquire()), Ok(true));
        assert_eq!(lock.holder().as_deref(), Some("work (thread has ended)"));
        let handle = lock.clone();
        let late = within(SHORT, move || handle.acquire()).expect_err("held for ever");
        let told = "work waits for a lock that is never released, held by work (thread has ended)";
        assert!(late.to_string().contains(told), "{late}");
        lock.release();
    });
}

#[test]
fn who_waits_for_itself_is_told_so() {
    on_thread("learner", || {
        let lock = Lock::new("a lock taken twice");
        let handle = lock.clone();
        let late = within(SHORT, move || {
            let _once = handle.hold();
            let _twice = handle.hold();
        });
        let late = late.expect_err("not reentrant").to_string();
        assert!(
            late.contains("work waits for a lock taken twice, held by itself"),
            "{late}"
        );
        lock.release();
    });
}

#[test]
fn who_waited_before_is_left_out() {
    on_thread("learner", || {
        let lock = Lock::new("a lock of long ago");
        let held = lock.hold();
        let handle = lock.clone();
        let dee = in_background("Dee", move || drop(handle.hold()));
        until_queue(&lock, &["Dee"]);
        let late = within(SHORT, || sleep(AGES)).expect_err("nobody sleeps that long");
        assert!(!late.to_string().contains("a lock of long ago"), "{late}");
        drop(held);
        dee.finish();
    });
}

#[test]
fn a_panic_of_the_work_goes_on_where_it_was_asked_for() {
    on_thread("learner", || {
        let asked = catch_unwind(AssertUnwindSafe(|| {
            within(PLENTY, || -> u32 { panic!("a string broke") })
        }));
        let payload = asked.expect_err("the work panics");
        assert_eq!(payload.downcast_ref::<&str>(), Some(&"a string broke"));
    });
}

#[test]
fn a_stop_ends_the_wait_and_leaves_the_work() {
    let lock = Lock::new("a lock that outlives a stop");
    let held = lock.hold();
    let handle = lock.clone();
    let learner = in_background("learner", move || {
        press_stop_after(SHORT);
        within(AGES, move || drop(handle.hold()))
    });
    let unwound = learner.outcome().expect_err("it was stopped");
    assert!(unwound.is::<KeyboardInterrupt>());
    assert_eq!(lock.waiters(), ["work"]);
    drop(held);
    until("the work is done", || !lock.locked());
}
