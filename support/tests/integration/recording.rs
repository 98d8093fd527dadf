use std::time::Duration;

use lesson_support::{EventKind, Lock, Thread, record, recording};

use crate::own_process::in_own_process;

#[test]
fn what_happens_outside_of_it_is_not_recorded() {
    let lock = Lock::new("a lock of before");
    drop(lock.hold());
    let timeline = record(|| drop(Lock::new("a lock of then").hold()));
    assert!(timeline.locks.iter().any(|lock| lock == "a lock of then"));
    assert!(timeline.locks.iter().all(|lock| lock != "a lock of before"));
}

#[test]
fn starts_panics_and_ends_of_threads_are_recorded() {
    let timeline = record(|| {
        let ada = Thread::new("Ada who falls", || -> () { panic!("a string broke") });
        ada.start();
        ada.join().unwrap_err();
    });
    let lane = timeline
        .lanes
        .iter()
        .position(|lane| lane == "Ada who falls");
    let own = timeline
        .events
        .iter()
        .filter(|event| Some(event.lane) == lane);
    let kinds: Vec<&EventKind> = own.map(|event| &event.kind).collect();
    assert_eq!(
        kinds,
        [&EventKind::Starts, &EventKind::Panics, &EventKind::Ends]
    );
    let starts = EventKind::Does {
        what: "starts Ada who falls".to_owned(),
    };
    assert!(timeline.events.iter().any(|event| event.kind == starts));
}

#[test]
fn a_panic_under_two_guards_is_told_once() {
    let timeline = record(|| {
        let ada = Thread::new("Ada with two", || {
            let (a, b) = (Lock::new("a"), Lock::new("b"));
            let (_a, _b) = (a.hold(), b.hold());
            panic!("a string broke");
        });
        ada.start();
        ada.join().unwrap_err();
    });
    let lane = timeline
        .lanes
        .iter()
        .position(|lane| lane == "Ada with two");
    let panics = timeline.events.iter();
    let panics = panics.filter(|event| Some(event.lane) == lane && event.kind == EventKind::Panics);
    assert_eq!(panics.count(), 1);
}

#[test]
fn what_was_begun_before_is_left_out_and_counted() {
    let lock = Lock::new("begun before");
    let held = lock.hold();
    let timeline = record(move || drop(held));
    assert!(timeline.left_out >= 1);
    assert!(timeline.locks.iter().all(|lock| lock != "begun before"));
}

#[test]
fn recording_can_be_switched_off_and_begins_anew() {
    in_own_process(
        "recording::recording_can_be_switched_off_and_begins_anew",
        Vec::new,
        || {
            let lock = Lock::new("studio");
            let held = lock.hold();
            assert!(recording(false));
            assert!(!recording(false));
            drop(held);
            let again = lock.hold();
            assert_eq!(lock.holder().as_deref().is_some(), lock.locked());
            assert!(!recording(true));
            drop(again);
            assert!(!lock.try_acquire() || lock.locked());
            let timeline = lock.timeline();
            let kinds: Vec<&EventKind> = timeline.events.iter().map(|event| &event.kind).collect();
            assert!(
                matches!(kinds[..], [EventKind::Asks { .. }, EventKind::Gets { .. }]),
                "{timeline}"
            );
            // Two of before, and the release of a hold whose beginning is missing.
            assert_eq!(timeline.left_out, 3);
        },
    );
}

#[test]
fn record_switches_recording_on_for_its_time_and_back_also_by_a_panic() {
    in_own_process(
        "recording::record_switches_recording_on_for_its_time_and_back_also_by_a_panic",
        Vec::new,
        || {
            recording(false);
            let timeline = record(|| drop(Lock::new("studio").hold()));
            assert_eq!(timeline.events.len(), 3);
            let outcome = std::panic::catch_unwind(|| record(|| panic!("a string broke")));
            assert!(outcome.is_err());
            assert!(!recording(true), "it is off again");
        },
    );
}

#[test]
fn a_flood_is_bounded_and_counted() {
    in_own_process(
        "recording::a_flood_is_bounded_and_counted",
        Vec::new,
        || {
            let timeline = record(|| {
                let lock = Lock::new("studio");
                for _ in 0..10_000 {
                    drop(lock.hold());
                }
            });
            assert!(timeline.events.len() <= 20_000);
            assert_eq!(timeline.left_out + timeline.events.len() as u64, 30_000);
            assert!(timeline.svg().len() < 200_000);
        },
    );
}

/// As a cell's last expression; the kernel calls it.
#[test]
fn a_display_has_the_picture_and_the_text() {
    let child = in_own_process(
        "recording::a_display_has_the_picture_and_the_text",
        Vec::new,
        || {
            let lock = Lock::new("studio");
            drop(lock.hold());
            std::thread::sleep(Duration::from_millis(1));
            lock.timeline().evcxr_display();
        },
    );
    child.assert_stdout_has(&[
        "EVCXR_BEGIN_CONTENT image/svg+xml\n<svg ",
        "</svg>\nEVCXR_END_CONTENT\nEVCXR_BEGIN_CONTENT text/plain\n0.00 ",
        " releases\nEVCXR_END_CONTENT\n",
    ]);
}
