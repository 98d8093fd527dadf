//! The wait-for graph as a picture.

use svg::node::element::{Definitions, Group, Marker, Path, Rectangle, Style, Text};

use super::{JOIN, WaitGraph, WaitsFor};
use crate::picture::{canvas, printable};

const WIDTH: f64 = 940.0;
const BOX_WIDTH: f64 = 260.0;
const BOX_HEIGHT: f64 = 34.0;
const PITCH: f64 = 62.0;
const TOP: f64 = 54.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = WIDTH - 60.0 - BOX_WIDTH;
/// With more, the picture only says how many more there are.
const MOST: usize = 60;
/// The arrowheads' ids, behind the picture's key.
const PLAIN: &str = "head";
const THICK: &str = "ringhead";

pub(super) fn draw(graph: &WaitGraph) -> String {
    let shown = &graph.waits[..graph.waits.len().min(MOST)];
    let ring: Vec<usize> = graph.rings.iter().flatten().copied().collect();
    let threads = threads(shown);
    let things = things(shown);
    let rows = threads.len().max(things.len()).max(1);
    let height = TOP + rows as f64 * PITCH + 44.0;
    let key = key(graph);
    let description = graph.to_string().replace('\n', ". ");
    let mut picture = canvas(&key, (WIDTH, height), &title(graph), &description)
        .add(
            Definitions::new()
                .add(head(&key, PLAIN, "#222"))
                .add(head(&key, THICK, "#8a1c12")),
        )
        .add(Style::new(style(&key)))
        .add(
            Rectangle::new()
                .set("class", "bg")
                .set("width", WIDTH)
                .set("height", format!("{height:.0}")),
        )
        .add(words("c", LEFT + BOX_WIDTH / 2.0, 30.0, "threads"))
        .add(words(
            "c",
            RIGHT + BOX_WIDTH / 2.0,
            30.0,
            "what they wait for",
        ));
    let mut holds: Vec<(usize, usize, bool)> = Vec::new();
    for (index, wait) in shown.iter().enumerate() {
        let (Some(thread), Some(thing)) = (
            threads.iter().position(|name| *name == wait.thread),
            things.iter().position(|thing| thing.is(wait)),
        ) else {
            continue;
        };
        let in_ring = ring.contains(&index);
        picture = picture.add(arrow(&key, thread, thing, true, in_ring));
        for holder in holders(wait) {
            if let Some(thread) = threads.iter().position(|name| *name == holder) {
                holds.push((
                    thread,
                    thing,
                    in_ring && in_same_ring(graph, index, &holder),
                ));
            }
        }
    }
    // Once per thing and holder, however many wait; thick if one of them is in a ring.
    holds.sort_by_key(|(thread, thing, in_ring)| (*thread, *thing, !in_ring));
    holds.dedup_by_key(|(thread, thing, _)| (*thread, *thing));
    for (thread, thing, in_ring) in holds {
        picture = picture.add(arrow(&key, thread, thing, false, in_ring));
    }
    for (row, name) in threads.iter().enumerate() {
        picture = picture.add(boxed("t", LEFT, row, name, 17.0));
    }
    for (row, thing) in things.iter().enumerate() {
        picture = picture.add(boxed("k", RIGHT, row, &thing.label(), 2.0));
    }
    picture.add(legend(graph, height - 22.0)).to_string()
}

fn title(graph: &WaitGraph) -> String {
    printable(&match (&graph.waits[..], &graph.rings[..]) {
        ([], _) => "Nobody waits".to_owned(),
        (waits, []) => format!("Who waits for whom: {} waits, no deadlock", waits.len()),
        (_, [ring]) => {
            let names = ring.iter().filter_map(|index| graph.waits.get(*index));
            let names: Vec<&str> = names.map(|wait| wait.thread.as_str()).collect();
            format!("A deadlock of {}", names.join(" and "))
        }
        (_, rings) => format!("{} deadlocks", rings.len()),
    })
}

/// Something that is waited for.
struct ThingBox<'a> {
    name: &'a str,
    kind: &'a str,
}

impl ThingBox<'_> {
    fn is(&self, wait: &WaitsFor) -> bool {
        self.name == wait.thing && self.kind == wait.kind
    }

    fn label(&self) -> String {
        match self.kind {
            JOIN => format!("the end of {}", self.name),
            kind => format!("{kind} {}", self.name),
        }
    }
}

/// Who waits, and who holds what is waited for.
fn threads(waits: &[WaitsFor]) -> Vec<String> {
    let mut names: Vec<String> = waits.iter().map(|wait| wait.thread.clone()).collect();
    names.extend(waits.iter().flat_map(holders));
    let mut seen: Vec<String> = Vec::new();
    names.retain(|name| {
        let is_new = !seen.contains(name);
        if is_new {
            seen.push(name.clone());
        }
        is_new
    });
    names
}

/// The end of a thread is in its own hands.
fn holders(wait: &WaitsFor) -> Vec<String> {
    match wait.kind.as_str() {
        JOIN => vec![wait.thing.clone()],
        _ => wait.held_by.clone(),
    }
}

fn in_same_ring(graph: &WaitGraph, wait: usize, holder: &str) -> bool {
    let ring = graph.rings.iter().find(|ring| ring.contains(&wait));
    ring.is_some_and(|ring| {
        let mut members = ring.iter().filter_map(|index| graph.waits.get(*index));
        members.any(|member| member.thread == holder)
    })
}

