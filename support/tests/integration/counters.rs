use std::sync::Arc;

use lesson_support::{AtomicCounter, LockedCounter, RacyCounter};

use crate::deadline::{Background, in_background};

const THREADS: u32 = 10;
const ROUNDS: u32 = 1_000;

/// Ten threads, a thousand increments each.
fn count<C: Send + Sync + 'static>(counter: C, increment: fn(&C), value: fn(&C) -> u32) -> u32 {
    let counter = Arc::new(counter);
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let counter = Arc::clone(&counter);
            in_background("counting", move || {
                (0..ROUNDS).for_each(|_| increment(&counter));
            })
        })
        .collect();
    threads.into_iter().for_each(Background::finish);
    value(&counter)
}

/// Broken. Not a matter of luck: the lesson's claim is "every time".
#[test]
fn the_racy_counter_loses_updates_in_200_of_200_runs() {
    for run in 1..=200 {
        let value = count(
            RacyCounter::new(),
            RacyCounter::increment,
            RacyCounter::value,
        );
        assert!(value < THREADS * ROUNDS, "run {run} lost nothing");
    }
}

/// Repaired by an indivisible step.
#[test]
fn the_atomic_counter_loses_nothing() {
    let value = count(
        AtomicCounter::new(),
        AtomicCounter::increment,
        AtomicCounter::value,
    );
    assert_eq!(value, THREADS * ROUNDS);
}

/// Repaired by a lock around the two steps.
#[test]
fn the_locked_counter_loses_nothing() {
    let value = count(
        LockedCounter::new(),
        LockedCounter::increment,
        LockedCounter::value,
    );
    assert_eq!(value, THREADS * ROUNDS);
}

#[test]
fn one_thread_alone_loses_nothing_with_any_counter() {
    let (racy, atomic, locked) = (
        RacyCounter::default(),
        AtomicCounter::default(),
        LockedCounter::default(),
    );
    for _ in 0..100 {
        racy.increment();
        atomic.increment();
        locked.increment();
    }
    assert_eq!([racy.value(), atomic.value(), locked.value()], [100; 3]);
    assert_eq!(format!("{racy:?}"), "<racy counter: 100>");
    assert_eq!(format!("{atomic:?}"), "<atomic counter: 100>");
    assert_eq!(format!("{locked:?}"), "<locked counter: 100>");
}

#[test]
fn counters_can_be_statics() {
    static RACY: RacyCounter = RacyCounter::new();
    static ATOMIC: AtomicCounter = AtomicCounter::new();
    static LOCKED: LockedCounter = LockedCounter::new();
    RACY.increment();
    ATOMIC.increment();
    LOCKED.increment();
    assert_eq!([RACY.value(), ATOMIC.value(), LOCKED.value()], [1; 3]);
}
