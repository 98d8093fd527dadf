//! The plain elements that the picture is made of, and how long its words may be.

use svg::node::element::{Group, Line, Path, Rectangle, Text};

/// The width of the picture, in the units of the drawing.
pub(super) const WIDTH: f64 = 940.0;
const NAME_LENGTH: usize = 22;

pub(super) fn zigzag(x: f64, top: f64, bottom: f64) -> Path {
    let turns = ((bottom - top) / 16.0).ceil() as usize;
    let turns = " l4 4 l-8 8 l4 4".repeat(turns);
    Path::new()
        .set("class", "c")
        .set("d", format!("M{x:.1} {top:.1}{turns}"))
}

pub(super) fn add_some(group: Group, text: Option<Text>) -> Group {
    match text {
        Some(text) => group.add(text),
        None => group,
    }
}

pub(super) fn rectangle(class: &str, x: f64, y: f64, width: f64, height: f64) -> Rectangle {
    Rectangle::new()
        .set("class", class)
        .set("x", format!("{x:.1}"))
        .set("y", format!("{y:.1}"))
        .set("width", format!("{width:.1}"))
        .set("height", format!("{height:.1}"))
}

pub(super) fn line(class: &str, x1: f64, y1: f64, x2: f64, y2: f64) -> Line {
    Line::new()
        .set("class", class)
        .set("x1", format!("{x1:.1}"))
        .set("y1", format!("{y1:.1}"))
        .set("x2", format!("{x2:.1}"))
        .set("y2", format!("{y2:.1}"))
}

pub(super) fn text(class: &str, x: f64, y: f64, words: &str) -> Text {
    Text::new(printable(words))
        .set("class", class)
        .set("x", format!("{x:.1}"))
        .set("y", format!("{y:.1}"))
}

/// A thread can have any name, but not every character can stand in an XML document.
pub(crate) fn printable(words: &str) -> String {
    let shown = |c: char| match c {
        c if c.is_control() => ' ',
        '\u{fffe}' | '\u{ffff}' => ' ',
        c => c,
    };
    words.chars().map(shown).collect()
}

/// In the fonts of bars; a little more than they need.
pub(super) fn text_width(words: &str) -> f64 {
    7.4 * words.chars().count() as f64
}

pub(super) fn shortened(name: &str) -> String {
    shortened_to(name, NAME_LENGTH)
}

pub(super) fn shortened_to(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most - 1).collect();
    format!("{kept}…")
}
