//! What goes where in the picture.

use super::axis::Axis;
use super::bars::{Bar, BarKind, Bars, Mark, MarkKind};
use super::labels::{MarkLabel, labels};
use super::rows::{self, Item};
use crate::timeline::{EventKind, GiveUp, Timeline};

pub(super) const TOP: f64 = 44.0;
/// Narrower ones are drawn this wide.
pub(super) const LEAST_WIDTH: f64 = 6.0;
/// With more threads than this, the others share a lane.
pub(super) const MOST_LANES: usize = 40;
/// The same for locks.
const MOST_STRIPS: usize = 16;
/// So many bars and marks (and arrows, see `drawing`) keep the picture below 200 kB, with room to
/// spare.
const MOST_ITEMS: usize = 600;
const MOST_MARKS: usize = 240;
/// Bars narrower than the first of these which makes few enough are drawn together.
const TOGETHER: [f64; 9] = [
    0.0,
    6.0,
    12.0,
    24.0,
    48.0,
    96.0,
    192.0,
    400.0,
    f64::INFINITY,
];

/// A lane or a strip, and whose events are in it.
pub(super) struct LaneGroup {
    pub(super) name: String,
    pub(super) members: std::ops::Range<usize>,
}

pub(super) fn groups(names: &[String], most: usize, what: &str) -> Vec<LaneGroup> {
    let alone = if names.len() > most {
        most - 1
    } else {
        names.len()
    };
    let mut groups: Vec<LaneGroup> = names[..alone]
        .iter()
        .enumerate()
        .map(|(index, name)| LaneGroup {
            name: name.clone(),
            members: index..index + 1,
        })
        .collect();
    if alone < names.len() {
        groups.push(LaneGroup {
            name: format!("{} more {what}", names.len() - alone),
            members: alone..names.len(),
        });
    }
    groups
}

/// One for each thing that somebody wanted to hold: a bell or a channel has no light to switch on.
pub(super) fn strips(timeline: &Timeline) -> Vec<LaneGroup> {
    let is_wanted = |lock: usize| {
        timeline.events.iter().any(|event| {
            let kind = &event.kind;
            event.lock == Some(lock)
                && matches!(kind, EventKind::Asks { .. } | EventKind::Gets { .. })
        })
    };
    let mut groups = groups(&timeline.locks, MOST_STRIPS, "things");
    groups.retain(|group| group.members.clone().any(is_wanted));
    groups
}

/// What goes where.
pub(super) struct Plan {
    pub(super) lanes: Vec<Row>,
    pub(super) strips: Vec<Row>,
    pub(super) bar_height: f64,
    /// How narrow bars are to be drawn together.
    pub(super) together: f64,
    pub(super) bottom: f64,
}

pub(super) struct Row {
    pub(super) name: String,
    pub(super) members: std::ops::Range<usize>,
    pub(super) items: Vec<Item>,
    pub(super) y: f64,
    /// The indices of its marks, which have their words below the bars.
    pub(super) marks: Vec<usize>,
    pub(super) labels: Vec<MarkLabel>,
}

impl Row {
    /// `x`, or a place behind the bar that ends there: it may be drawn wider than it is, and a
    /// stroke would cover it.
    pub(super) fn beside_bars(&self, x: f64) -> f64 {
        let drawn_end = |item: &Item| item.x_to.max(item.x_from + LEAST_WIDTH);
        let bars = self.items.iter();
        let ends = bars.filter(|item| item.x_to <= x && drawn_end(item) + 4.0 > x);
        ends.map(|item| drawn_end(item) + 4.0).fold(x, f64::max)
    }
}

