use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use crate::standing::Standing;
use crate::thread_mark::ThreadMark;
use crate::waiter::{Outcome, Waiter, WhileUnwinding};

const PLENTY: Duration = Duration::from_secs(30);

fn watcher() -> Arc<Waiter> {
    Waiter::new(ThreadMark::current())
}

#[test]
fn a_thread_settles_when_it_blocks_and_is_unsettled_when_it_goes_on() {
    let standing = Standing::default();
    assert!(!standing.is_settled_else_watch(&watcher()));
    assert_eq!(standing.block(None).len(), 1);
    assert!(standing.is_settled_else_watch(&watcher()));
    standing.go_on();
    assert!(!standing.is_settled_else_watch(&watcher()));
}

#[test]
fn a_wait_whose_time_is_over_is_not_settled() {
    let standing = Standing::default();
    let _nobody = standing.block(Some(Instant::now()));
    assert!(!standing.is_settled_else_watch(&watcher()));
    assert_eq!(standing.end().len(), 1);
}

#[test]
fn an_end_is_for_good() {
    let standing = Standing::default();
    let _nobody = standing.end();
    standing.go_on();
    assert!(standing.is_settled_else_watch(&watcher()));
}

#[test]
fn who_is_forgotten_is_not_rung() {
    let standing = Standing::default();
    let (first, second) = (watcher(), watcher());
    assert!(!standing.is_settled_else_watch(&first));
    assert!(!standing.is_settled_else_watch(&second));
    standing.forget(&first);
    let watching = standing.block(None);
    assert!(matches!(&watching[..], [only] if Arc::ptr_eq(only, &second)));
}

#[test]
fn a_late_ring_of_an_earlier_wait_does_not_unsettle_the_thread() {
    let deadline = Some(Instant::now() + PLENTY);
    let standing = Arc::new(Standing::default());
    let (first_tx, first_rx) = mpsc::channel();
    let told = Arc::clone(&standing);
    let ada = thread::spawn(move || {
        let me = ThreadMark::current();
        me.report_to(&told);
        let first = Waiter::new(Arc::clone(&me));
        let outcome = first.wait(Some(Instant::now()), WhileUnwinding::GiveUp);
        let second = Waiter::new(me);
        let both = (first, Arc::clone(&second));
        first_tx.send(both).expect("the test goes on");
        (outcome, second.wait(deadline, WhileUnwinding::GiveUp))
    });
    let (first, second) = first_rx
        .recv_timeout(PLENTY)
        .expect("Ada comes to her second wait");
    let me = watcher();
    if !standing.is_settled_else_watch(&me) {
        assert_eq!(me.wait(deadline, WhileUnwinding::GiveUp), Outcome::Rung);
    }
    first.ring();
    assert!(standing.is_settled_else_watch(&watcher()));
    second.ring();
    assert!(!standing.is_settled_else_watch(&watcher()));
    let outcomes = ada.join().expect("Ada does not panic");
    assert_eq!(outcomes, (Outcome::TimedOut, Outcome::Rung));
}
