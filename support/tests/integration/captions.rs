//! What stands in the bars of a picture can be read.

use lesson_support::Timeline;
use serde_json::json;

/// Ada holds the lock from 0 to `held` and panics at `panics`, of five seconds.
fn ada_panics(held: f64, panics: f64, name: &str) -> String {
    let mut events = vec![
        json!({"seconds": 0.0, "lane": 0, "lock": 0, "kind": "asks", "held_by": null,
            "holder_has_ended": false}),
        json!({"seconds": 0.0, "lane": 0, "lock": 0, "kind": "gets", "waited_seconds": null}),
        json!({"seconds": held, "lane": 0, "lock": 0, "kind": "releases", "held_by": 0,
            "holder_has_ended": false}),
        json!({"seconds": panics, "lane": 0, "lock": null, "kind": "panics"}),
    ];
    events.sort_by(|a, b| f64::total_cmp(&seconds(a), &seconds(b)));
    let timeline = json!({"locks": ["studio"], "lanes": [name], "events": events,
        "left_out": 0, "end_seconds": 5.0, "clock": "seconds"});
    let timeline: Timeline = serde_json::from_value(timeline).expect("all fields are there");
    timeline.svg()
}

fn seconds(event: &serde_json::Value) -> f64 {
    event["seconds"].as_f64().expect("a number")
}

/// The elements of this class: the number behind `start` in each, and its words.
fn all(svg: &str, class: &str, start: &str) -> Vec<(f64, String)> {
    let class = format!("class=\"{class}\" ");
    let elements = svg.split(class.as_str()).skip(1);
    let found = elements.filter_map(|element| {
        let (_, number) = element.split_once(start)?;
        let number = number.split([' ', '"']).next()?.parse().ok()?;
        let words = element.split_once('>')?.1.split('<').next()?.trim();
        Some((number, words.to_owned()))
    });
    found.collect()
}

fn find(svg: &str, class: &str, start: &str) -> Option<(f64, String)> {
    all(svg, class, start).into_iter().next()
}

/// From where to where the cross is.
fn cross(svg: &str) -> (f64, f64) {
    let (x, _) = find(svg, "p", "d=\"M").expect("a cross");
    (x, x + 14.0)
}

/// A letter of these fonts is some 7.4 wide at most.
fn width(words: &str) -> f64 {
    7.4 * words.chars().count() as f64
}

#[test]
fn a_panic_in_a_hold_leaves_its_words_free() {
    for tenths in 1..50 {
        let svg = ada_panics(5.0, f64::from(tenths) / 10.0, "Ada");
        let (x, words) = find(&svg, "b", "x=\"").expect("a caption in the bar");
        assert_eq!(words, "holds 5.00 s");
        let (from, to) = cross(&svg);
        let half = width(&words) / 2.0;
        assert!(to <= x - half || x + half <= from, "covered at {tenths}");
    }
}

#[test]
fn a_panic_beside_a_short_hold_leaves_its_words_free() {
    let mut said = 0;
    for tenths in 1..50 {
        let svg = ada_panics(0.05, f64::from(tenths) / 10.0, "Ada");
        let Some((x, words)) = find(&svg, "o", "x=\"") else {
            continue;
        };
        said += 1;
        assert!(words.starts_with("holds"), "{words}");
        // Wide enough for the thread's line, on which they stand, to vanish between the letters.
        assert!(svg.contains(
            ".o{font-size:12px;fill:#222;paint-order:stroke;stroke:#fff;stroke-width:7px"
        ));
        let (from, to) = cross(&svg);
        let is_free = x + width(&words) <= from || to <= x;
        assert!(is_free, "{words} is covered at {tenths}");
    }
    assert!(said > 30, "where there is room, it is said: {said}");
}

#[test]
fn a_long_name_is_shortened_to_its_bar() {
    let name = "Wilhelmina Featherstonehaugh the Younger of the Elder";
    for (held, shown) in [
        (
            5.0,
            "ON: Wilhelmina Featherstonehaugh the Younger of the Elder",
        ),
        (0.8, "Wilhelmina …"),
        (0.4, "Wilh…"),
    ] {
        let svg = ada_panics(held, 4.9, name);
        let (_, words) = find(&svg, "bl", "x=\"").expect("a caption in the strip");
        assert_eq!(words, shown);
    }
}
