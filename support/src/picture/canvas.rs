//! What every picture of this crate begins with.

use svg::node::Text as Content;
use svg::node::element::{Description, SVG, Title};

use super::shapes::printable;

/// An empty picture with its words for those who do not see it. Several may come to stand in one
/// page, so `key` is the class of all of this one, and the beginning of its ids.
pub(crate) fn canvas(key: &str, size: (f64, f64), title: &str, description: &str) -> SVG {
    let (width, height) = size;
    SVG::new()
        .set("viewBox", format!("0 0 {width} {height:.0}"))
        .set("width", width)
        .set("height", format!("{height:.0}"))
        .set("style", "max-width:100%;height:auto")
        .set("role", "img")
        .set("class", key)
        .set("aria-labelledby", format!("{key}t {key}d"))
        .set("font-family", "Helvetica, Arial, sans-serif")
        .add(Title::new(printable(title)).set("id", format!("{key}t")))
        .add(
            Description::new()
                .set("id", format!("{key}d"))
                .add(Content::new(printable(description))),
        )
}