impl Plan {
    pub(super) fn new(
        timeline: &Timeline,
        bars: &Bars,
        axis: &Axis,
        lanes: &[LaneGroup],
        strips: &[LaneGroup],
    ) -> Self {
        // The bars of a strip stand for it by its number.
        let strip_bars: Vec<Bar> = bars
            .strips
            .iter()
            .enumerate()
            .map(|(index, strip)| Bar {
                kind: BarKind::Holds,
                lane: index,
                lock: Some(strip.lock),
                from: strip.from,
                to: strip.to,
                open: strip.open,
            })
            .collect();
        let lane_items = |group: &LaneGroup, together: f64| {
            let own = bars.bars.iter();
            let own = own.filter(|bar| group.members.contains(&bar.lane));
            rows::items(own, axis, group.together(together))
        };
        let strip_items = |group: &LaneGroup, together: f64| {
            let own = strip_bars.iter();
            let own = own.filter(|bar| bar.lock.is_some_and(|lock| group.members.contains(&lock)));
            rows::items(own, axis, group.together(together))
        };
        let row = |group: &LaneGroup, items: Vec<Item>| Row {
            name: group.name.clone(),
            members: group.members.clone(),
            items,
            y: 0.0,
            marks: Vec::new(),
            labels: Vec::new(),
        };
        let make = |together: f64| {
            let of_lanes = lanes
                .iter()
                .map(|group| row(group, lane_items(group, together)));
            let of_strips = strips
                .iter()
                .map(|group| row(group, strip_items(group, together)));
            (
                of_lanes.collect::<Vec<_>>(),
                of_strips.collect::<Vec<_>>(),
                together,
            )
        };
        let few_enough = |(lanes, strips, _): &(Vec<Row>, Vec<Row>, f64)| {
            let items = lanes.iter().chain(strips).map(|row| row.items.len());
            items.sum::<usize>() <= MOST_ITEMS
        };
        let (lanes, strips, together) = TOGETHER
            .into_iter()
            .map(make)
            .find(few_enough)
            .unwrap_or_else(|| make(f64::INFINITY));

        let mut plan = Self {
            bar_height: if lanes.len() > 12 { 18.0 } else { 28.0 },
            lanes,
            strips,
            together,
            bottom: TOP,
        };
        plan.place_marks(bars, axis);
        let gap = if plan.lanes.len() > 12 { 10.0 } else { 20.0 };
        let mut y = TOP + 8.0;
        for row in &mut plan.lanes {
            row.y = y;
            y += rows::height(&row.items) as f64 * (plan.bar_height + 2.0) + gap;
            row.labels = labels(row, bars, axis, timeline);
            let lines = row.labels.iter().map(|label| label.line + 1).max();
            y += 16.0 * lines.unwrap_or(0) as f64;
        }
        y += 8.0;
        for row in &mut plan.strips {
            row.y = y;
            y += rows::height(&row.items) as f64 * (plan.bar_height + 2.0) + 8.0;
        }
        plan.bottom = y;
        plan
    }

    /// Gives the marks to their lanes; where many are at one place, one of each kind.
    pub(super) fn place_marks(&mut self, bars: &Bars, axis: &Axis) {
        for apart in [0.0, 3.0, 8.0, 20.0, 60.0, 200.0, f64::INFINITY] {
            let mut count = 0;
            for row in &mut self.lanes {
                row.marks.clear();
                let mut last: Vec<(usize, f64)> = Vec::new();
                for (index, mark) in bars.marks.iter().enumerate() {
                    if !row.members.contains(&mark.lane) {
                        continue;
                    }
                    let (x, class) = (axis.x(mark.at), mark.class());
                    match last.iter_mut().find(|(other, _)| *other == class) {
                        Some((_, before)) if x - *before < apart => continue,
                        Some((_, before)) => *before = x,
                        None => last.push((class, x)),
                    }
                    row.marks.push(index);
                    count += 1;
                }
            }
            if count <= MOST_MARKS {
                return;
            }
        }
    }

    pub(super) fn lane(&self, lane: usize) -> Option<&Row> {
        self.lanes.iter().find(|row| row.members.contains(&lane))
    }
}

impl LaneGroup {
    pub(super) fn together(&self, together: f64) -> f64 {
        if self.members.len() > 1 {
            f64::INFINITY
        } else {
            together
        }
    }
}

impl Mark {
    /// Marks of one kind may stand for each other.
    pub(super) fn class(&self) -> usize {
        match self.kind {
            MarkKind::GivesUp(GiveUp::TimedOut) => 0,
            MarkKind::GivesUp(GiveUp::Interrupted) => 1,
            MarkKind::GivesUp(GiveUp::NotFree) => 2,
            MarkKind::ReleasesFor(_) => 3,
            MarkKind::Does(_) => 4,
            MarkKind::Panics => 5,
            MarkKind::Ends => 6,
        }
    }
}
