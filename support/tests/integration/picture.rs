//! Timelines as pictures: what every one of them has, and some that are known.

use std::time::Duration;

use lesson_support::{EventKind, Lock, Thread, Timeline, faulty_hogger, record};
use proptest::prelude::*;

/// Enough of XML to trust the picture: every tag is closed by its own name, and nothing in a text
/// or an attribute could end it.
#[track_caller]
fn assert_well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        assert!(!text.contains('>'), "a stray bracket in {text:?}");
        let (tag, after) = rest[start + 1..].split_once('>').expect("a tag ends");
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split([' ', '\n']).next().expect("a name"));
        }
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        assert!(!tag.contains('<'), "{tag}");
        // Of numbers that are none; words do not stand in tags.
        assert!(!tag.contains("NaN") && !tag.contains("inf"), "{tag}");
    }
    assert!(open.is_empty(), "left open: {open:?}");
    assert!(!svg.chars().any(|c| c.is_control() && c != '\n'));
}

/// What has to hold for every picture.
#[track_caller]
fn assert_picture(timeline: &Timeline) -> String {
    let svg = timeline.svg();
    assert_well_formed(&svg);
    assert!(svg.len() < 200_000, "{} bytes", svg.len());
    for part in ["role=\"img\"", "<title id=", "<desc id=", "class=\"bg\""] {
        assert!(svg.contains(part), "{part} is missing");
    }
    assert_eq!(svg, timeline.svg(), "not the same twice");
    svg
}

/// Whether the picture has these words, on whichever line of its source.
fn says(svg: &str, words: &str) -> bool {
    svg.replace('\n', "").contains(words)
}

fn attribute(tag: &str, name: &str) -> f64 {
    let value = tag.split(&format!(" {name}=\"")).nth(1).expect(name);
    let value = value.split('"').next().expect("a value");
    value.parse().expect("a number")
}

/// The bars of a class, as (left edge, width, upper edge), without those of the legend.
fn bars(svg: &str, class: &str) -> Vec<(f64, f64, f64)> {
    let tags = svg.lines().filter(|line| line.starts_with("<rect "));
    let tags = tags.filter(|tag| tag.contains(&format!("class=\"{class}\"")));
    let bars = tags.map(|tag| {
        let number = |name| attribute(tag, name);
        (number("x"), number("width"), number("y"), number("height"))
    });
    // A sign of the legend is 34 by 18 and stands below everything.
    let mut bars: Vec<_> = bars.collect();
    if bars
        .last()
        .is_some_and(|last| (last.1, last.3) == (34.0, 18.0))
    {
        bars.pop();
    }
    bars.into_iter()
        .map(|(x, width, y, _)| (x, width, y))
        .collect()
}

#[test]
fn taking_turns_is_drawn_with_waits_holds_a_strip_and_arrows() {
    let lock = Lock::new("studio");
    let held = lock.hold();
    let handle = lock.clone();
    let ada = Thread::new("Ada", move || drop(handle.hold()));
    ada.start();
    assert!(ada.settle());
    std::thread::sleep(Duration::from_millis(20));
    drop(held);
    ada.join().expect("Ada does not panic");

    let svg = assert_picture(&lock.timeline());
    assert_eq!(bars(&svg, "h").len(), 2);
    assert_eq!(bars(&svg, "w").len(), 1);
    assert_eq!(bars(&svg, "l").len(), 2);
    assert_eq!(
        svg.matches("class=\"a\"").count(),
        2,
        "one, and the legend's"
    );
    for words in [
        ">Ada<",
        ">studio<",
        "then Ada</title>",
        "Ada waits for studio from",
    ] {
        assert!(says(&svg, words), "{words} in {svg}");
    }
}

#[test]
fn strip_and_lanes_agree() {
    let lock = Lock::new("studio");
    for _ in 0..3 {
        let _held = lock.hold();
        std::thread::sleep(Duration::from_millis(20));
    }
    let svg = lock.timeline().svg();
    let edges = |class| -> Vec<(f64, f64)> {
        bars(&svg, class)
            .into_iter()
            .map(|(x, width, _)| (x, width))
            .collect()
    };
    assert_eq!(edges("l"), edges("h"));
}

