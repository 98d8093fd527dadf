use std::sync::{Arc, Barrier};
use std::time::Duration;

use lesson_support::{
    EventKind, GiveUp, KeyboardInterrupt, Lock, Thread, Timeline, faulty_hogger, press_stop_after,
};

use crate::consistency::assert_consistent;
use crate::deadline::{Background, in_background, on_thread, until_queue};

/// The text without the times, which no two runs share.
fn story(timeline: &Timeline) -> Vec<String> {
    let mut lines = Vec::new();
    for line in timeline.to_string().lines() {
        let (seconds, rest) = line.split_once(' ').expect("a time and a text");
        let (whole, hundredths) = seconds.split_once('.').expect("seconds with a point");
        assert!(whole.parse::<u32>().is_ok(), "{line}");
        assert!(
            hundredths.len() == 2 && hundredths.parse::<u32>().is_ok(),
            "{line}"
        );
        let words = rest.split(' ').map(|word| match word.parse::<f64>() {
            Ok(_) => "#",
            Err(_) => word,
        });
        lines.push(words.collect::<Vec<_>>().join(" "));
    }
    lines
}

#[test]
fn a_lock_that_nobody_used_has_nothing_to_tell() {
    let timeline = Lock::new("studio").timeline();
    assert_eq!(timeline.to_string(), "(nothing has happened to studio yet)");
    assert!(timeline.events.is_empty() && timeline.lanes.is_empty());
}

/// Drawing E2: taking turns.
#[test]
fn taking_turns_reads_as_it_happened() {
    let lock = Lock::new("studio");
    let (inside, leave) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let (here, there, handle) = (Arc::clone(&inside), Arc::clone(&leave), lock.clone());
    let ada = in_background("Ada", move || {
        assert!(handle.acquire());
        here.wait();
        there.wait();
        handle.release();
    });
    inside.wait();
    let handle = lock.clone();
    let bea = in_background("Bea", move || drop(handle.hold()));
    until_queue(&lock, &["Bea"]);
    leave.wait();
    ada.finish();
    bea.finish();

    let timeline = lock.timeline();
    assert_consistent(&timeline);
    let mut lines = story(&timeline);
    // Two threads end when they like; all else is in a fixed order.
    let ends: Vec<String> = lines
        .extract_if(.., |line| line.ends_with("ends"))
        .collect();
    assert_eq!(
        lines,
        [
            "Ada asks studio",
            "Ada gets studio",
            "Bea asks studio (held by Ada)",
            "Ada releases",
            "Bea gets studio after # s",
            "Bea releases",
        ]
    );
    assert_eq!(ends.len(), 2);
    assert_eq!(timeline.lanes, ["Ada", "Bea"]);
}

/// Drawing E3: left on.
#[test]
fn a_lock_left_held_reads_as_it_happened() {
    let lock = Lock::new("studio");
    let ada = faulty_hogger("Ada", &lock, Duration::from_millis(5));
    ada.start();
    ada.join().unwrap_err();
    let handle = lock.clone();
    in_background("Bea", move || {
        press_stop_after(Duration::from_millis(20));
        handle.acquire()
    })
    .outcome()
    .unwrap_err()
    .downcast::<KeyboardInterrupt>()
    .unwrap();
    let handle = lock.clone();
    on_thread("Cy", move || {
        assert!(!handle.acquire_for(Duration::from_millis(20)));
        assert!(!handle.try_acquire());
        handle.release();
        assert!(handle.try_acquire());
    });

    let timeline = lock.timeline();
    assert_consistent(&timeline);
    assert_eq!(
        story(&timeline),
        [
            "Ada asks studio",
            "Ada gets studio",
            "Ada panics",
            "Ada ends",
            "Bea asks studio (held by Ada, thread has ended)",
            "Bea gives up after # s (interrupted)",
            "Bea ends",
            "Cy asks studio (held by Ada, thread has ended)",
            "Cy gives up after # s (timed out)",
            "Cy asks studio (held by Ada, thread has ended)",
            "Cy gives up at once (not free)",
            "Cy releases for Ada (thread has ended)",
            "Cy asks studio",
            "Cy gets studio",
            "Cy ends",
        ]
    );
}

