//! The picture itself.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use svg::node::element::{Group, Path, Style, Text, Title};

use super::axis::Axis;
use super::bars::{Bar, BarKind, Bars, MarkKind};
use super::canvas::canvas;
use super::plan::{LEAST_WIDTH, MOST_LANES, Plan, Row, TOP, groups, strips};
use super::rows::{self, Drawn, Item};
use super::shapes::{WIDTH, line, printable, rectangle, shortened, text, zigzag};
use super::words;
use crate::timeline::{Clock, Timeline};

pub(super) const RIGHT: f64 = 912.0;
/// With more quiet stretches, their signs are plain.
pub(super) const MOST_CUTS: usize = 10;

pub(super) fn draw(timeline: &Timeline) -> String {
    let bars = Bars::of(timeline);
    let lanes = groups(&timeline.lanes, MOST_LANES, "threads");
    let strips = strips(timeline);
    let longest = lanes
        .iter()
        .chain(&strips)
        .map(|group| shortened(&group.name).chars().count())
        .max()
        .unwrap_or(0);
    let left = (30.0 + 7.6 * longest as f64).max(100.0);
    let axis = Axis::new(timeline, left, RIGHT);
    let plan = Plan::new(timeline, &bars, &axis, &lanes, &strips);
    let mut hasher = DefaultHasher::new();
    timeline.to_string().hash(&mut hasher);
    timeline.events.len().hash(&mut hasher);
    timeline.end_seconds.to_bits().hash(&mut hasher);
    Drawing {
        timeline,
        bars: &bars,
        axis: &axis,
        plan: &plan,
        // Several pictures may come to stand in one page: their patterns and styles are their own.
        key: format!("t{:08x}", hasher.finish() as u32),
        left,
        ends: bars.ends(),
    }
    .finish()
}

pub(super) struct Drawing<'a> {
    pub(super) timeline: &'a Timeline,
    pub(super) bars: &'a Bars,
    pub(super) axis: &'a Axis,
    pub(super) plan: &'a Plan,
    pub(super) key: String,
    pub(super) left: f64,
    pub(super) ends: Vec<Option<f64>>,
}

