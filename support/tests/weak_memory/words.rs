//! The word: what was written under the lock is seen under it.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

use crate::gate::take;
use crate::gate::word::{Seen, Word};
use crate::run::{fails_with, holds};
use crate::sync::Fault;

/// Something that loom watches: it tells of two threads that are at it with nothing to order them.
struct Guarded {
    word: Word,
    data: UnsafeCell<()>,
    number: AtomicU32,
}

/// Three that wait for each other go beyond loom's limit of branches.
const THREADS: u32 = 2;

fn each_adds_one() {
    let guarded = Arc::new(Guarded {
        word: Word::new(Seen::free(0)),
        data: UnsafeCell::new(()),
        number: AtomicU32::new(0),
    });
    let add = |guarded: &Guarded, thread| {
        let held = take(&guarded.word, thread, false).expect("nobody makes it slow");
        guarded.data.with_mut(|_| ());
        let seen = guarded.number.load(Ordering::Relaxed);
        guarded.number.store(seen + 1, Ordering::Relaxed);
        assert!(guarded.word.release(held, held.freed()));
    };
    let others: Vec<_> = (1..THREADS)
        .map(|thread| {
            let shared = Arc::clone(&guarded);
            thread::spawn(move || add(&shared, thread))
        })
        .collect();
    add(&guarded, THREADS);
    for thread in others {
        thread.join().expect("no thread panics");
    }
    let sum = guarded.number.load(Ordering::Relaxed);
    assert_eq!(sum, THREADS, "an update is lost");
}

#[test]
fn what_is_written_under_the_lock_is_seen_under_it() {
    holds(each_adds_one);
}

#[test]
fn without_acquire_a_lock_does_not_guard() {
    fails_with(Fault::Acquire, each_adds_one, "Causality violation");
}

#[test]
fn without_release_a_lock_does_not_guard() {
    fails_with(Fault::Release, each_adds_one, "Causality violation");
}