#[test]
fn a_panic_under_a_guard_comes_before_the_release() {
    let lock = Lock::new("studio");
    let handle = lock.clone();
    let ada = Thread::new("Ada", move || {
        let _held = handle.hold();
        panic!("a string broke");
    });
    ada.start();
    ada.join().unwrap_err();
    assert_eq!(
        story(&lock.timeline()),
        [
            "Ada asks studio",
            "Ada gets studio",
            "Ada panics",
            "Ada releases",
            "Ada ends",
        ]
    );
}

#[test]
fn two_threads_of_one_name_are_told_apart() {
    let lock = Lock::new("studio");
    for _ in 0..2 {
        let handle = lock.clone();
        on_thread("Ada", move || drop(handle.hold()));
    }
    let timeline = lock.timeline();
    assert_eq!(timeline.lanes, ["Ada", "Ada (2)"]);
    assert!(timeline.to_string().contains("Ada (2) gets studio"));
}

#[test]
fn debug_shows_the_same_text() {
    let lock = Lock::new("studio");
    drop(lock.hold());
    let timeline = lock.timeline();
    assert_eq!(format!("{timeline:?}"), timeline.to_string());
}

#[test]
fn the_data_say_the_same_as_the_text() {
    let lock = Lock::new("studio");
    let handle = lock.clone();
    on_thread("Ada", move || {
        drop(handle.hold());
        assert!(handle.acquire());
        assert!(!handle.try_acquire());
    });
    let mut timeline = lock.timeline();
    for event in &mut timeline.events {
        event.seconds = 0.5;
        if let EventKind::GivesUp { waited_seconds, .. } = &mut event.kind {
            *waited_seconds = 0.25;
        }
    }
    timeline.end_seconds = 1.0;

    let value = serde_json::to_value(&timeline).unwrap();
    let asks = |held_by: Option<u32>| {
        serde_json::json!({
            "seconds": 0.5, "lane": 0, "lock": 0, "kind": "asks",
            "held_by": held_by, "holder_has_ended": false,
        })
    };
    let gets = serde_json::json!({"seconds": 0.5, "lane": 0, "lock": 0, "kind": "gets", "waited_seconds": null});
    let expected = serde_json::json!({
        "locks": ["studio"],
        "lanes": ["Ada"],
        "events": [
            asks(None),
            gets,
            {"seconds": 0.5, "lane": 0, "lock": 0, "kind": "releases",
             "held_by": 0, "holder_has_ended": false},
            asks(None),
            gets,
            asks(Some(0)),
            {"seconds": 0.5, "lane": 0, "lock": 0, "kind": "gives_up",
             "waited_seconds": 0.25, "why": "not_free"},
            {"seconds": 0.5, "lane": 0, "lock": null, "kind": "ends"},
        ],
        "left_out": 0,
        "end_seconds": 1.0,
        "clock": "seconds",
    });
    assert_eq!(value, expected);
    let back: Timeline = serde_json::from_value(value).unwrap();
    assert_eq!(back, timeline);
}

#[test]
fn a_timeline_of_a_busy_lock_is_consistent_at_any_moment() {
    let lock = Lock::new("studio");
    let threads: Vec<_> = (0..6_u64)
        .map(|number| {
            let lock = lock.clone();
            in_background("busy", move || {
                for round in 0..150 {
                    let acquired = match (number + round) % 3 {
                        0 => lock.acquire(),
                        1 => lock.acquire_for(Duration::from_micros(round)),
                        _ => lock.try_acquire(),
                    };
                    if acquired {
                        std::thread::yield_now();
                        lock.release();
                    }
                }
            })
        })
        .collect();
    for _ in 0..50 {
        assert_consistent(&lock.timeline());
    }
    threads.into_iter().for_each(Background::finish);
    let timeline = lock.timeline();
    assert_consistent(&timeline);
    let waited = |event: &lesson_support::TimelineEvent| {
        matches!(
            event.kind,
            EventKind::GivesUp {
                why: GiveUp::TimedOut,
                ..
            } | EventKind::Gets {
                waited_seconds: Some(_),
                ..
            }
        )
    };
    assert!(timeline.events.iter().any(waited), "no contention at all");
}