impl Drawing<'_> {
    fn finish(self) -> String {
        let (legend, bottom) = self.legend(self.plan.bottom + 26.0);
        let (notes, height) = self.notes(bottom + 6.0);
        let title = words::title(self.timeline, self.bars);
        let description = words::description(self.timeline, self.bars);
        let mut picture = canvas(&self.key, (WIDTH, height), &title, &description)
            .add(self.patterns())
            .add(Style::new(self.style()))
            // Painted: else a dark theme would shine through.
            .add(rectangle("bg", 0.0, 0.0, WIDTH, height))
            .add(self.axis());
        for row in &self.plan.lanes {
            picture = picture.add(self.lane(row));
        }
        picture = picture.add(self.arrows());
        for row in &self.plan.lanes {
            picture = picture.add(self.marks(row)).add(self.lane_captions(row));
        }
        if !self.plan.strips.is_empty() {
            let y = self.plan.strips[0].y - 8.0;
            picture = picture.add(line("e", 12.0, y, WIDTH - 12.0, y));
        }
        for row in &self.plan.strips {
            picture = picture.add(self.strip(row)).add(self.strip_captions(row));
        }
        picture.add(legend).add(notes).to_string()
    }

    /// The ticks, the cuts, and what they say.
    fn axis(&self) -> Group {
        let bottom = self.plan.bottom;
        let mut group = Group::new();
        for (x, words) in self.axis.ticks() {
            group = group
                .add(line("g", x, TOP - 4.0, x, bottom))
                .add(text("x", x, 30.0, &words));
        }
        if self.timeline.clock == Clock::Steps {
            group = group.add(text("s", 12.0, 30.0, "step"));
        }
        let is_many = self.axis.cuts().count() > MOST_CUTS;
        // Where the last sign and the last words are.
        let (mut sign, mut words) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
        for cut in self.axis.cuts() {
            let middle = f64::midpoint(cut.x_from, cut.x_to);
            if middle - sign >= LEAST_WIDTH {
                sign = middle;
                group = if is_many {
                    group.add(line("d", middle, TOP - 4.0, middle, bottom))
                } else {
                    group.add(zigzag(middle, TOP - 4.0, bottom))
                };
            }
            if middle - words >= 80.0 {
                words = middle;
                let words = format!("{:.0} s cut", cut.seconds);
                group = group.add(text("x", middle, 14.0, &words));
            }
        }
        group
    }

    fn lane(&self, row: &Row) -> Group {
        let height = self.plan.bar_height;
        let middle = row.y + height / 2.0;
        let mut group = Group::new().add(self.name_of(row));
        for lane in row.members.clone() {
            if let Some(&Some((from, to))) = self.bars.lives.get(lane) {
                let (from, to) = (self.axis.x(from), self.axis.x(to));
                group = group.add(line("r", from, middle, to, middle));
            }
            if row.members.len() > 1 {
                // One line stands for all.
                break;
            }
        }
        for item in &row.items {
            group = group.add(self.bar(class_of(item), item, self.y_of(row, item)));
        }
        group
    }

    fn strip(&self, row: &Row) -> Group {
        let mut group = Group::new().add(self.name_of(row));
        for item in &row.items {
            let class = match &item.what {
                Drawn::Many { .. } => "lm",
                Drawn::One(_) => "l",
            };
            group = group.add(self.bar(class, item, self.y_of(row, item)));
        }
        group
    }

    pub(super) fn y_of(&self, row: &Row, item: &Item) -> f64 {
        row.y + item.row as f64 * (self.plan.bar_height + 2.0)
    }

    fn name_of(&self, row: &Row) -> Text {
        let y = row.y + self.plan.bar_height / 2.0 + 5.0;
        let shown = shortened(&row.name);
        let name = text("n", 12.0, y, &shown);
        if shown == row.name {
            name
        } else {
            name.add(Title::new(printable(&row.name)))
        }
    }

    fn bar(&self, class: &str, item: &Item, y: f64) -> Group {
        let width = (item.x_to - item.x_from).max(LEAST_WIDTH);
        let height = self.plan.bar_height;
        let mut group = Group::new().add(rectangle(class, item.x_from, y, width, height));
        if let Drawn::One(Bar { open: true, .. }) = item.what {
            let x = item.x_from + width;
            let head = format!("M{x:.1} {y:.1} l12 {0:.1} l-12 {0:.1} z", height / 2.0);
            group = group.add(Path::new().set("class", class).set("d", head));
        }
        group
    }

    fn marks(&self, row: &Row) -> Group {
        let height = self.plan.bar_height;
        let bars_bottom = row.y + rows::height(&row.items) as f64 * (height + 2.0) - 2.0;
        let (top, middle) = (row.y, row.y + height / 2.0);
        let mut group = Group::new();
        let marks = || row.marks.iter().map(|mark| &self.bars.marks[*mark]);
        // The strokes first: else that of a thread which panics would cover its cross.
        for mark in marks().filter(|mark| mark.kind == MarkKind::Ends) {
            let (x, half) = (row.beside_bars(self.axis.x(mark.at)), height / 2.0 - 2.0);
            for class in ["zh", "z"] {
                group = group.add(line(class, x, middle - half, x, middle + half));
            }
        }
        for mark in marks() {
            let x = self.axis.x(mark.at);
            group = match &mark.kind {
                MarkKind::GivesUp(_) => group.add(line("d", x, top - 4.0, x, bars_bottom + 4.0)),
                MarkKind::ReleasesFor(_) | MarkKind::Does(_) => {
                    group.add(line("t", x, middle - 6.0, x, bars_bottom + 4.0))
                }
                MarkKind::Panics => {
                    let (x, y) = (x - 7.0, middle - 7.0);
                    let cross = format!("M{x:.1} {y:.1} l14 14 m0 -14 l-14 14");
                    ["ph", "p"].into_iter().fold(group, |group, class| {
                        group.add(Path::new().set("class", class).set("d", cross.as_str()))
                    })
                }
                MarkKind::Ends => group,
            };
        }
        for label in &row.labels {
            let y = bars_bottom + 15.0 + 16.0 * label.line as f64;
            group = group.add(text("s", label.x, y, &label.shown()));
        }
        group
    }
}

fn class_of(item: &Item) -> &'static str {
    match &item.what {
        Drawn::Many { .. } => "m",
        Drawn::One(bar) => match bar.kind {
            BarKind::Waits => "w",
            BarKind::Holds | BarKind::Shares => "h",
        },
    }
}
