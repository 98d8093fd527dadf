//! The log of what happened: nothing is lost, doubled or torn within its bound.

use std::collections::HashMap;

use shuttle::thread;

use crate::guards::lock_for_guards;
use crate::lock::Lock;
use crate::observed::{self, Position};
use crate::run::{fails_with, holds};
use crate::sync::Fault;
use crate::timeline::{EventKind, Timeline};

/// Asks, gets and releases come once for each hold, by one thread, and holds do not overlap.
fn assert_complete(timeline: &Timeline, rounds: usize) {
    let count = |is: fn(&EventKind) -> bool| {
        let events = timeline.events.iter();
        events.filter(|event| is(&event.kind)).count()
    };
    assert_eq!(timeline.left_out, 0, "something is left out");
    assert_eq!(
        count(|kind| matches!(kind, EventKind::Asks { .. })),
        rounds,
        "asks"
    );
    assert_eq!(
        count(|kind| matches!(kind, EventKind::Gets { .. })),
        rounds,
        "gets"
    );
    assert_eq!(
        count(|kind| matches!(kind, EventKind::Releases { .. })),
        rounds,
        "releases"
    );
    let mut holder = None;
    let mut asking: HashMap<usize, usize> = HashMap::new();
    for event in &timeline.events {
        match event.kind {
            EventKind::Asks { .. } => *asking.entry(event.lane).or_default() += 1,
            EventKind::Gets { .. } => {
                assert_eq!(holder.replace(event.lane), None, "two hold it at once");
                assert_eq!(asking.remove(&event.lane), Some(1), "it was not asked for");
            }
            EventKind::Releases { held_by, .. } => {
                assert_eq!(holder.take(), Some(held_by), "it was not held");
            }
            _ => {}
        }
    }
    assert_eq!(holder, None);
}

fn every_hold_is_told() {
    let lock = lock_for_guards();
    let start = Position::now();
    let threads: Vec<_> = (0..3)
        .map(|number| {
            let handle = lock.clone();
            thread::spawn(move || {
                for _ in 0..2 {
                    drop(handle.hold());
                    if number == 0 {
                        // Looks make the lock slow, and what goes by then is kept elsewhere.
                        let _ = handle.holder();
                    }
                }
            })
        })
        .collect();
    // A look at any moment is consistent.
    let _ = lock.timeline();
    threads
        .into_iter()
        .for_each(|thread| thread.join().expect("no thread panics"));
    assert_complete(&lock.timeline(), 6);
    let everything = observed::observed_since(&start);
    assert_complete(&Timeline::of_everything(start.at(), everything), 6);
    // What a lock has told is still there when it is gone.
    drop(lock);
    let everything = observed::observed_since(&start);
    assert_complete(&Timeline::of_everything(start.at(), everything), 6);
}

#[test]
fn a_log_loses_doubles_and_tears_nothing() {
    holds(every_hold_is_told);
}

#[test]
fn a_log_under_a_torn_exchange_is_not_complete() {
    fails_with(
        Fault::TornExchange,
        every_hold_is_told,
        &[
            "two hold", "left out", "asks", "gets", "releases", "deadlock", "not held",
        ],
    );
}
