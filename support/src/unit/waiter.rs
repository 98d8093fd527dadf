use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::standing::Standing;
use crate::thread_mark::ThreadMark;
use crate::waiter::{Outcome, Waiter, WhileUnwinding};

const PLENTY: Duration = Duration::from_secs(30);

/// Else two threads that watch each other could each hold what the other one needs.
#[test]
fn a_watcher_is_rung_with_no_flags_locked() {
    let standing = Arc::new(Standing::default());
    let watcher = Waiter::new(ThreadMark::current());
    assert!(!standing.is_settled_else_watch(&watcher));
    let busy = watcher.flags.lock();

    let told = Arc::clone(&standing);
    let (waiter_tx, waiter_rx) = mpsc::channel();
    let ada = thread::spawn(move || {
        let me = ThreadMark::current();
        me.report_to(&told);
        let waiter = Waiter::new(me);
        waiter_tx.send(waiter.clone()).expect("the test goes on");
        waiter.wait(Some(Instant::now() + PLENTY), WhileUnwinding::GiveUp)
    });
    let waiter = waiter_rx.recv_timeout(PLENTY).expect("Ada waits");
    let deadline = Instant::now() + PLENTY;
    let look = Waiter::new(ThreadMark::current());
    while !standing.is_settled_else_watch(&look) {
        assert!(Instant::now() < deadline, "Ada does not block");
        standing.forget(&look);
        thread::yield_now();
    }
    // Ada now rings the watcher, or is about to; it cannot be rung.
    assert!(waiter.flags.try_lock_for(PLENTY).is_some());

    drop(busy);
    waiter.ring();
    assert_eq!(ada.join().expect("Ada does not panic"), Outcome::Rung);
}
