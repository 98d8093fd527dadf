//! The recording switch: whenever it is thrown, a hold is told wholly or not at all, and rightly so.

use std::sync::Arc;

use shuttle::sync::atomic::{AtomicU32, Ordering};
use shuttle::thread;

use crate::lock::Lock;
use crate::observed;
use crate::run::{fails_with, holds};
use crate::sync::Fault;
use crate::timeline::EventKind;

/// Where the switch is. Odd: on its way.
mod place {
    pub(super) const BEFORE: u32 = 0;
    pub(super) const GOES_OFF: u32 = 1;
    pub(super) const OFF: u32 = 2;
    pub(super) const GOES_ON: u32 = 3;
    pub(super) const ON_AGAIN: u32 = 4;
}

const HOLDS: usize = 4;

/// Recording goes off and on while a thread takes a lock some times.
fn each_hold_on_its_side() {
    let lock = Lock::new("studio");
    let switch = Arc::new(AtomicU32::new(place::BEFORE));
    let (handle, watched) = (lock.clone(), Arc::clone(&switch));
    let ada = thread::spawn(move || {
        let mut spans = Vec::new();
        for _ in 0..HOLDS {
            let before = watched.load(Ordering::SeqCst);
            assert!(handle.acquire());
            thread::yield_now();
            handle.release();
            spans.push((before, watched.load(Ordering::SeqCst)));
        }
        spans
    });
    for (on, on_its_way, there) in [
        (false, place::GOES_OFF, place::OFF),
        (true, place::GOES_ON, place::ON_AGAIN),
    ] {
        switch.store(on_its_way, Ordering::SeqCst);
        observed::switch(on);
        switch.store(there, Ordering::SeqCst);
        thread::yield_now();
    }
    let spans = ada.join().expect("no thread panics");

    let timeline = lock.timeline();
    let (mut told, mut held) = (0, false);
    for event in &timeline.events {
        match event.kind {
            EventKind::Gets { .. } => {
                assert!(!std::mem::replace(&mut held, true), "a hold has no end");
                told += 1;
            }
            EventKind::Releases { .. } => {
                assert!(
                    std::mem::replace(&mut held, false),
                    "a hold has no beginning"
                );
            }
            _ => {}
        }
    }
    assert!(!held, "a hold has no end");
    let within = |place| spans.iter().filter(|span| **span == (place, place)).count();
    let wrongly = within(place::BEFORE) + within(place::OFF);
    assert!(told <= HOLDS - wrongly, "a hold of the pause is told");
    assert!(told >= within(place::ON_AGAIN), "a hold is not told");
    assert!(!lock.locked());
}

#[test]
fn a_hold_is_told_wholly_and_only_if_recording_is_on() {
    holds(each_hold_on_its_side);
}

#[test]
fn with_stale_looks_a_switch_tells_what_is_not_to_be_told() {
    fails_with(
        Fault::StaleLook,
        each_hold_on_its_side,
        &["a hold of the pause", "a hold is not told", "a hold has no"],
    );
}

#[test]
fn on_torn_exchanges_a_switch_cuts_holds_in_two() {
    fails_with(
        Fault::TornExchange,
        each_hold_on_its_side,
        &[
            "a hold has no",
            "a hold of the pause",
            "is free",
            "a hold is not told",
        ],
    );
}
