use std::sync::{Arc, Barrier, mpsc};
use std::thread::yield_now;

use lesson_support::Thread;

use crate::deadline::{PLENTY, in_background, until};

#[test]
fn nothing_runs_before_start() {
    let (ran_tx, ran_rx) = mpsc::channel();
    let ada = Thread::new("Ada", move || ran_tx.send(()).unwrap());
    assert_eq!(format!("{ada:?}"), "<thread Ada: made, not started>");
    assert!(!ada.is_alive());
    assert_eq!(ran_rx.try_recv(), Err(mpsc::TryRecvError::Empty));
    ada.start();
    ran_rx.recv_timeout(PLENTY).unwrap();
    ada.join().unwrap();
}

#[test]
fn a_thread_is_alive_between_start_and_end() {
    let leave = Arc::new(Barrier::new(2));
    let inside = Arc::clone(&leave);
    let ada = Thread::new("Ada", move || {
        inside.wait();
    });
    ada.start();
    assert!(ada.is_alive());
    assert_eq!(format!("{ada:?}"), "<thread Ada: running>");
    leave.wait();
    ada.join().unwrap();
    assert!(!ada.is_alive());
    assert_eq!(format!("{ada:?}"), "<thread Ada: ended>");
}

/// Broken: who does not join looks too early.
#[test]
fn a_value_that_was_not_waited_for_is_not_there() {
    let leave = Arc::new(Barrier::new(2));
    let inside = Arc::clone(&leave);
    let (value_tx, value_rx) = mpsc::channel();
    let ada = Thread::new("Ada", move || {
        inside.wait();
        value_tx.send(42).unwrap();
    });
    ada.start();
    assert!(value_rx.try_recv().is_err());
    leave.wait();
    ada.join().unwrap();
}

/// Repaired: join first. And as often as you like.
#[test]
fn join_waits_and_gives_the_value_each_time() {
    let ada = Thread::new("Ada", || {
        (0..1_000).for_each(|_| yield_now());
        vec![4, 2]
    });
    ada.start();
    for _ in 0..3 {
        assert_eq!(ada.join().unwrap(), [4, 2]);
    }
}

#[test]
fn several_threads_may_join_the_same_one() {
    let leave = Arc::new(Barrier::new(2));
    let inside = Arc::clone(&leave);
    let ada = Arc::new(Thread::new("Ada", move || {
        inside.wait();
        7
    }));
    ada.start();
    let joining: Vec<_> = (0..4)
        .map(|_| {
            let ada = Arc::clone(&ada);
            in_background("joining", move || ada.join())
        })
        .collect();
    leave.wait();
    for thread in joining {
        assert_eq!(thread.finish(), Ok(7));
    }
}

#[test]
fn join_gives_the_message_of_a_panic_each_time() {
    let formatted = Thread::new("Ada", || -> () { panic!("string {} broke", 6) });
    formatted.start();
    for _ in 0..2 {
        let failure = formatted.join().unwrap_err();
        assert_eq!(failure.message(), "string 6 broke");
        assert_eq!(failure.thread(), "Ada");
        assert!(!failure.is_interrupt());
        assert_eq!(failure.to_string(), "thread 'Ada' panicked: string 6 broke");
        assert!(format!("{failure:?}").contains("string 6 broke"));
    }
    assert_eq!(format!("{formatted:?}"), "<thread Ada: ended by a panic>");
}

#[test]
fn a_panic_without_text_has_a_message_that_says_so() {
    let ada = Thread::new("Ada", || std::panic::panic_any(5_u8));
    ada.start();
    assert_eq!(ada.join().unwrap_err().message(), "(no message)");
}

#[test]
#[should_panic(expected = "thread 'Ada' was started before: a thread starts once")]
fn a_second_start_is_refused() {
    let ada = Thread::new("Ada", || ());
    ada.start();
    ada.join().unwrap();
    ada.start();
}

#[test]
fn a_refused_second_start_does_not_disturb_the_first() {
    let leave = Arc::new(Barrier::new(2));
    let inside = Arc::clone(&leave);
    let ada = Thread::new("Ada", move || {
        inside.wait();
        1
    });
    ada.start();
    assert!(std::panic::catch_unwind(|| ada.start()).is_err());
    leave.wait();
    assert_eq!(ada.join(), Ok(1));
}

#[test]
#[should_panic(expected = "thread 'Ada' was not started: nothing to join")]
fn a_join_without_start_is_refused() {
    let _ = Thread::new("Ada", || ()).join();
}

#[test]
fn a_thread_that_joins_itself_is_told_so() {
    let (me_tx, me_rx) = mpsc::channel::<Arc<Thread<()>>>();
    let ada = Arc::new(Thread::new("Ada", move || {
        let me = me_rx.recv_timeout(PLENTY).unwrap();
        let _ = me.join();
    }));
    ada.start();
    me_tx.send(Arc::clone(&ada)).unwrap();
    let failure = ada.join().unwrap_err();
    assert_eq!(failure.message(), "thread 'Ada' waits for its own end");
}

#[test]
fn a_thread_without_handles_runs_on() {
    let (ran_tx, ran_rx) = mpsc::channel();
    let leave = Arc::new(Barrier::new(2));
    let inside = Arc::clone(&leave);
    let ada = Thread::new("Ada", move || {
        inside.wait();
        ran_tx.send(()).unwrap();
    });
    ada.start();
    drop(ada);
    leave.wait();
    ran_rx.recv_timeout(PLENTY).unwrap();
}

#[test]
fn a_value_is_freed_with_the_last_handle() {
    let value = Arc::new(());
    let inside = Arc::clone(&value);
    let ada = Thread::new("Ada", move || inside);
    ada.start();
    drop(ada.join());
    drop(ada);
    // The thread itself lets go of it only a moment after it is known to have ended.
    until("the value is freed", || Arc::strong_count(&value) == 1);
}