#[test]
fn a_lock_left_on_says_so_in_the_picture_and_its_title() {
    let lock = Lock::new("studio");
    let ada = faulty_hogger("Ada", &lock, Duration::from_millis(5));
    ada.start();
    ada.join().unwrap_err();
    std::thread::sleep(Duration::from_millis(50));
    let svg = assert_picture(&lock.timeline());
    assert!(says(
        &svg,
        "Ada, who has ended without releasing it</title>"
    ));
    assert!(says(&svg, ">ON: Ada, who is gone<"));
    assert!(says(&svg, ">panic, ends without releasing<"));
    assert!(says(&svg, ">goes on<"), "the open bar has its sign");
}

#[test]
fn a_long_quiet_stretch_is_cut_and_marked() {
    let mut timeline = long_turns(7);
    timeline.end_seconds += 100.0;
    let svg = assert_picture(&timeline);
    assert!(says(&svg, ">100 s cut<"), "{svg}");
}

#[test]
fn hundreds_of_quiet_stretches_still_make_a_small_picture() {
    let mut timeline = long_turns(150);
    for (index, event) in timeline.events.iter_mut().enumerate() {
        event.seconds = 6.0 * index as f64;
    }
    let svg = assert_picture(&timeline);
    assert!(says(&svg, " quiet stretches are cut short."));
}

#[test]
fn many_releases_for_somebody_else_still_make_a_small_picture() {
    let lock = Lock::new("studio");
    let handle = lock.clone();
    let ada = Thread::new("Ada", move || {
        for _ in 0..600 {
            assert!(handle.acquire());
        }
    });
    ada.start();
    for _ in 0..599 {
        assert!(ada.settle());
        lock.release();
    }
    ada.join().expect("Ada does not panic");
    let svg = assert_picture(&lock.timeline());
    assert!(says(
        &svg,
        " hand-overs happened; their arrows are not drawn."
    ));
}

#[test]
fn a_short_hold_is_wide_enough_to_be_seen() {
    let lock = Lock::new("studio");
    drop(lock.hold());
    std::thread::sleep(Duration::from_millis(30));
    assert_eq!(bars(&lock.timeline().svg(), "h")[0].1, 6.0);
}

#[test]
fn nothing_to_draw_is_a_picture_all_the_same() {
    let svg = assert_picture(&Lock::new("studio").timeline());
    assert!(says(&svg, "Nobody has held or awaited studio</title>"));
    assert_picture(&record(|| ()));
}

/// A timeline of `turns` short holds by as many threads, one after the other.
fn long_turns(turns: usize) -> Timeline {
    let lock = Lock::new("studio");
    for number in 0..turns {
        let handle = lock.clone();
        let ada = Thread::new(format!("guest {number}"), move || drop(handle.hold()));
        ada.start();
        ada.join().expect("nobody panics");
    }
    lock.timeline()
}

#[test]
fn many_events_are_drawn_together_with_their_number_and_none_is_lost() {
    let timeline = record(|| {
        let lock = Lock::new("counter");
        for _ in 0..4_000 {
            drop(lock.hold());
        }
    });
    assert!(timeline.events.len() >= 12_000);
    let svg = assert_picture(&timeline);
    assert!(says(
        &svg,
        "events: bars too short to tell apart are drawn as one"
    ));
    let bars = bars(&svg, "m").len() + bars(&svg, "h").len();
    assert!((1..600).contains(&bars), "{bars}");
}

#[test]
fn three_hundred_threads_fit_into_one_picture() {
    let timeline = long_turns(300);
    let svg = assert_picture(&timeline);
    assert!(says(&svg, ">261 more threads<"));
}

#[test]
fn names_with_brackets_quotes_and_control_characters_do_no_harm() {
    let lock = Lock::new("<b attr=\"x\">&\u{1b}[31m\n");
    let handle = lock.clone();
    let ada = Thread::new("</text>\"'&amp;\u{7}", move || drop(handle.hold()));
    ada.start();
    ada.join().expect("nobody panics");
    assert_picture(&lock.timeline());
}

#[test]
fn two_pictures_in_one_page_do_not_share_their_patterns() {
    let first = long_turns(1).svg();
    let second = long_turns(2).svg();
    let id = |svg: &str| {
        svg.split("<pattern height=")
            .nth(1)
            .unwrap()
            .split('"')
            .nth(3)
            .unwrap()
            .to_owned()
    };
    assert_ne!(id(&first), id(&second));
}

