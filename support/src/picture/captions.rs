//! What stands in the bars, or beside them.

use svg::node::element::{Group, Text};

use super::bars::{Bar, BarKind, MarkKind};
use super::drawing::{Drawing, RIGHT};
use super::plan::{LEAST_WIDTH, Row};
use super::rows::{Drawn, Item};
use super::shapes::{add_some, shortened_to, text, text_width};
use super::words;

/// A caption, in several lengths, the best one first.
struct Caption {
    class: &'static str,
    lengths: Vec<String>,
}

/// From where to where, on the x axis.
type Span = (f64, f64);

impl Drawing<'_> {
    /// On top of everything else in the lane, and beside its signs.
    pub(super) fn lane_captions(&self, row: &Row) -> Group {
        let mut group = Group::new();
        for (index, item) in row.items.iter().enumerate() {
            let in_row = |other: &&Item| other.row == item.row;
            let next = row.items[index + 1..].iter().find(in_row);
            let mut room_to = next.map_or(RIGHT, |next| next.x_from);
            let signs = self.signs_at(row, item);
            for (from, to) in &signs {
                if *to > item.x_to {
                    room_to = room_to.min(*from);
                }
            }
            let caption = self.lane_caption(item);
            group = add_some(group, self.place(caption, row, item, room_to, &signs));
        }
        group
    }

    pub(super) fn strip_captions(&self, row: &Row) -> Group {
        let mut group = Group::new();
        for item in &row.items {
            let caption = match &item.what {
                Drawn::Many { holds, .. } => Caption {
                    class: "q",
                    lengths: vec![format!("ON and off {holds} times"), format!("×{holds}")],
                },
                Drawn::One(bar) => Caption {
                    class: "bl",
                    lengths: self.holder_words(bar.lane),
                },
            };
            group = add_some(group, self.place(caption, row, item, item.x_to, &[]));
        }
        group
    }

    fn lane_caption(&self, item: &Item) -> Caption {
        let bar = match &item.what {
            Drawn::One(bar) => bar,
            Drawn::Many { holds, waits, .. } => {
                return Caption {
                    class: "q",
                    lengths: many_words(*holds, *waits),
                };
            }
        };
        let class = match bar.kind {
            BarKind::Waits => "q",
            BarKind::Holds | BarKind::Shares => "b",
        };
        Caption {
            class,
            lengths: self.bar_words(bar),
        }
    }

    fn bar_words(&self, bar: &Bar) -> Vec<String> {
        let span = words::span(self.timeline, bar.to - bar.from);
        let (verb, with_lock) = match bar.kind {
            BarKind::Waits => ("waits", "waits for"),
            BarKind::Holds => ("holds", "holds"),
            BarKind::Shares => ("shares", "shares"),
        };
        if self.timeline.locks.len() > 1 {
            let lock = self.timeline.lock_name(bar.lock);
            let mut lengths = vec![
                format!("{with_lock} {lock} {span}"),
                format!("{with_lock} {lock}"),
            ];
            lengths.extend(shorter_and_shorter(lock));
            lengths
        } else {
            vec![format!("{verb} {span}"), verb.to_owned()]
        }
    }

    fn holder_words(&self, strip: usize) -> Vec<String> {
        let strip = &self.bars.strips[strip];
        let name = |lane: &usize| {
            let gone = self.ends.get(*lane).is_some_and(|end| {
                // Only just over is how every hold of a thread's last guard would look.
                end.is_some_and(|end| self.axis.x(strip.to) - self.axis.x(end) > LEAST_WIDTH)
            });
            let gone = if gone { ", who is gone" } else { "" };
            format!("{}{gone}", self.timeline.lane_name(*lane))
        };
        let names: Vec<String> = strip.holders.iter().map(name).collect();
        match &names[..] {
            [only] => {
                let all = format!("ON: {only}");
                let lane = strip.holders.first().copied().unwrap_or_default();
                let names = shorter_and_shorter(self.timeline.lane_name(lane));
                [all, only.clone()].into_iter().chain(names).collect()
            }
            several => vec![
                format!("ON: {}", words::listed(several)),
                format!("ON: {} threads", several.len()),
                several.len().to_string(),
            ],
        }
    }

    /// What the signs on a bar cover, from left to right: each with some room around it.
    fn signs_at(&self, row: &Row, item: &Item) -> Vec<Span> {
        let marks = row.marks.iter().map(|mark| &self.bars.marks[*mark]);
        let covered = marks.filter_map(|mark| {
            let x = self.axis.x(mark.at);
            let (x, half) = match mark.kind {
                // Only at the height of the first row.
                MarkKind::Panics | MarkKind::Ends if item.row > 0 => return None,
                MarkKind::Panics => (x, 12.0),
                MarkKind::Ends => (row.beside_bars(x), 6.0),
                MarkKind::GivesUp(_) | MarkKind::ReleasesFor(_) | MarkKind::Does(_) => (x, 4.0),
            };
            (x >= item.x_from).then_some((x - half, x + half))
        });
        let mut covered: Vec<Span> = covered.collect();
        covered.sort_by(|a, b| a.0.total_cmp(&b.0));
        covered
    }

    /// The longest that fits into the bar, in the widest place between the signs, or else beside it.
    fn place(
        &self,
        Caption { class, lengths }: Caption,
        row: &Row,
        item: &Item,
        room_to: f64,
        signs: &[Span],
    ) -> Option<Text> {
        let width = (item.x_to - item.x_from).max(LEAST_WIDTH);
        let bar = (item.x_from, item.x_from + width);
        let y = self.y_of(row, item) + self.plan.bar_height / 2.0 + 5.0;
        let inside = |(from, to): Span| {
            let mut lengths = lengths.iter();
            let fits = lengths.find(|words| text_width(words) + 8.0 <= to - from)?;
            Some(text(class, f64::midpoint(from, to), y, fits))
        };
        let x = bar.1 + 6.0;
        let beside = || {
            let mut lengths = lengths.iter();
            let fits = lengths.find(|words| x + text_width(words) <= room_to)?;
            Some(text("o", x, y, fits))
        };
        inside(widest_between(bar, signs))
            .or_else(beside)
            // Over signs, if need be: what is not said is not known.
            .or_else(|| inside(bar))
    }
}

/// The widest part of a bar that no sign covers.
fn widest_between((from, to): Span, signs: &[Span]) -> Span {
    let (mut widest, mut free_from) = ((from, from), from);
    for &(sign_from, sign_to) in signs.iter().chain(&[(to, to)]) {
        let part = (free_from, sign_from.min(to));
        if part.1 - part.0 > widest.1 - widest.0 {
            widest = part;
        }
        free_from = free_from.max(sign_to);
    }
    widest
}

/// A name, and what is left of it where there is less room.
fn shorter_and_shorter(name: &str) -> impl Iterator<Item = String> {
    let mut last = usize::MAX;
    [usize::MAX, 18, 12, 8, 5]
        .into_iter()
        .filter_map(move |most| {
            let shown = shortened_to(name, most);
            let is_shorter = shown.chars().count() < last;
            last = shown.chars().count();
            is_shorter.then_some(shown)
        })
}

/// `312 holds, 300 waits`, and shorter.
fn many_words(holds: usize, waits: usize) -> Vec<String> {
    let count = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    };
    let all = match (holds, waits) {
        (holds, 0) => count(holds, "hold"),
        (0, waits) => count(waits, "wait"),
        (holds, waits) => format!("{}, {}", count(holds, "hold"), count(waits, "wait")),
    };
    vec![all, format!("×{}", holds + waits)]
}