fn things(waits: &[WaitsFor]) -> Vec<ThingBox<'_>> {
    let mut things: Vec<ThingBox<'_>> = Vec::new();
    for wait in waits {
        if !things.iter().any(|thing| thing.is(wait)) {
            things.push(ThingBox {
                name: &wait.thing,
                kind: &wait.kind,
            });
        }
    }
    things
}

/// From the thread to the thing that it waits for, or from the thing to the thread that holds it.
fn arrow(key: &str, thread: usize, thing: usize, waits: bool, in_ring: bool) -> Path {
    let y = |row: usize| TOP + row as f64 * PITCH + BOX_HEIGHT / 2.0;
    // Side by side where both ways are taken.
    let shift = if waits { -7.0 } else { 7.0 };
    let left = (LEFT + BOX_WIDTH + 2.0, y(thread) + shift);
    let right = (RIGHT - 2.0, y(thing) + shift);
    let (start, end) = if waits { (left, right) } else { (right, left) };
    let class = match (waits, in_ring) {
        (true, false) => "w",
        (false, false) => "h",
        (true, true) => "w ring",
        (false, true) => "h ring",
    };
    let head = if in_ring { THICK } else { PLAIN };
    let middle = f64::midpoint(start.0, end.0);
    Path::new()
        .set("class", class)
        .set("marker-end", format!("url(#{key}{head})"))
        .set(
            "d",
            format!(
                "M{:.0} {:.0} C{middle:.0} {:.0} {middle:.0} {:.0} {:.0} {:.0}",
                start.0, start.1, start.1, end.1, end.0, end.1
            ),
        )
}

fn boxed(class: &str, x: f64, row: usize, name: &str, corner: f64) -> Group {
    let y = TOP + row as f64 * PITCH;
    let shown: String = if name.chars().count() > 32 {
        name.chars().take(31).chain(['…']).collect()
    } else {
        name.to_owned()
    };
    Group::new()
        .add(
            Rectangle::new()
                .set("class", class)
                .set("x", x)
                .set("y", format!("{y:.0}"))
                .set("width", BOX_WIDTH)
                .set("height", BOX_HEIGHT)
                .set("rx", corner),
        )
        .add(words("n", x + BOX_WIDTH / 2.0, y + 22.0, &shown))
}

fn legend(graph: &WaitGraph, y: f64) -> Group {
    let line = |class: &str, x: f64| {
        Path::new()
            .set("class", class)
            .set("d", format!("M{x:.0} {:.0} h40", y - 4.0))
    };
    let mut group = Group::new()
        .add(line("w", LEFT))
        .add(words("l", LEFT + 48.0, y, "waits for"))
        .add(line("h", LEFT + 150.0))
        .add(words("l", LEFT + 198.0, y, "is held by"));
    if !graph.rings.is_empty() {
        group = group.add(line("h ring", LEFT + 310.0)).add(words(
            "l",
            LEFT + 358.0,
            y,
            "thick: a ring, a deadlock",
        ));
    }
    if graph.waits.len() > MOST {
        let more = format!("{} more waits are not drawn", graph.waits.len() - MOST);
        group = group.add(words("l", LEFT + 560.0, y, &more));
    }
    group
}

fn head(key: &str, id: &str, colour: &str) -> Marker {
    Marker::new()
        .set("id", format!("{key}{id}"))
        .set("viewBox", "0 0 10 10")
        .set("refX", 9)
        .set("refY", 5)
        .set("markerWidth", 12)
        .set("markerHeight", 12)
        .set("markerUnits", "userSpaceOnUse")
        .set("orient", "auto")
        .add(
            Path::new()
                .set("d", "M0 0 L10 5 L0 10 z")
                .set("fill", colour),
        )
}

fn style(key: &str) -> String {
    let rules = [
        ("bg", "fill:#fff"),
        ("n", "font-size:14px;fill:#222;text-anchor:middle"),
        ("c", "font-size:12px;fill:#444;text-anchor:middle"),
        ("l", "font-size:12px;fill:#222"),
        ("t", "fill:#fff;stroke:#1d4f91;stroke-width:2"),
        ("k", "fill:#f3f3f3;stroke:#444;stroke-width:2"),
        (
            "w",
            "stroke:#222;stroke-width:1.5;stroke-dasharray:6 4;fill:none",
        ),
        ("h", "stroke:#222;stroke-width:1.5;fill:none"),
        ("ring", "stroke:#8a1c12;stroke-width:4"),
    ];
    let rules = rules.map(|(class, rule)| format!(".{key} .{class}{{{rule}}}"));
    rules.concat()
}

fn words(class: &str, x: f64, y: f64, words: &str) -> Text {
    Text::new(printable(words))
        .set("class", class)
        .set("x", format!("{x:.0}"))
        .set("y", format!("{y:.0}"))
}

/// Several pictures may come to stand in one page: their styles are their own.
fn key(graph: &WaitGraph) -> String {
    use std::hash::{DefaultHasher, Hash, Hasher};

    let mut hasher = DefaultHasher::new();
    graph.to_string().hash(&mut hasher);
    format!("g{:08x}", hasher.finish() as u32)
}