/// A random step of one of some threads, at one of some locks.
fn events() -> impl Strategy<Value = serde_json::Value> {
    let kind = prop_oneof![
        (0..4_usize).prop_map(|by| serde_json::json!({"kind": "asks", "held_by": by,
            "holder_has_ended": false})),
        any::<bool>().prop_map(|waited| serde_json::json!({"kind": "gets",
            "waited_seconds": waited.then_some(0.1), "shared": !waited})),
        Just(serde_json::json!({"kind": "waits"})),
        Just(serde_json::json!({"kind": "goes_on", "waited_seconds": 0.2})),
        Just(serde_json::json!({"kind": "gives_up", "waited_seconds": 0.3, "why": "timed_out"})),
        Just(serde_json::json!({"kind": "gives_up", "waited_seconds": 0.0, "why": "not_free"})),
        (0..4_usize).prop_map(|by| serde_json::json!({"kind": "releases", "held_by": by,
            "holder_has_ended": true})),
        "[a-z <&]{0,50}".prop_map(|what| serde_json::json!({"kind": "does", "what": what})),
        Just(serde_json::json!({"kind": "starts"})),
        Just(serde_json::json!({"kind": "panics"})),
        Just(serde_json::json!({"kind": "ends"})),
    ];
    let seconds = prop_oneof![Just(0.0), 0.0..1e-6, 0.0..20.0, -1.0..1e9];
    let lock = prop_oneof![Just(None), (0..4_usize).prop_map(Some)];
    (seconds, 0..5_usize, lock, kind).prop_map(|(seconds, lane, lock, mut kind)| {
        kind["seconds"] = seconds.into();
        kind["lane"] = lane.into();
        kind["lock"] = lock.into();
        kind
    })
}

fn timelines() -> impl Strategy<Value = Timeline> {
    (
        proptest::collection::vec(events(), 0..400),
        any::<bool>(),
        0.0..30.0,
    )
        .prop_map(|(events, steps, end)| {
            let timeline = serde_json::json!({
                "locks": ["studio", "till", "<&>"],
                "lanes": ["notebook", "Ada", "Bea", "a name which is a good deal too long"],
                "events": events,
                "left_out": 3,
                "end_seconds": end,
                "clock": if steps { "steps" } else { "seconds" },
            });
            serde_json::from_value(timeline).expect("all fields are there")
        })
}

proptest! {
    #![proptest_config(ProptestConfig {
        // What was found once has a test of its own.
        failure_persistence: None,
        ..ProptestConfig::with_cases(96)
    })]

    /// Also of events that no lock would ever tell, in no order: a timeline can come from a file.
    #[test]
    fn every_stream_of_events_has_a_picture(timeline in timelines()) {
        assert_picture(&timeline);
        let _ = timeline.to_string();
    }

    /// A known program of random length: each of some threads takes turns at some locks.
    #[test]
    fn each_hold_is_drawn_once_in_its_lane_and_once_in_its_strip(
        turns in proptest::collection::vec((0..3_usize, 0..3_usize), 1..40)
    ) {
        let timeline = record(|| {
            let locks = ["a", "b", "c"].map(Lock::new);
            for (number, lock) in &turns {
                let handle = locks[*lock].clone();
                let thread = Thread::new(format!("drawn {number}"), move || drop(handle.hold()));
                thread.start();
                thread.join().expect("nobody panics");
            }
        });
        // Other tests run meanwhile, and are recorded, too.
        let mine: Vec<usize> = timeline.lanes.iter().enumerate()
            .filter(|(_, name)| name.starts_with("drawn ")).map(|(lane, _)| lane).collect();
        let mut holder = [None; 3];
        let mut holds = 0;
        for event in timeline.events.iter().filter(|event| mine.contains(&event.lane)) {
            let Some(lock) = event.lock else { continue };
            let name = timeline.locks[lock].chars().next().expect("a name");
            let holder = &mut holder[(name as usize) - ('a' as usize)];
            match event.kind {
                EventKind::Gets { .. } => {
                    prop_assert_eq!(holder.replace(event.lane), None, "two holders");
                    holds += 1;
                }
                EventKind::Releases { held_by, .. } => {
                    prop_assert_eq!(holder.take(), Some(held_by));
                }
                _ => {}
            }
        }
        prop_assert_eq!(holds, turns.len());
        assert_picture(&timeline);
    }
}