#[test]
fn a_busy_lock_forgets_the_oldest_events_and_counts_them() {
    let lock = Lock::new("studio");
    let waiting = {
        // An attempt whose beginning is forgotten while it goes on.
        assert!(lock.acquire());
        let handle = lock.clone();
        let waiting = in_background("Bea", move || assert!(handle.acquire()));
        until_queue(&lock, &["Bea"]);
        for _ in 0..2_000 {
            assert!(!lock.try_acquire());
        }
        lock.release();
        waiting
    };
    waiting.finish();
    let timeline = lock.timeline();
    let own = |event: &&lesson_support::TimelineEvent| !matches!(event.kind, EventKind::Ends);
    let kept = timeline.events.iter().filter(own).count();
    assert!(kept <= 2_000, "{kept}");
    // Two asks, one get, 2,000 asks given up, one release, one get.
    assert_eq!(timeline.left_out + kept as u64, 2 + 1 + 2 * 2_000 + 1 + 1);
    let text = timeline.to_string();
    assert!(text.starts_with(&format!("({} older events left out)\n", timeline.left_out)));
    assert!(text.contains(" events not shown)\n"), "{text}");
    assert_eq!(text.lines().count(), 1 + 20 + 1 + 20);
}

#[test]
fn a_get_is_only_told_with_its_asks() {
    let lock = Lock::new("studio");
    for _ in 0..5_000 {
        drop(lock.hold());
    }
    let timeline = lock.timeline();
    assert_consistent(&timeline);
    assert_eq!(timeline.left_out + timeline.events.len() as u64, 15_000);
}

/// One dealing with a lock, by a single thread.
#[derive(Clone, Copy, Debug)]
enum Dealing {
    Holds,
    HoldsWhileSomebodyLooks,
    HoldsAndAsksInVain,
    ReleasesForAda,
    IsWaitedFor,
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        failure_persistence: None,
        ..proptest::prelude::ProptestConfig::with_cases(48)
    })]

    /// Whichever way each hold takes, at once or in turn: all of it is told, once and in order.
    #[test]
    fn every_dealing_is_told_whole(
        dealings in proptest::collection::vec(
            proptest::sample::select(vec![
                Dealing::Holds,
                Dealing::HoldsWhileSomebodyLooks,
                Dealing::HoldsAndAsksInVain,
                Dealing::ReleasesForAda,
                Dealing::IsWaitedFor,
            ]),
            0..40,
        )
    ) {
        let lock = Lock::new("studio");
        let mut expected = 0;
        for dealing in dealings {
            expected += 3;
            match dealing {
                Dealing::Holds => drop(lock.hold()),
                Dealing::HoldsWhileSomebodyLooks => {
                    let held = lock.hold();
                    assert!(lock.holder().is_some());
                    drop(held);
                }
                Dealing::HoldsAndAsksInVain => {
                    let held = lock.hold();
                    assert!(!lock.try_acquire());
                    drop(held);
                    expected += 2;
                }
                Dealing::ReleasesForAda => {
                    let handle = lock.clone();
                    on_thread("Ada", move || assert!(handle.acquire()));
                    lock.release();
                    expected += 1; // Ada's end
                }
                Dealing::IsWaitedFor => {
                    let held = lock.hold();
                    let handle = lock.clone();
                    let bea = in_background("Bea", move || drop(handle.hold()));
                    until_queue(&lock, &["Bea"]);
                    drop(held);
                    bea.finish();
                    expected += 4; // and Bea's end
                }
            }
        }
        let timeline = lock.timeline();
        assert_consistent(&timeline);
        proptest::prop_assert_eq!(timeline.events.len(), expected);
        proptest::prop_assert_eq!(timeline.left_out, 0);
    }
}
