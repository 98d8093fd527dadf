//! The ring: whoever makes a lock slow finds every hold there that has gone by, whole.

use loom::sync::Arc;
use loom::thread;

use crate::gate::holds::Holds;
use crate::gate::take;
use crate::gate::word::{Seen, Word};
use crate::run::{fails_with, holds};
use crate::sync::Fault;

struct Lock {
    word: Word,
    holds: Holds,
}

/// Recorded holds, one after the other, until somebody makes the lock slow.
fn hold(lock: &Lock, thread: u32, times: u32) {
    for _ in 0..times {
        let Some(held) = take(&lock.word, thread, false) else {
            return;
        };
        lock.holds.begin(held);
        if !lock.holds.end(held) || !lock.word.release(held, held.freed()) {
            // Taken over: in the crate, the rest is told in turn.
            return;
        }
    }
}

fn somebody_looks() {
    let lock = Arc::new(Lock {
        word: Word::new(Seen::free(0)),
        holds: Holds::new(),
    });
    // Makes the first page: loom does not see that its `OnceLock` orders anything.
    hold(&lock, 2, 1);
    let shared = Arc::clone(&lock);
    let ada = thread::spawn(move || hold(&shared, 1, 3));
    let seen = lock.word.slow_down().expect("nobody else makes it slow");
    let goes_on = seen.holder().is_some();
    let mut last = None;
    for ticket in 0..seen.next_ticket() - u64::from(goes_on) {
        let hold = lock.holds.completed(ticket).expect("a hold is lost");
        let by = if ticket == 0 { 2 } else { 1 };
        assert_eq!((hold.ticket, hold.thread), (ticket, by), "a hold is torn");
        assert!(Some(hold.got) > last, "holds overlap");
        last = Some(hold.released);
    }
    if goes_on {
        let got = lock.holds.take_over(seen);
        assert!(Some(got) > last, "holds overlap");
    }
    ada.join().expect("Ada does not panic");
}

#[test]
fn who_makes_a_lock_slow_finds_every_hold_whole() {
    holds(somebody_looks);
}

#[test]
fn without_release_holds_get_lost_or_torn() {
    fails_with(Fault::Release, somebody_looks, "hold");
}

#[test]
fn without_acquire_holds_get_lost_or_torn() {
    fails_with(Fault::Acquire, somebody_looks, "hold");
}
